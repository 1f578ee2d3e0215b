"""Teaching the verifier on photographs that the network never saw, and choosing thresholds on yet others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from manifests.vocabulary import FAMILIES
from stages.measure.grid import FloatArray
from stages.measure.recogniser.survey import Surveyed, best_overlap

HIT_IOU = 0.5
"""Overlap from which a claim counts as the planted region, in thresholds and report."""
ALARM_SEVERITY = 2.5
"""Severity from which a claim is at least moderate, rounded as the tables round it."""

_GOOD_IOU, _BAD_IOU, _BAD_INSIDE = 0.4, 0.25, 0.5
_STEPS, _RATE = 1500, 2e-3
_LEVELS = tuple(
    float(level) for level in np.round(np.concatenate([np.linspace(0.3, 0.9, 31), np.linspace(0.91, 0.995, 18)]), 4)
)
_NEVER = 1.01
"""Threshold of a family that is not claimed."""


def judged(views: Sequence[Surveyed]) -> tuple[FloatArray, FloatArray]:
    """Facts [n, facts] and truth [n] (0 or 1) of the candidates whose truth is clear."""
    facts, truth = [], []
    for view in views:
        for found in view.found:
            overlap = best_overlap(found, view.truths)
            if overlap >= _GOOD_IOU or (overlap < _BAD_IOU and found.inside_truth < _BAD_INSIDE):
                facts.append(found.candidate.facts)
                truth.append(float(overlap >= _GOOD_IOU))
    return np.array(facts, np.float32), np.array(truth, np.float32)


def teach_verifier(facts: FloatArray, truth: FloatArray, *, seed: int) -> Any:
    """A trained `Verifier`; false and true candidates weigh the same in total."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    from stages.measure.recogniser.network import Verifier

    torch.manual_seed(seed)
    spread = np.maximum(facts.std(axis=0), 0.05)
    verifier = Verifier(facts.mean(axis=0), spread)
    weights = np.where(truth > 0, 0.5 / max(truth.mean(), 1e-3), 0.5 / max(1 - truth.mean(), 1e-3)).astype(np.float32)
    optimiser = torch.optim.AdamW(verifier.parameters(), lr=_RATE, weight_decay=0.05)
    rng = np.random.default_rng(seed)
    verifier.train()
    for _ in range(_STEPS):
        chosen = rng.integers(len(facts), size=128)
        answer = verifier(torch.from_numpy(facts[chosen]))[:, 0]
        value = binary_cross_entropy_with_logits(
            answer, torch.from_numpy(truth[chosen]), weight=torch.from_numpy(weights[chosen])
        )
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
    verifier.eval()
    return verifier


def alarm(view: Surveyed, thresholds: dict[str, float]) -> bool:
    """Whether something at least moderate is claimed."""
    return any(
        confidence >= thresholds[found.candidate.family] and found.candidate.severity >= ALARM_SEVERITY
        for found, confidence in zip(view.found, view.confidences, strict=True)
    )


def choose_thresholds(views: Sequence[Surveyed], most_alarms: float) -> dict[str, float]:
    """Thresholds per family under which at most a share of the untouched views has an alarm.

    From low thresholds on, that family is raised next, by as many levels as it takes, which silences most alarms for
    each hit that it loses on the planted views.
    """
    untouched = [view for view in views if not view.truths]
    levels = dict.fromkeys(FAMILIES, 0)
    ladder = (*_LEVELS, _NEVER)

    def values() -> dict[str, float]:
        return {family: ladder[levels[family]] for family in FAMILIES}

    hits = {family: _hit_confidences(views, family) for family in FAMILIES}
    while untouched:
        now = values()
        loud = [view for view in untouched if alarm(view, now)]
        if len(loud) <= most_alarms * len(untouched):
            break
        best, best_worth = None, -1.0
        for family in FAMILIES:
            for level in range(levels[family] + 1, len(ladder)):
                raised = {**now, family: ladder[level]}
                silenced = sum(not alarm(view, raised) for view in loud)
                if silenced:
                    lost = int(((hits[family] >= now[family]) & (hits[family] < ladder[level])).sum())
                    worth = silenced / (lost + 0.3)
                    if worth > best_worth:
                        best, best_worth = (family, level), worth
        if best is None:
            break
        levels[best[0]] = best[1]
    return values()


def _hit_confidences(views: Sequence[Surveyed], family: str) -> FloatArray:
    """Confidences of a family's candidates that are a planted region."""
    return np.array(
        [
            confidence
            for view in views
            for found, confidence in zip(view.found, view.confidences, strict=True)
            if found.candidate.family == family and best_overlap(found, view.truths) >= HIT_IOU
        ],
        np.float32,
    )

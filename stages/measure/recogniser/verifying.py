"""Teaching the verifiers on candidates of networks that never saw the photograph, and choosing thresholds by folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from manifests.vocabulary import FAMILIES, Family
from stages.measure.grid import FloatArray
from stages.measure.recogniser.choosing import chosen
from stages.measure.recogniser.survey import Found, Surveyed

HIT_IOU = 0.5
"""Overlap from which a claim counts as the planted region, in thresholds and report."""
RIGHT_SHARE = 0.5
"""Share of a claim that must lie on what was planted of its family, for the claim to be right."""
ALARM_SEVERITY = 2.5
"""Severity from which a claim is at least moderate, rounded as the tables round it."""
FOLDS = 5
"""Verifiers that are taught; the photographs of each fold are judged by the one that did not see them."""

_WORTHLESS_IOU, _PERFECT_IOU = 0.3, 0.65
_STEPS, _RATE, _BATCH = 1500, 2e-3, 128
_LADDER = (
    *(float(level) for level in np.round(np.concatenate([np.linspace(0.3, 0.9, 25), np.linspace(0.92, 0.99, 8)]), 4)),
    1.01,
)
"""Thresholds that are tried; a family with the last one is never claimed."""
_SHARES = (0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.015, 0.01, 0.005, 0.0)
"""Shares of alarms by which thresholds may be chosen."""
_LEAST_RIGHT = 0.5
"""Share of a family's claims that must be right on series that its verifier did not see."""
_LOST_NOTHING = 0.3
"""What silencing an alarm costs where no hit is lost, in hits."""


def worth(found: Found, view: Surveyed) -> float:
    """How good a claim the candidate would be, 0-1: by its overlap with a planted region that has its family."""
    named = [number for number, truth in enumerate(view.truths) if found.candidate.family in truth]
    iou = max(((found.mask_ious[number] + found.box_ious[number]) / 2 for number in named), default=0.0)
    return float(np.clip((iou - _WORTHLESS_IOU) / (_PERFECT_IOU - _WORTHLESS_IOU), 0, 1))


def cross_fitted(views: Sequence[Surveyed], folds: Sequence[int], *, seed: int) -> list[Any]:
    """A `Verifier` for each fold of the photographs; fills the views' confidences by the one that saw none of them.

    So every view tells what the verifiers say of photographs that are new to them, and none is spared for that.
    `folds` is the fold of each photograph.
    """
    import torch

    verifiers = []
    for fold in range(FOLDS):
        known = [view for view in views if folds[view.photo] != fold]
        verifiers.append(_taught(known, seed + fold))
        for view in views:
            if folds[view.photo] == fold and view.found:
                with torch.no_grad():
                    answer = verifiers[-1](torch.from_numpy(np.stack([found.candidate.facts for found in view.found])))
                view.confidences.extend(np.round(torch.sigmoid(answer[:, 0]).numpy(), 4).tolist())
    return verifiers


def folds_of(series: Sequence[str], folds: int = FOLDS) -> list[int]:
    """The fold of each photograph, given the series that it belongs to: series stay whole, the largest first.

    Photographs of one series are alike. With them on both sides, a network would know what it is asked about.
    Of fewer series than folds, each photograph counts as one of its own.
    """
    if len(set(series)) < folds:
        return [number % folds for number in range(len(series))]
    sizes = Counter(series)
    room, fold_of = [0] * folds, {}
    for name in sorted(sizes, key=lambda each: (-sizes[each], each)):
        fold_of[name] = room.index(min(room))
        room[fold_of[name]] += sizes[name]
    return [fold_of[name] for name in series]


def _taught(views: Sequence[Surveyed], seed: int) -> Any:
    """A trained `Verifier`; false and true candidates weigh the same in total."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    from stages.measure.recogniser.network import Verifier

    pairs = [(found.candidate.facts, worth(found, view)) for view in views for found in view.found]
    facts = np.array([fact for fact, _ in pairs], np.float32)
    truth = np.array([value for _, value in pairs], np.float32)
    torch.manual_seed(seed)
    verifier = Verifier(facts.mean(axis=0), np.maximum(facts.std(axis=0), 0.05))
    weights = np.where(truth > 0.5, 0.5 / max(truth.mean(), 1e-3), 0.5 / max(1 - truth.mean(), 1e-3))
    tensors = [torch.from_numpy(part.astype(np.float32)) for part in (facts, truth, weights)]
    optimiser = torch.optim.AdamW(verifier.parameters(), lr=_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _STEPS)
    rng = np.random.default_rng(seed)
    verifier.train()
    for _ in range(_STEPS):
        batch = torch.from_numpy(rng.integers(len(facts), size=_BATCH))
        shown, wanted, weight = (tensor[batch] for tensor in tensors)
        value = binary_cross_entropy_with_logits(verifier(shown)[:, 0], wanted, weight=weight)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        schedule.step()
    verifier.eval()
    return verifier


def claimed(view: Surveyed, thresholds: dict[str, float]) -> list[Found]:
    """What would be claimed of a view, most confident first."""
    candidates = [found.candidate for found in view.found]
    return [view.found[index] for index in chosen(candidates, view.confidences, thresholds)]


def alarm(view: Surveyed, thresholds: dict[str, float]) -> bool:
    """Whether something at least moderate is claimed."""
    return any(found.candidate.severity >= ALARM_SEVERITY for found in claimed(view, thresholds))


def share_for(views: Sequence[Surveyed], folds: Sequence[int], most_alarms: float) -> tuple[float, float]:
    """The share to choose thresholds by so that photographs of new series raise alarms on few views, and on how many.

    Thresholds suit the photographs that they are chosen on; so each share is tried on every fold with thresholds that
    were chosen on the other folds. The largest that keeps to `most_alarms` is taken, or the smallest there is.
    """
    others = {fold: _tally([view for view in views if folds[view.photo] != fold]) for fold in sorted(set(folds))}
    untouched = [view for view in views if not view.truths]
    for share in _SHARES:
        thresholds = {fold: _raised(tally, share) for fold, tally in others.items()}
        alarms = [alarm(view, thresholds[folds[view.photo]]) for view in untouched]
        expected = float(np.mean(alarms)) if alarms else 0.0
        if expected <= most_alarms:
            break
    return share, round(expected, 4)


def choose_thresholds(views: Sequence[Surveyed], most_alarms: float) -> dict[str, float]:
    """Thresholds per family under which at most a share of the untouched views has an alarm.

    From the thresholds on from which most claims of a family are right, that family is raised next, by as many levels
    as it takes, which silences most alarms for each hit that it loses on the planted views.
    """
    return _raised(_tally(views), most_alarms)


@dataclass(frozen=True)
class _Tally:
    """What decides thresholds, whatever the share of alarms.

    `loudest` [untouched views, families] holds the highest confidence of each family, `hits` per family those of its
    hits, `lowest` its lowest level of the ladder.
    """

    loudest: FloatArray
    hits: list[FloatArray]
    lowest: list[int]


def _tally(views: Sequence[Surveyed]) -> _Tally:
    loudest = np.array([_loudest(view) for view in views if not view.truths]).reshape(-1, len(FAMILIES))
    return _Tally(loudest, [_hits(views, family) for family in FAMILIES], _lowest_levels(views))


def _raised(tally: _Tally, most_alarms: float) -> dict[str, float]:
    levels = list(tally.lowest)
    while True:
        thresholds = np.array([_LADDER[level] for level in levels])
        over = tally.loudest >= thresholds
        if over.any(axis=1).sum() <= most_alarms * len(tally.loudest):
            return dict(zip(FAMILIES, thresholds.tolist(), strict=True))
        family, levels_up = _best_raise(tally.loudest, over, tally.hits, levels)
        levels[family] += levels_up


def _lowest_levels(views: Sequence[Surveyed]) -> list[int]:
    """For each family the lowest level of the ladder from which enough of its claims are right; the last if none is."""
    claims: dict[Family, list[tuple[float, bool]]] = {family: [] for family in FAMILIES}
    for view in views:
        candidates = [found.candidate for found in view.found]
        for index in chosen(candidates, view.confidences, dict.fromkeys(FAMILIES, _LADDER[0])):
            right = view.found[index].inside_truth >= RIGHT_SHARE
            claims[candidates[index].family].append((view.confidences[index], right))

    def enough(family: Family, threshold: float) -> bool:
        right = [each for confidence, each in claims[family] if confidence >= threshold]
        return not right or sum(right) >= _LEAST_RIGHT * len(right)

    return [next(n for n, threshold in enumerate(_LADDER) if enough(family, threshold)) for family in FAMILIES]


def _best_raise(
    loudest: FloatArray, over: npt.NDArray[np.bool_], hits: Sequence[FloatArray], levels: Sequence[int]
) -> tuple[int, int]:
    """The family whose threshold is raised next, and by how many levels."""
    best, best_worth = (int(over.sum(axis=0).argmax()), 1), -1.0
    for family, level in enumerate(levels):
        alone = over[:, family] & (over.sum(axis=1) == 1)
        for higher in range(level + 1, len(_LADDER)):
            silenced = int((alone & (loudest[:, family] < _LADDER[higher])).sum())
            lost = int(((hits[family] >= _LADDER[level]) & (hits[family] < _LADDER[higher])).sum())
            if silenced and silenced / (lost + _LOST_NOTHING) > best_worth:
                best, best_worth = (family, higher - level), silenced / (lost + _LOST_NOTHING)
    return best


def _loudest(view: Surveyed) -> list[float]:
    """The highest confidence of each family in something at least moderate."""
    pairs = list(zip(view.found, view.confidences, strict=True))
    return [
        max(
            (
                confidence
                for found, confidence in pairs
                if found.candidate.family == family and found.candidate.severity >= ALARM_SEVERITY
            ),
            default=0.0,
        )
        for family in FAMILIES
    ]


def _hits(views: Sequence[Surveyed], family: str) -> FloatArray:
    """For each planted region of a family that some candidate finds, the surest of those candidates."""
    surest = []
    for view in views:
        pairs = [each for each in zip(view.found, view.confidences, strict=True) if each[0].candidate.family == family]
        for number, truth in enumerate(view.truths):
            near = [confidence for found, confidence in pairs if found.box_ious[number] >= HIT_IOU]
            if family in truth and near:
                surest.append(max(near))
    return np.array(surest, np.float32)

"""All figures of one comparison: overall, for clear distortions, by family, by severity, and the constant run's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotate.bench.planted.baseline import observe_constant
from annotate.bench.planted.figures import Figure, Item, Pair, mean_figure, rank_figure, rank_value
from annotate.bench.planted.honesty import Honesty
from annotate.bench.planted.score import Observations, observe
from annotate.bench.planted.truth import Truth
from manifests.records import ImageRecord
from manifests.vocabulary import FAMILIES, Family

CLEAR = 3
"""Severity from which a planted distortion is clear; the headline figures are about these."""

REGION_METRICS = {
    "recall": "region recall",
    "box_iou": "mean best box IoU",
    "mask_iou": "mean best mask IoU",
    "tag_recall": "Tag-Recall",
    "family": "family accuracy",
    "severity_rank": "severity rank correlation",
    "points": "points inside the mask",
}
"""Metrics of planted regions, which have a family and a severity."""

OTHER_METRICS = {
    "precision": "claim precision",
    "precision_named": "claim precision, family too",
    "alarm": "false alarms",
    "any_claim": "untouched with any claim",
    "yes_no": "yes-no accuracy",
    "what": "what accuracy",
}

METRICS = {**REGION_METRICS, **OTHER_METRICS}

Figures = dict[str, Figure]


@dataclass(frozen=True)
class Counts:
    """What was compared: images of the truth, those that the run annotated, their outcomes, photos behind them."""

    images: int
    annotated: int
    outcomes: dict[str, int]
    photos: int
    planted: int
    untouched: int


@dataclass(frozen=True)
class Summary:
    """The figures of a benchmark; every mapping is by metric."""

    counts: Counts
    overall: Figures
    clear: Figures
    constant: Figures
    constant_clear: Figures
    by_family: dict[str, Figures]
    by_severity: dict[str, Figures]
    always_yes: Figure
    always_no: Figure
    alarms_by_family: dict[str, float]
    scores: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "counts": vars(self.counts),
            "overall": _plain(self.overall),
            "clear": _plain(self.clear),
            "constant": _plain(self.constant),
            "constant_clear": _plain(self.constant_clear),
            "by_family": {name: _plain(figures) for name, figures in self.by_family.items()},
            "by_severity": {name: _plain(figures) for name, figures in self.by_severity.items()},
            "always_yes": self.always_yes.as_json(),
            "always_no": self.always_no.as_json(),
            "alarms_by_family": self.alarms_by_family,
            "scores": [
                {key: value.as_json() if isinstance(value, Figure) else value for key, value in score.items()}
                for score in self.scores
            ],
            "scorers_left_out": self.left_out,
        }


def summarise(
    truth: Truth, records: Mapping[str, ImageRecord], honesty: Sequence[Honesty], left_out: Mapping[str, str]
) -> Summary:
    """Compare a run's records with the truth. Intervals are drawn with the truth's own seed."""
    seed = int(truth.settings["seed"])
    observed, constant = observe(truth, records), observe_constant(truth, records)
    taken = [truth.images[image_id] for image_id in sorted(truth.images.keys() & records.keys())]
    untouched = sum(not image.regions for image in taken)
    says_yes = _of(observed.items, "always_yes")
    outcomes = Counter(str(records[image.image_id].outcome) for image in taken)
    counts = Counts(
        images=len(truth.images),
        annotated=len(taken),
        outcomes=dict(sorted(outcomes.items())),
        photos=len({image.photo for image in taken}),
        planted=sum(len(image.regions) for image in taken),
        untouched=untouched,
    )
    alarms = Counter(item.family for item in _of(observed.items, "alarm_of"))
    return Summary(
        counts=counts,
        overall=_figures(observed, METRICS, seed),
        clear=_figures(observed, REGION_METRICS, seed, _is_clear),
        constant=_figures(constant, METRICS, seed),
        constant_clear=_figures(constant, REGION_METRICS, seed, _is_clear),
        by_family={
            family: _figures(observed, [*REGION_METRICS, "precision"], seed, _has_family(family)) for family in FAMILIES
        },
        by_severity={
            str(severity): _figures(observed, REGION_METRICS, seed, _has_severity(severity)) for severity in range(1, 6)
        },
        always_yes=mean_figure(says_yes, seed),
        always_no=mean_figure([Item("always_no", item.photo, 1 - item.value) for item in says_yes], seed),
        alarms_by_family={
            str(family): round(count / untouched, 4) for family, count in sorted(alarms.items(), key=str)
        },
        scores=[summarise_scorer(each, seed) for each in honesty],
        left_out=dict(left_out),
    )


def summarise_scorer(honesty: Honesty, seed: int) -> dict[str, Any]:
    """Rank correlations of one scorer's badness with planted severity, overall and by family (values only)."""
    families = {family: [pair for pair in honesty.severity if pair.family == family] for family in FAMILIES}
    return {
        "scorer": honesty.scorer,
        "severity": rank_figure(honesty.severity, seed),
        "rise": rank_figure(honesty.rise, seed),
        "worse": mean_figure(honesty.worse, seed),
        "untouched": rank_figure(honesty.untouched, seed),
        "unscored": honesty.unscored,
        "by_family": {family: rank_value(pairs) for family, pairs in families.items()},
    }


def _figures(
    observed: Observations, metrics: Iterable[str], seed: int, wanted: Callable[[Item | Pair], bool] = lambda _: True
) -> Figures:
    figures = {}
    for metric in metrics:
        if metric == "severity_rank":
            figures[metric] = rank_figure([pair for pair in observed.severities if wanted(pair)], seed)
        else:
            figures[metric] = mean_figure([item for item in _of(observed.items, metric) if wanted(item)], seed)
    return figures


def _of(items: Sequence[Item], metric: str) -> list[Item]:
    return [item for item in items if item.metric == metric]


def _is_clear(each: Item | Pair) -> bool:
    return (each.severity or 0) >= CLEAR


def _has_family(family: Family) -> Callable[[Item | Pair], bool]:
    return lambda each: each.family == family


def _has_severity(severity: int) -> Callable[[Item | Pair], bool]:
    return lambda each: each.severity == severity


def _plain(figures: Figures) -> dict[str, Any]:
    return {metric: figure.as_json() for metric, figure in figures.items()}

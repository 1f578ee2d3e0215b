"""The five-grade word of a score, by metric."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from manifests.vocabulary import QUALITY_WORDS
from stages.score.metrics import METRICS, Metric

Borders = tuple[float, float, float, float]
"""The borders between the five words from excellent downwards, in the metric's unit: they fall where higher is better
and rise where lower is."""


@dataclass(frozen=True)
class Grades:
    """Where the words begin: `bounds` are the four borders between them from the best score's side outwards."""

    lower_better: bool
    bounds: Borders

    @property
    def margin(self) -> float:
        """The difference from which one score stands out from another, where a recipe names none.

        A quarter of the distance between the outer borders: 15 percent of a range that is graded by fifths.
        """
        return abs(self.bounds[-1] - self.bounds[0]) / 4


def fifths(metric: Metric) -> Grades:
    """The documented range of a metric in five equal parts."""
    best, worst = (metric.low, metric.high) if metric.lower_better else (metric.high, metric.low)
    first, second, third, fourth = (round(best + (worst - best) * step / 5, 6) for step in (1, 2, 3, 4))
    return Grades(metric.lower_better, (first, second, third, fourth))


GRADES = {name: fifths(metric) for name, metric in METRICS.items() if metric.unfit is None} | {
    "evidence": Grades(lower_better=False, bounds=(0.94, 0.70, 0.48, 0.28)),
    "piqe": Grades(lower_better=True, bounds=(20, 35, 50, 80)),
}
"""`evidence`: set on ordinary photographs and their planted copies. `piqe`: the scale that its authors' reference code
is documented with (Venkatanath et al., "Blind image quality evaluation using perception based features", NCC 2015).
The others: the fifths of the range that pyiqa documents."""


def grades_of(metric: str, borders: Borders | None = None) -> Grades:
    """The recipe's borders, or else those of the metric. Raises ValueError for a metric without either."""
    if borders is not None:
        return Grades(lower_better=borders[0] < borders[-1], bounds=borders)
    if metric not in GRADES:
        raise ValueError(f"metric {metric!r} has no grades; give score.borders")
    return GRADES[metric]


def quality_word(metric: str, value: float, borders: Borders | None = None) -> str:
    """ "excellent" to "bad", by the recipe's borders or else by the metric's. Raises ValueError without either."""
    grades = grades_of(metric, borders)
    sign = 1 if grades.lower_better else -1
    rank = bisect_right([sign * bound for bound in grades.bounds], sign * value)
    return QUALITY_WORDS[len(QUALITY_WORDS) - 1 - rank]


def check_borders(borders: Borders) -> Borders:
    """Raises ValueError unless the borders rise all the way or fall all the way."""
    if len(set(borders)) != len(borders) or list(borders) not in (sorted(borders), sorted(borders, reverse=True)):
        raise ValueError("should rise all the way (lower is better) or fall all the way (higher is better)")
    return borders

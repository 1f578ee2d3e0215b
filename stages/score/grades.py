"""The five-grade word of a score, by metric."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from manifests.vocabulary import QUALITY_WORDS


@dataclass(frozen=True)
class Grades:
    """Where the words begin: `bounds` are the four borders between them from the best score's side outwards."""

    lower_better: bool
    bounds: tuple[float, float, float, float]


GRADES = {
    "evidence": Grades(lower_better=False, bounds=(0.94, 0.70, 0.48, 0.28)),
    "piqe": Grades(lower_better=True, bounds=(20, 35, 50, 80)),
}
"""`evidence`: set on ordinary photographs and their planted copies. `piqe`: the scale that its authors' reference code
is documented with (Venkatanath et al., "Blind image quality evaluation using perception based features", NCC 2015)."""


def quality_word(metric: str, value: float) -> str:
    """ "excellent" to "bad". Raises ValueError for a metric without grades."""
    if metric not in GRADES:
        raise ValueError(f"metric {metric!r} has no grades; those with grades are {', '.join(GRADES)}")
    grades = GRADES[metric]
    sign = 1 if grades.lower_better else -1
    rank = bisect_right([sign * bound for bound in grades.bounds], sign * value)
    return QUALITY_WORDS[len(QUALITY_WORDS) - 1 - rank]

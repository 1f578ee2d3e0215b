"""Means, rank correlations and their intervals: 95 % bootstrap over photos, because images of one photo are kin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from manifests.vocabulary import Family

RESAMPLES = 1000
_TAILS = (2.5, 97.5)


@dataclass(frozen=True)
class Item:
    """One observation: a metric's value (0-1) for a region, a claim, a question or an image, and the photo it is of."""

    metric: str
    photo: str
    value: float
    family: Family | None = None
    severity: int | None = None


@dataclass(frozen=True)
class Pair:
    """A planted severity and a value that should rise with it, and the photo that they are of."""

    photo: str
    severity: int
    value: float
    family: Family | None = None


@dataclass(frozen=True)
class Figure:
    """A figure with its interval; all null where there is nothing to count. `n` counts observations."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        if self.low is None or self.high is None:
            return f"{self.value:.2f}"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


NOTHING = Figure(None, None, None, 0)


def mean_figure(items: Sequence[Item], seed: int) -> Figure:
    """Mean of the items' values; the interval re-draws photos, each with all of its items."""
    if not items:
        return NOTHING
    index, photos = _clusters([item.photo for item in items])
    values = np.array([item.value for item in items], float)
    sums, counts = np.bincount(index, values, photos), np.bincount(index, minlength=photos)
    draws = np.random.default_rng(seed).integers(0, photos, (RESAMPLES, photos))
    low, high = np.percentile(sums[draws].sum(axis=1) / counts[draws].sum(axis=1), _TAILS)
    return Figure(_rounded(values.mean()), _rounded(low), _rounded(high), len(items))


def rank_figure(pairs: Sequence[Pair], seed: int) -> Figure:
    """Rank correlation with its interval, which re-draws photos and leaves out draws in which one side is constant."""
    value = rank_value(pairs)
    if value is None:
        return Figure(None, None, None, len(pairs))
    index, photos = _clusters([pair.photo for pair in pairs])
    members = [np.flatnonzero(index == photo) for photo in range(photos)]
    severities, values = np.array([(pair.severity, pair.value) for pair in pairs], float).T
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([members[photo] for photo in random.integers(0, photos, photos)])
        again = spearman(severities[chosen], values[chosen])
        if again is not None:
            drawn.append(again)
    low, high = np.percentile(drawn, _TAILS)
    return Figure(value, _rounded(low), _rounded(high), len(pairs))


def rank_value(pairs: Sequence[Pair]) -> float | None:
    """Rank correlation alone, for groups that are too small for an interval."""
    value = spearman([float(pair.severity) for pair in pairs], [pair.value for pair in pairs])
    return None if value is None else _rounded(value)


def spearman(
    first: Sequence[float] | npt.NDArray[np.float64], second: Sequence[float] | npt.NDArray[np.float64]
) -> float | None:
    """Spearman's rank correlation, equal values sharing their mean rank; None for fewer than 3 or a constant side."""
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def _clusters(photos: Sequence[str]) -> tuple[npt.NDArray[np.int64], int]:
    """Number of each item's photo, in the order of their names, and how many photos there are."""
    names, index = np.unique(photos, return_inverse=True)
    return index.astype(np.int64), len(names)


def _rounded(value: float) -> float:
    return round(float(value), 4)

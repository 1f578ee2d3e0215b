"""A power law through a data-scale curve, and whether the curve rises at all."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotate.bench.planted.figures import Figure

DRAWS = 500
LEAST_SCALES = 4
LEAST_EXPONENT, MOST_EXPONENT = 0.01, 5.0
CONVERGING = 0.8
"""Share of the draws that must give a fit before one is reported."""
_WIDTH_OF_95_PERCENT = 3.92

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PowerLaw:
    """error = a * images^-b + c, with 95 % intervals from refits of the points drawn within their own intervals."""

    a: float
    b: float
    c: float
    b_low: float
    b_high: float

    def as_json(self) -> dict[str, Any]:
        """Plain values, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    def error_at(self, images: Reals) -> Reals:
        """The error that the law gives for so many images."""
        return self.a * images**-self.b + self.c


def fit_power_law(images: Sequence[int], accuracies: Sequence[Figure], seed: int = 0) -> PowerLaw | str:
    """The law for 1 - accuracy, or in one sentence why none can be told."""
    known = [
        (count, figure.value, figure.high - figure.low)
        for count, figure in zip(images, accuracies, strict=True)
        if figure.value is not None and figure.low is not None and figure.high is not None
    ]
    if len({count for count, _, _ in known}) < LEAST_SCALES:
        return f"no power law: it takes {LEAST_SCALES} scales, and there are {len(known)}"
    x, values, widths = (np.asarray(column, float) for column in zip(*known, strict=True))
    errors, spread = 1 - values, widths / _WIDTH_OF_95_PERCENT
    best = _fitted(x, errors)
    random = np.random.default_rng(seed)
    drawn = [_fitted(x, errors + spread * random.standard_normal(len(x))) for _ in range(DRAWS)]
    found = np.asarray([law[1] for law in drawn if law is not None])
    if best is None or len(found) < CONVERGING * DRAWS:
        return "no power law: the points do not determine one"
    if best[1] > 0.99 * MOST_EXPONENT:
        return "no power law: the error falls once and stays"
    low, high = np.percentile(found, (2.5, 97.5))
    if low < LEAST_EXPONENT:
        return f"no power law: its exponent ({best[1]:.2f}) cannot be told from none ({low:.2f} to {high:.2f})"
    return PowerLaw(*best, float(low), float(high))


def rises(curve: Sequence[Figure]) -> bool:
    """Whether the last point's interval lies above the first one's."""
    first, last = curve[0], curve[-1]
    return first.high is not None and last.low is not None and last.low > first.high


def _fitted(x: Reals, errors: Reals) -> tuple[float, float, float] | None:
    from scipy.optimize import OptimizeWarning, curve_fit

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            (a, b, c), _ = curve_fit(
                lambda images, a, b, c: a * (images / x[0]) ** -b + c,
                x,
                errors,
                p0=(max(errors[0] - errors.min(), 0.05), 0.5, errors.min() * 0.5),
                bounds=((0, 0, 0), (2, MOST_EXPONENT, 1)),
                max_nfev=2000,
            )
    except (RuntimeError, ValueError):
        return None
    return float(a * x[0] ** b), float(b), float(c)

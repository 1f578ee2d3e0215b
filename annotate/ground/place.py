"""From the logits of position words to a point (IQA-Spider, arXiv 2605.24553, Eq. 4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

USUAL_PROBABILITY = 0.7
"""What a word of middling sureness is worth: regions lie about 0.2 of a side from the middle (docs/ground.md)."""
FEWEST_TO_JUDGE = 20
"""Questions from which a model's sureness can be judged."""
USUAL_TAU = 4.0
"""Temperature for fewer questions."""

_DECIMALS = 4


@dataclass(frozen=True)
class Taus:
    """Temperature of each axis: models are surer of one pair of words than of the other."""

    horizontal: float
    vertical: float


@dataclass(frozen=True)
class Chi:
    """Logits of the four position words."""

    left: float
    right: float
    top: float
    bottom: float

    def place(self, taus: Taus) -> Place:
        """p_i = exp(chi_i / tau) / sum_j exp(chi_j / tau), over {left, right} and over {top, bottom}."""
        return Place(
            far_probability(self.left, self.right, taus.horizontal),
            far_probability(self.top, self.bottom, taus.vertical),
        )


@dataclass(frozen=True)
class Place:
    """Probabilities of the two far words, which are the point in 0-1: left = top = 0, right = bottom = 1."""

    right: float
    bottom: float

    def point_px(self, width: int, height: int) -> tuple[float, float]:
        """x = p(right) * W and y = p(bottom) * H, in pixels, kept inside the image."""
        return (
            min(round(self.right * width, 2), width - 0.5),
            min(round(self.bottom * height, 2), height - 0.5),
        )


def far_probability(near: float, far: float, tau: float) -> float:
    """Closed-set softmax of two logits at temperature `tau`: the probability of the far word, in 4 decimals.

    Raises ValueError unless tau is above 0.
    """
    if tau <= 0:
        raise ValueError(f"tau must be above 0, got {tau:g}")
    margin = (near - far) / tau
    # Both branches are the logistic function; each is exact where the other would overflow.
    value = 1 / (1 + math.exp(margin)) if margin < 0 else math.exp(-margin) / (1 + math.exp(-margin))
    return round(value, _DECIMALS)


def taus_for(chis: Sequence[Chi]) -> Taus:
    """Temperatures that a model's own sureness asks for, without any truth.

    At these, the median margin |chi_far - chi_near| of each axis makes a probability of 0.7. Fewer than 20 questions
    tell no median: then both are 4.
    """
    if len(chis) < FEWEST_TO_JUDGE:
        return Taus(USUAL_TAU, USUAL_TAU)
    wanted = math.log(USUAL_PROBABILITY / (1 - USUAL_PROBABILITY))
    margins = np.abs([(chi.right - chi.left, chi.bottom - chi.top) for chi in chis])
    across, down = (max(round(float(each) / wanted, _DECIMALS), 10**-_DECIMALS) for each in np.median(margins, axis=0))
    return Taus(across, down)

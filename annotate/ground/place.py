"""From the logits of position words to a point (IQA-Spider, arXiv 2605.24553, Eq. 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Chi:
    """Logits of the four position words."""

    left: float
    right: float
    top: float
    bottom: float

    def place(self, tau: float) -> Place:
        """p_i = exp(chi_i / tau) / sum_j exp(chi_j / tau), over {left, right} and over {top, bottom}."""
        return Place(far_probability(self.left, self.right, tau), far_probability(self.top, self.bottom, tau))


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
    return round(value, 4)

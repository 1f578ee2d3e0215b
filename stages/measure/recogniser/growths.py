"""Claims of the recogniser in the terms of `measure`: severities on the 20x20 grid, the whole image, and areas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from manifests.vocabulary import FAMILIES
from stages.measure.grid import GRID, FloatArray, cell_means
from stages.measure.growth import Area, Growth
from stages.measure.recogniser.infer import Claim

_WHOLE_IMAGE = 0.70
"""Share of the image from which a claim is one of the image and not of an area."""
_INSIDE = 0.5
"""Share of a grid cell that a claim must cover."""
_COLOUR = 4.0
"""Median CIELAB chroma around an area that may have lost its colour."""


def in_colour(claims: Sequence[Claim], chroma: FloatArray) -> list[Claim]:
    """The claims without a loss of colour in a picture that has none; `chroma` is the mean of each cell [20, 20]."""

    def has_colour(claim: Claim) -> bool:
        outside = chroma[cell_means(claim.inside) < _INSIDE]
        return bool(outside.size) and float(np.median(outside)) >= _COLOUR

    return [claim for claim in claims if claim.family != "saturation-weaken" or has_colour(claim)]


def joined(recognised: Sequence[Growth], evident: Sequence[Growth]) -> list[Growth]:
    """The areas that were recognised, and what evidence says of the image as a whole; areas of evidence are left out.

    On 500 planted views evidence alone was right about 2 of the 66 areas that the recogniser did not see.
    """
    by_family = {growth.family: growth for growth in recognised}
    by_family |= {growth.family: growth for growth in evident if growth.whole_image is not None}
    return [by_family[family] for family in FAMILIES if family in by_family]


def growths_of(claims: Sequence[Claim]) -> list[Growth]:
    """One growth for each family that is claimed, in the order of the vocabulary."""
    return [
        _growth([claim for claim in claims if claim.family == family])
        for family in FAMILIES
        if any(claim.family == family for claim in claims)
    ]


def _growth(claims: Sequence[Claim]) -> Growth:
    severity, areas = np.zeros((GRID, GRID), np.float32), []
    whole: list[float] = []
    for claim in claims:
        share = cell_means(claim.inside)
        cells = np.asarray(share >= min(_INSIDE, float(share.max())), np.bool_)
        severity = np.where(cells, np.maximum(severity, claim.severity), severity).astype(np.float32)
        if claim.inside.mean() >= _WHOLE_IMAGE:
            whole.append(claim.severity)
        else:
            areas.append(Area(claim.family, cells, claim.severity, claim.inside))
    return Growth(claims[0].family, severity, max(whole, default=None), [] if whole else areas)

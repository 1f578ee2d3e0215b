"""Claims of the recogniser in the terms of `measure`: severities on the 20x20 grid, the whole image, and areas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from manifests.vocabulary import FAMILIES
from stages.measure.grid import GRID, cell_means
from stages.measure.growth import Area, Growth
from stages.measure.recogniser.infer import Claim

_WHOLE_IMAGE = 0.70
"""Share of the image from which a claim is one of the image and not of an area."""
_INSIDE = 0.5
"""Share of a grid cell that a claim must cover."""


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
        cells = share >= min(_INSIDE, float(share.max()))
        severity = np.where(cells, np.maximum(severity, claim.severity), severity).astype(np.float32)
        if claim.inside.mean() >= _WHOLE_IMAGE:
            whole.append(claim.severity)
        else:
            areas.append(Area(claim.family, np.asarray(cells, np.bool_), claim.severity, claim.inside))
    return Growth(claims[0].family, severity, max(whole, default=None), [] if whole else areas)

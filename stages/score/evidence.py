"""The evidence score: quality from 0 to 1 out of what `measure` found, with every term written down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from manifests.records import Attributes, Distortion
from stages.measure import scales

METRIC = "evidence"

_UNKNOWN = 0.6
"""Merit of an attribute that could not be judged: a clear sky is neither sharp nor soft."""
_LOSS_PER_SEVERITY = 0.14
"""Share of the score that one step of severity of the strongest distortion takes."""
_FURTHER = 0.4
"""Weight of every further distortion, relative to the strongest."""


def evidence_score(attributes: Attributes, distortions: Sequence[Distortion]) -> float:
    """Quality 0-1, higher is better.

    merit = 0.45 sharpness + 0.20 exposure + 0.15 contrast + 0.10 colour + 0.10 cleanness, each term 0-1 and linear
    between the named scales of `stages.measure.scales`. The merit spans 0.35-0.95 of the score; the distortions d_1
    (strongest), d_2, ... then leave (1 - 0.14 severity_1) x product of (1 - 0.4 x 0.14 severity_i) of it.
    """
    score = 0.35 + 0.60 * _merit(attributes)
    for rank, distortion in enumerate(sorted(distortions, key=lambda each: -each.severity)):
        score *= 1 - _LOSS_PER_SEVERITY * distortion.severity * (1.0 if rank == 0 else _FURTHER)
    return round(float(score), 4)


def _merit(attributes: Attributes) -> float:
    return (
        0.45 * _ramp(attributes.sharpness, scales.BLURRED, scales.CRISP)
        + 0.20 * _exposure(attributes)
        + 0.15 * _ramp(attributes.contrast, scales.LOW_CONTRAST / 2, scales.HIGH_CONTRAST)
        + 0.10 * _ramp(attributes.saturation, 0.0, scales.COLOURFUL)
        + 0.10 * min(_ramp(attributes.noise, scales.VERY_NOISY, scales.CLEAN), _blockless(attributes))
    )


def _exposure(attributes: Attributes) -> float:
    """1 between DIM and BRIGHT with nothing clipped; falls towards black, towards white, and with clipped area."""
    clipped = max(attributes.overexposed or 0.0, attributes.underexposed or 0.0)
    dark = _ramp(attributes.luminance, 0.05, scales.DIM)
    bright = _ramp(attributes.luminance, 0.98, scales.BRIGHT)
    return min(dark, bright) * _ramp(clipped, 0.5, scales.WELL_EXPOSED_CLIPPED)


def _blockless(attributes: Attributes) -> float:
    blocks = 1.0 if attributes.compression is None else _ramp(attributes.compression, 3 * scales.BLOCKY, 0.1)
    return blocks * (1 - (attributes.pixelation or 0.0))


def _ramp(value: float | None, worst: float, best: float) -> float:
    """0 at `worst`, 1 at `best`, linear between them and constant beyond."""
    return _UNKNOWN if value is None else float(np.clip((value - worst) / (best - worst), 0, 1))

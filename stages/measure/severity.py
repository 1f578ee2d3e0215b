"""From evidence to severity: how bad each family is in each cell, and where that can be judged at all.

A cell is *judgeable* for a family when it holds something on which the distortion would show: a clear sky has no
sharpness, a black cloth no exposure. Severity runs from 1 (slight) to 5 (extreme); 0 is "not there".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from manifests.vocabulary import Family
from stages.measure.evidence import Evidence
from stages.measure.grid import FloatArray

BoolGrid = npt.NDArray[np.bool_]
Steps = tuple[float, float, float, float, float]
"""Where severities 1 to 5 begin, in the unit of the evidence; between them severity is interpolated."""


class Limits(BaseModel):
    """Thresholds of the evidence, by family."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detail: float = 2.5
    """Band-passed contrast (grey levels) from which sharpness can be judged."""
    blur: Steps = (0.58, 0.70, 0.82, 0.92, 0.985)
    """1 - sharpness."""
    blur_below_rest: float = 0.22
    """A cell counts as blurred only when its sharpness is this much below the image's sharp cells."""
    noise: Steps = (4.0, 7.0, 11.0, 17.0, 26.0)
    """Standard deviation per channel in grey levels."""
    noise_whiteness: float = 0.70
    """Colourless noise must be at least this white; texture is not."""
    noise_over_detail: float = 1.0
    """Colourless noise must exceed the cell's band-passed contrast by this factor; texture does not."""
    colour_noise: float = 3.5
    """Noise of red minus green (grey levels) that proves sensor noise, whatever the texture."""
    impulses: float = 0.01
    """Share of isolated pixels that proves impulse noise where the texture is weak."""
    compression: Steps = (0.40, 0.60, 0.90, 1.30, 1.90)
    """Relative excess of steps on the 8-pixel grid."""
    compression_levels: float = 1.2
    """The excess must also reach this many grey levels, or nobody sees it."""
    pixelate: float = 0.90
    """Concentration of steps on block borders, 0-1."""
    pixelate_step: float = 0.6
    """Mean step (grey levels) below which a cell is too flat to judge blocks."""
    brighten: Steps = (0.30, 0.45, 0.65, 0.85, 0.97)
    """Share of the cell clipped at white."""
    darken: Steps = (0.60, 0.72, 0.84, 0.93, 0.98)
    """Share of the cell clipped at black."""
    neutral: float = 0.92
    """Share of exactly colourless pixels in a cell that lost its colour."""
    colourful_rest: float = 9.0
    """Median CIELAB chroma that the rest of the image must have before a colourless area is a loss."""


@dataclass(frozen=True)
class FamilyGrid:
    """Severity 0-5 of one family and the cells where it can be judged, both [20, 20]."""

    family: Family
    severity: FloatArray
    judgeable: BoolGrid


def family_grids(evidence: Evidence, limits: Limits) -> list[FamilyGrid]:
    """The grids of every family that is measured, in the order of the vocabulary."""
    return [
        _blur(evidence, limits),
        _noise(evidence, limits),
        _compression(evidence, limits),
        _brighten(evidence, limits),
        _darken(evidence, limits),
        _desaturation(evidence, limits),
        _pixelation(evidence, limits),
    ]


def graded(value: FloatArray, steps: Steps) -> FloatArray:
    """Severity of a value by its steps: 0 below the first, at most 5."""
    severity = np.interp(value, steps, (1, 2, 3, 4, 5))
    return np.asarray(np.where(value >= steps[0], severity, 0), np.float32)


def _blur(evidence: Evidence, limits: Limits) -> FamilyGrid:
    sharpness = evidence.sharpness.of_cells(evidence.pool)
    judgeable = evidence.sharpness.detail >= limits.detail
    severity = graded(1 - sharpness, limits.blur)
    if judgeable.any():
        sharp = float(np.percentile(sharpness[judgeable], 85))
        severity = np.where(sharpness <= sharp - limits.blur_below_rest, severity, 0)
    return _grid("blur", severity, judgeable)


def _noise(evidence: Evidence, limits: Limits) -> FamilyGrid:
    noise, detail = evidence.noise, np.maximum(evidence.sharpness.detail, 0.5)
    clipped = evidence.tone.white + evidence.tone.black
    judgeable = clipped < 0.5
    coloured = np.where(noise.colour_sigma >= limits.colour_noise, noise.colour_sigma / np.sqrt(2), 0)
    grey = (noise.whiteness >= limits.noise_whiteness) & (noise.sigma >= limits.noise_over_detail * detail)
    impulsive = (noise.impulses >= limits.impulses) & (detail < 4)
    level = np.maximum(coloured, np.where(grey, noise.sigma, 0))
    level = np.maximum(level, np.where(impulsive, noise.impulses * 255, 0))
    return _grid("noise", graded(level, limits.noise), judgeable)


def _compression(evidence: Evidence, limits: Limits) -> FamilyGrid:
    blocks = evidence.blocks
    severity = graded(blocks.grid, limits.compression)
    severity = np.where(blocks.grid_levels >= limits.compression_levels, severity, 0)
    severity = np.where(blocks.constant >= limits.pixelate, 0, severity)
    return _grid("compression", severity, blocks.step >= limits.pixelate_step)


def _pixelation(evidence: Evidence, limits: Limits) -> FamilyGrid:
    blocks = evidence.blocks
    judgeable = blocks.step >= limits.pixelate_step
    severity = np.where(blocks.constant >= limits.pixelate, 1 + 4 * np.minimum(blocks.step / 12, 1), 0)
    return _grid("pixelate", severity, judgeable)


def _brighten(evidence: Evidence, limits: Limits) -> FamilyGrid:
    return _grid("brighten", graded(evidence.tone.white, limits.brighten), np.ones_like(evidence.tone.white, bool))


def _darken(evidence: Evidence, limits: Limits) -> FamilyGrid:
    return _grid("darken", graded(evidence.tone.black, limits.darken), np.ones_like(evidence.tone.black, bool))


def _desaturation(evidence: Evidence, limits: Limits) -> FamilyGrid:
    tone = evidence.tone
    judgeable = (tone.luminance > 0.12) & (tone.luminance < 0.9) & (tone.spread >= 5)
    colourless = judgeable & (tone.neutral >= limits.neutral)
    rest = tone.chroma[judgeable & ~colourless]
    lost = colourless if rest.size and float(np.median(rest)) >= limits.colourful_rest else np.zeros_like(colourless)
    severity = np.where(lost, 5 - 20 * np.minimum(1 - tone.neutral, 0.1), 0)
    return _grid("saturation-weaken", severity, judgeable)


def _grid(family: Family, severity: npt.NDArray[np.generic], judgeable: BoolGrid) -> FamilyGrid:
    return FamilyGrid(family, np.asarray(np.where(judgeable, severity, 0), np.float32), judgeable)

"""From evidence to severity: how bad each family is in each cell, and where that can be judged at all.

A cell is *judgeable* for a family when it holds something on which the distortion would show: a clear sky has no
sharpness, a black cloth no exposure. Severity runs from 1 (slight) to 5 (extreme); 0 is "not there".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from scipy import ndimage

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
    coarse_detail: float = 4.0
    """The same for the coarse band: what a strong blur leaves of a detailed surface."""
    faint_detail: float = 4.0
    """Below this contrast a cell counts as blurred only when it is wiped: soft shadows have soft edges."""
    wiped: float = 0.10
    """Sharpness at or below which a faint cell is wiped."""
    blur: Steps = (0.58, 0.70, 0.82, 0.92, 0.985)
    """1 - sharpness."""
    blur_below_rest: float = 0.22
    """A cell counts as blurred only when its sharpness is this much below the image's sharp cells."""
    noise: Steps = (4.0, 7.0, 11.0, 17.0, 26.0)
    """Standard deviation per channel in grey levels."""
    noise_whiteness: float = 0.80
    """Colourless noise must be at least this white; texture is not ..."""
    noise_whiteness_most: float = 1.25
    """... and at most this: hatching, interlacing and sharpened grain hold more in the finest band than noise does."""
    noise_over_detail: float = 1.5
    """Colourless noise must exceed the cell's band-passed contrast by this factor; texture does not."""
    colour_noise: float = 3.5
    """Noise of red minus green (grey levels) from which coloured noise is looked for."""
    colour_whiteness: float = 0.65
    """Coloured noise must be at least this white; colourful texture is not."""
    colour_over_grey: float = 0.45
    """Coloured noise must reach this share of the luma's finest band: 2.1 for pure noise, little for texture."""
    impulses: float = 0.02
    """Share of isolated pixels that proves impulse noise where the texture is weak."""
    compression: Steps = (0.40, 0.55, 0.75, 1.00, 1.40)
    """Relative excess of steps on the 8-pixel grid."""
    compression_levels: float = 1.2
    """The excess must also reach this many grey levels, or nobody sees it."""
    compression_in_texture: float = 2.5
    """Excess in grey levels from which blocks show through texture, which raises the mean step ..."""
    texture_hides: float = 1.6
    """... and by which the relative excess is then multiplied."""
    compression_rest: float = 0.12
    """Median excess of the cells that are not flagged, above which the whole file is compressed, unevenly visibly."""
    compression_file: float = 0.40
    """Share of flagged cells from which such a file's compression is reported, for the image as a whole."""
    pixelate: float = 0.90
    """Concentration of steps on block borders, 0-1, that only constant blocks reach."""
    pixelate_one_level: float = 0.50
    """Share of a cell that may have one grey level; a drawing or a chessboard has more."""
    pixelate_period: Steps = (2.0, 5.0, 8.0, 12.0, 18.0)
    """Side of the blocks in pixels."""
    pixelate_step: float = 1.0
    """Mean step (grey levels) that blocks on the 8-pixel grid must reach somewhere, to be more than compression."""
    pixelate_around: float = 0.30
    """Share of the cells around them that may show the 8-pixel grid too."""
    pixelate_grid: float = 3.2
    """Relative excess on the 8-pixel grid that constant blocks of compression do not reach: their steps are low."""
    block_step: float = 0.25
    """Mean step (grey levels) below which a cell is too flat to judge blocks."""
    brighten: Steps = (0.30, 0.45, 0.65, 0.85, 0.97)
    """Share of the cell clipped at white."""
    brighten_falloff: float = 0.07
    """Almost clipped pixels that a clipped area and its surroundings need, relative to the clipped ones."""
    blur_cells: int = 20
    """Fewest cells with detail (of 400) before the image as a whole is called blurred."""
    blur_image: Steps = (0.66, 0.72, 0.80, 0.88, 0.96)
    """1 - sharpness of the image's sharpest cells: where this is high, nothing in the picture is in focus."""
    motion_axis: float = 0.35
    """Motion leaves one axis of the image less than this share of the other's edges ..."""
    motion_sharpness: float = 0.22
    """... and what is left of them at most this sharp."""
    dark_mean: float = 0.12
    """Mean luminance below which an image may be underexposed ..."""
    dark_highlight: float = 0.50
    """... if its 99th percentile of luma also stays below this: at night lamps are bright."""
    flat_contrast: float = 0.20
    """Contrast below which an image is low in contrast ..."""
    flat_black: float = 0.15
    """... if its 5th percentile of luma lies above this: a dark picture is not a veiled one ..."""
    flat_white: float = 0.95
    """... and its 95th below this: a page is white."""
    neutral: float = 0.93
    """Share of exactly colourless pixels in a cell that lost its colour."""
    colourful_rest: float = 9.0
    """Median CIELAB chroma that the rest of the image must have before a colourless area is a loss."""

    colourless_most: float = 0.40
    """Share of colourless cells above which the picture is monochrome, with some colour added."""


@dataclass(frozen=True)
class FamilyGrid:
    """Severity 0-5 of one family and the cells where it can be judged, both [20, 20]."""

    family: Family
    severity: FloatArray
    judgeable: BoolGrid


def family_grids(evidence: Evidence, limits: Limits) -> list[FamilyGrid]:
    """The grids of every family that is measured, in the order of the vocabulary."""
    noise, pixelation = _noise(evidence, limits), _pixelation(evidence, limits)
    untouched = (noise.severity == 0) & (pixelation.severity == 0)
    return [
        _blur(evidence, limits, untouched),
        noise,
        _compression(evidence, limits),
        _brighten(evidence, limits),
        _desaturation(evidence, limits, untouched),
        pixelation,
    ]


def image_severities(evidence: Evidence, limits: Limits) -> dict[Family, float]:
    """Families that are judged on the image as a whole: blur everywhere, underexposure and lack of contrast.

    A single dark or low-contrast area is more often a black coat or a plain wall than a fault.
    """
    low, high, highlight = (level / 255 for level in evidence.levels)
    mean = float(evidence.tone.luminance.mean())
    found: dict[Family, float] = {}
    detailed = evidence.sharpness.detail >= limits.detail
    if detailed.sum() >= limits.blur_cells:
        sharpest = float(np.percentile(evidence.sharpness.of_cells(evidence.pool)[detailed], 97))
        smeared = evidence.sharpness.of_weaker_axis(detailed, limits.motion_axis)
        if smeared <= limits.motion_sharpness:
            sharpest = min(sharpest, smeared)
        severity = float(graded(np.asarray(1 - sharpest, np.float32), limits.blur_image))
        found |= {"blur": severity} if severity else {}
    if mean < limits.dark_mean and highlight < limits.dark_highlight:
        found["darken"] = 2 + 3 * (1 - mean / limits.dark_mean)
    if high - low < limits.flat_contrast and low > limits.flat_black and high < limits.flat_white:
        found["contrast-weaken"] = 1 + 4 * (1 - (high - low) / limits.flat_contrast)
    return found


def graded(value: FloatArray, steps: Steps) -> FloatArray:
    """Severity of a value by its steps: 0 below the first, at most 5."""
    severity = np.interp(value, steps, (1, 2, 3, 4, 5))
    return np.asarray(np.where(value >= steps[0], severity, 0), np.float32)


def _blur(evidence: Evidence, limits: Limits, untouched: BoolGrid) -> FamilyGrid:
    """Noise and constant blocks look sharp, clipped cells have no edges: they are not judged, nor do others by them."""
    untouched = untouched & (evidence.tone.white + evidence.tone.black < limits.brighten[0])
    sharpness = evidence.sharpness.of_cells(evidence.pool)
    detailed = untouched & (evidence.sharpness.detail >= limits.detail)
    wavy = (evidence.sharpness.coarse_detail >= limits.coarse_detail) & (evidence.tone.spread >= limits.coarse_detail)
    judgeable = detailed | (untouched & wavy)
    faint = (evidence.sharpness.detail < limits.faint_detail) & (sharpness > limits.wiped)
    judgeable &= ~faint | (1 - sharpness < limits.blur[0])
    severity = graded(1 - sharpness, limits.blur)
    if detailed.any():
        sharp = float(np.percentile(sharpness[detailed], 85))
        severity = np.where(sharpness <= sharp - limits.blur_below_rest, severity, 0)
    return _grid("blur", severity, judgeable)


def _noise(evidence: Evidence, limits: Limits) -> FamilyGrid:
    noise, detail = evidence.noise, np.maximum(evidence.sharpness.detail, 0.5)
    clipped = evidence.tone.white + evidence.tone.black
    judgeable = clipped < 0.5
    coloured = (noise.colour_sigma >= limits.colour_noise) & (noise.colour_whiteness >= limits.colour_whiteness)
    coloured &= noise.colour_sigma >= limits.colour_over_grey * noise.sigma
    white = (noise.whiteness >= limits.noise_whiteness) & (noise.whiteness <= limits.noise_whiteness_most)
    grey = white & (noise.sigma >= limits.noise_over_detail * detail)
    impulsive = (noise.impulses >= limits.impulses) & (detail < 2)
    level = np.where(coloured, noise.colour_sigma / np.sqrt(2), np.where(grey, noise.sigma, 0))
    level = np.maximum(level, np.where(impulsive, noise.impulses * 255, 0))
    return _grid("noise", graded(level, limits.noise), judgeable)


def _compression(evidence: Evidence, limits: Limits) -> FamilyGrid:
    blocks = evidence.blocks
    masked = blocks.grid_levels >= limits.compression_in_texture
    severity = graded(np.where(masked, limits.texture_hides * blocks.grid, blocks.grid), limits.compression)
    severity = np.where(blocks.grid_levels >= limits.compression_levels, severity, 0)
    # Cells next to constant blocks may lie half inside them: their grid is that of the blocks.
    severity = np.where(ndimage.binary_dilation(_pixelated(evidence, limits), np.ones((3, 3), bool)), 0, severity)
    judgeable = blocks.step >= limits.block_step
    flagged, rest = judgeable & (severity > 0), judgeable & (severity == 0)
    if rest.any() and float(np.median(blocks.grid[rest])) > limits.compression_rest:
        everywhere = flagged.sum() >= limits.compression_file * judgeable.sum()
        return _grid("compression", severity if everywhere else np.zeros_like(severity), flagged)
    return _grid("compression", severity, judgeable)


def _pixelation(evidence: Evidence, limits: Limits) -> FamilyGrid:
    blocks = evidence.blocks
    severity = np.where(_pixelated(evidence, limits), graded(blocks.period, limits.pixelate_period), 0)
    return _grid("pixelate", severity, blocks.step >= limits.block_step)


def _pixelated(evidence: Evidence, limits: Limits) -> BoolGrid:
    """Cells of constant blocks.

    Strong compression makes constant 8-pixel blocks too, in smooth cells: blocks on that grid do not count where the
    cells around them show the grid as well, nor without a strong step among them.
    """
    blocks = evidence.blocks
    constant = (blocks.constant >= limits.pixelate) & (blocks.step >= limits.block_step)
    constant &= blocks.one_level <= limits.pixelate_one_level
    on_eight = blocks.grid >= limits.compression[0]
    strongest = ndimage.maximum_filter(np.where(constant, blocks.step, 0), 5)
    pixelated = np.asarray(constant & (~on_eight | (strongest >= limits.pixelate_step)), bool)
    labels, count = ndimage.label(pixelated)
    for number in range(1, count + 1):
        cells = labels == number
        around = ndimage.binary_dilation(cells, iterations=4) & ~ndimage.binary_dilation(cells, iterations=1)
        around &= (blocks.step >= limits.block_step) & ~pixelated
        gridded = around & (blocks.grid >= limits.compression[0])
        plain_compression = (blocks.grid[cells] < limits.pixelate_grid).mean() > 0.7
        if on_eight[cells].mean() > 0.5 and plain_compression and gridded.sum() > limits.pixelate_around * around.sum():
            pixelated &= ~cells
    return pixelated


def _brighten(evidence: Evidence, limits: Limits) -> FamilyGrid:
    """Clipped areas around which light falls off; white that ends at hard edges is a drawing, a page or a backdrop."""
    tone = evidence.tone
    severity = graded(tone.white, limits.brighten)
    labels, count = ndimage.label(severity > 0)
    for number in range(1, count + 1):
        cells = labels == number
        around = ndimage.binary_dilation(cells, np.ones((3, 3), bool))
        if tone.near_white[around].sum() < limits.brighten_falloff * tone.white[around].sum():
            severity = np.where(cells, 0, severity)
    return _grid("brighten", severity, np.ones(tone.white.shape, bool))


def _desaturation(evidence: Evidence, limits: Limits, untouched: BoolGrid) -> FamilyGrid:
    """Only colourful cells count as good ones here, so that an area's rim tells whether colour ends abruptly."""
    tone = evidence.tone
    textured = (tone.luminance > 0.12) & (tone.luminance < 0.9) & (tone.spread >= 5)
    colourless = textured & (tone.neutral >= limits.neutral) & (evidence.blocks.grid < limits.compression[0])
    rest = tone.chroma[textured & untouched & ~colourless]
    usual = float(np.median(rest)) if rest.size else 0.0
    in_colour = usual >= limits.colourful_rest and colourless.sum() <= limits.colourless_most * textured.sum()
    lost = colourless if in_colour else np.zeros_like(colourless)
    colourful = untouched & (tone.chroma >= usual / 2)
    severity = np.where(lost, 5 - 20 * np.minimum(1 - tone.neutral, 0.1), 0)
    return _grid("saturation-weaken", severity, lost | colourful)


def _grid(family: Family, severity: npt.NDArray[np.generic], judgeable: BoolGrid) -> FamilyGrid:
    return FamilyGrid(family, np.asarray(np.where(judgeable, severity, 0), np.float32), judgeable)

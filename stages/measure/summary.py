"""Evidence averaged over an area: the `Attributes` of the image and of its regions."""

from __future__ import annotations

import numpy as np

from manifests.records import Attributes, BoxXYXYPx
from stages.measure import scales
from stages.measure.evidence import Evidence
from stages.measure.grid import GRID, FloatArray
from stages.measure.severity import Limits

_LEAST_CELLS = 0.75
"""Fewest cells (by area) that must be judgeable before an average of them means anything."""
_IN_FOCUS = 0.85
"""Quantile of the cells' sharpness that stands for an area: what is in focus, not the background behind it."""
_PLAIN_DETAIL = 4.0
"""Band-passed contrast (grey levels) below which the finest band holds noise rather than texture."""


def coverage(box_xyxy_px: BoxXYXYPx, width: int, height: int) -> FloatArray:
    """Share of each cell [20, 20] that the box covers."""
    x1, y1, x2, y2 = box_xyxy_px
    return np.asarray(np.outer(_along(y1, y2, height), _along(x1, x2, width)), np.float32)


def _along(near: float, far: float, length: int) -> FloatArray:
    edges = np.linspace(0, length, GRID + 1)
    overlap = np.minimum(edges[1:], far) - np.maximum(edges[:-1], near)
    return np.asarray(np.clip(overlap * GRID / length, 0, 1), np.float32)


def attributes_of(evidence: Evidence, weights: FloatArray, limits: Limits) -> Attributes:
    """Attributes of the cells weighted by `weights` [20, 20] (shares of each cell); null where nothing was judgeable.

    Contrast is taken from the pixels under the weighted cells.
    """
    tone, blocks, detail = evidence.tone, evidence.blocks, evidence.sharpness.detail
    total = float(weights.sum())
    if total <= 0:
        return Attributes()
    detailed = weights * (detail >= limits.detail)
    stepped = weights * (blocks.step >= limits.block_step)
    visible = np.where(blocks.grid_levels >= limits.compression_levels / 2, blocks.grid, 0)
    enough = detailed.any() and float(detailed.sum()) >= min(_LEAST_CELLS, total / 4)
    return Attributes(
        sharpness=_rounded(_sharpness(evidence, detailed, limits)) if enough else None,
        focus=_rounded(_focus(evidence, detailed)) if enough else None,
        noise=_noise(evidence, weights, limits),
        compression=_rounded(_mean(visible, stepped)) if stepped.any() else None,
        luminance=_rounded(_mean(tone.luminance, weights)),
        contrast=_rounded(_contrast(evidence, weights)),
        saturation=_rounded(_mean(tone.chroma, weights) / 100),
        texture=_rounded(float(detailed.sum()) / total),
        overexposed=_rounded(_mean(tone.white, weights)),
        underexposed=_rounded(_mean(tone.black, weights)),
        pixelation=_rounded(float((stepped * (blocks.constant >= limits.pixelate)).sum()) / total),
    )


def _sharpness(evidence: Evidence, detailed: FloatArray, limits: Limits) -> float:
    """Sharpness of what is in focus; of the smeared axis where motion left only the other one sharp."""
    sharpness = _quantile(evidence.sharpness.of_cells(evidence.pool), detailed, _IN_FOCUS)
    cells = detailed > 0
    smeared = evidence.sharpness.of_weaker_axis(cells, limits.motion_axis)
    many = cells.sum() >= limits.blur_cells
    return min(sharpness, smeared) if many and smeared <= limits.motion_sharpness else sharpness


def _focus(evidence: Evidence, detailed: FloatArray) -> float:
    """Share of the judgeable area whose edges are at least not soft."""
    sharp = evidence.sharpness.of_cells(evidence.pool) >= scales.SOFT
    return float((detailed * sharp).sum() / detailed.sum())


def _noise(evidence: Evidence, weights: FloatArray, limits: Limits) -> float | None:
    """Per channel, from the colour difference everywhere, and from luma where texture is weak; the larger of both."""
    noise = evidence.noise
    colour = _quantile(noise.colour_sigma, weights, 0.5) / 2**0.5
    plain = weights * (evidence.sharpness.detail < _PLAIN_DETAIL)
    if float(plain.sum()) < min(_LEAST_CELLS, float(weights.sum()) / 4):
        monochrome = _mean(evidence.tone.neutral, weights) > limits.neutral
        return None if monochrome else _rounded(colour)
    return _rounded(max(colour, _quantile(noise.sigma, plain, 0.5)))


def _contrast(evidence: Evidence, weights: FloatArray) -> float:
    luma = evidence.luma
    rows, columns = np.nonzero(weights.max(axis=1))[0], np.nonzero(weights.max(axis=0))[0]
    height, width = luma.shape
    top, bottom = int(rows[0] * height / GRID), int(np.ceil((rows[-1] + 1) * height / GRID))
    left, right = int(columns[0] * width / GRID), int(np.ceil((columns[-1] + 1) * width / GRID))
    step = 2 if (bottom - top) * (right - left) > 10_000 else 1
    if step == 2 and (bottom - top, right - left) == luma.shape:
        low, high, _ = evidence.levels
    else:
        low, high = np.percentile(luma[top:bottom:step, left:right:step], (5, 95))
    return float(high - low) / 255


def _mean(plane: FloatArray, weights: FloatArray) -> float:
    return float((plane * weights).sum() / weights.sum())


def _quantile(plane: FloatArray, weights: FloatArray, share: float) -> float:
    """The value below which `share` of the weight lies."""
    order = np.argsort(plane, axis=None)
    cumulated = np.cumsum(weights.ravel()[order])
    place = min(int(np.searchsorted(cumulated, cumulated[-1] * share)), order.size - 1)
    return float(plane.ravel()[order[place]])


def _rounded(value: float) -> float:
    return round(float(value), 4)

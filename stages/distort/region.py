"""Distortions laid on a part of an image: every pixel outside the mask keeps its value.

The pixels that are distorted are those of the mask's box with a margin, so that a blur finds what lies beside the
region while contrast and quantisation go by the region's own tones.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from manifests.masks import BoolArray
from stages.distort.pixels import Array, Pixels, to_bytes
from stages.distort.table import distort, length_scale

_MARGIN_PX = 24
"""Margin around the box in pixels of the reference size; as far as the widest blur reaches, nearly."""
_CODEC_BLOCK_PX = 16
"""Crops start on this grid: a region's JPEG blocks (8 px, chroma 16 px) lie as they would in a file."""


def distort_region(
    rgb: Pixels,
    inside: BoolArray,
    steps: Sequence[tuple[str, int]],
    rng: np.random.Generator,
    *,
    feather_px: float = 0.0,
) -> Pixels:
    """A copy of uint8 RGB [height, width, 3], distorted where the bool mask [height, width] is true.

    `steps` are names and severities (1-5) in the order of application. `feather_px` is the width of the soft edge,
    which lies wholly inside the mask; 0 is a hard edge. Raises ValueError for an empty mask or one of another size.
    """
    if inside.shape != rgb.shape[:2] or not inside.any():
        raise ValueError(
            f"the mask {list(inside.shape)} must have pixels inside and the image's size {list(rgb.shape[:2])}"
        )
    height, width = inside.shape
    scale = length_scale(width, height)
    rows, columns = _window(inside, round(_MARGIN_PX * scale))
    before = rgb[rows, columns]
    distorted = np.ascontiguousarray(before)
    for name, severity in steps:
        distorted = distort(distorted, name, severity, rng, scale=scale)
    share = edge_share(inside, feather_px)[rows, columns, None]
    blended = to_bytes(before + share * (distorted.astype(np.float32) - before))
    result = rgb.copy()
    result[rows, columns] = np.where(share > 0, blended, before)
    return result


def edge_share(inside: BoolArray, feather_px: float) -> Array:
    """How much of the distortion each pixel gets, 0-1 as float32: rises over `feather_px` from the mask's edge inwards.

    The image's border is no edge. The width is halved where it would leave no pixel of the mask fully distorted.
    """
    if feather_px <= 0:
        return inside.astype(np.float32)
    bordered = np.pad(inside, 1, mode="edge").astype(np.uint8)
    if bordered.all():
        return inside.astype(np.float32)
    depth_px = cv2.distanceTransform(bordered, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1].astype(np.float32)
    return np.clip(depth_px / min(feather_px, float(depth_px.max()) / 2), 0, 1)


def _window(inside: BoolArray, margin_px: int) -> tuple[slice, slice]:
    return _span(np.any(inside, axis=1), margin_px), _span(np.any(inside, axis=0), margin_px)


def _span(there: BoolArray, margin_px: int) -> slice:
    """First to last true entry with a margin, from a multiple of the codec's block."""
    places = np.flatnonzero(there)
    start = max(int(places[0]) - margin_px, 0) // _CODEC_BLOCK_PX * _CODEC_BLOCK_PX
    return slice(start, min(int(places[-1]) + 1 + margin_px, len(there)))

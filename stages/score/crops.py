"""The pixels that a metric sees of a region: padded, not too small, and of one size where the recipe says so."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from manifests.records import BoxXYXYPx

Pixels = npt.NDArray[np.uint8]
"""uint8 RGB [height, width, 3]."""


def crop_box(
    box_xyxy_px: BoxXYXYPx, width: int, height: int, *, padding: float, min_side_px: int, square: bool = False
) -> BoxXYXYPx:
    """The box that is scored, moved and cut to lie inside the image of `width` x `height` px.

    It is padded by a share of its sides on each side, and then widened to `min_side_px` and, if `square`, to its own
    longer side, as far as the image goes.
    """
    x1, y1, x2, y2 = box_xyxy_px
    side_x, side_y = ((side * (1 + 2 * padding)) for side in (x2 - x1, y2 - y1))
    least = max(min_side_px, side_x, side_y) if square else min_side_px
    left, right = _widened((x1 + x2) / 2, max(side_x, least), width)
    top, bottom = _widened((y1 + y2) / 2, max(side_y, least), height)
    return (left, top, right, bottom)


def resized_to(pixels: Pixels, longer_side_px: int) -> Pixels:
    """The picture with its longer side at this length, its aspect kept."""
    return _scaled(pixels, longer_side_px / max(pixels.shape[:2]))


def at_most(pixels: Pixels, longer_side_px: int) -> Pixels:
    """The picture, made smaller if its longer side is longer than this."""
    return resized_to(pixels, longer_side_px) if max(pixels.shape[:2]) > longer_side_px else pixels


def at_least(pixels: Pixels, shorter_side_px: int) -> Pixels:
    """The picture, enlarged if its shorter side is shorter than this: the metric scores nothing smaller."""
    return (
        _scaled(pixels, shorter_side_px / min(pixels.shape[:2])) if min(pixels.shape[:2]) < shorter_side_px else pixels
    )


def _scaled(pixels: Pixels, factor: float) -> Pixels:
    height, width = pixels.shape[:2]
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    if size == (width, height):
        return pixels
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=interpolation), np.uint8)


def _widened(centre: float, side: float, length: int) -> tuple[float, float]:
    side = min(side, length)
    start = min(max(centre - side / 2, 0), length - side)
    return start, start + side

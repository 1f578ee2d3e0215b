"""From a network's box to a box of the table: in pixels, inside the image, rounded."""

from __future__ import annotations

import math
from collections.abc import Sequence

from manifests.records import BoxXYXYPx

LEAST_SIDE_PX = 1.0
"""A box with a shorter side is none."""


def pixels_of_unit_centre(box_cxcywh_unit: Sequence[float], width: int, height: int) -> BoxXYXYPx | None:
    """The box of a centre and sides in 0-1 of the image (the DETR family's form); None where nothing is left of it."""
    x, y, wide, high = (float(value) for value in box_cxcywh_unit)
    corners = ((x - wide / 2) * width, (y - high / 2) * height, (x + wide / 2) * width, (y + high / 2) * height)
    return pixels_of_corners(corners, width, height)


def pixels_of_corners(box_xyxy_px: Sequence[float], width: int, height: int) -> BoxXYXYPx | None:
    """The part of the box inside the image, to 0.01 px; None where a side is shorter than a pixel.

    Raises FloatingPointError for a box that is not finite: the network's numbers ran over.
    """
    x1, y1, x2, y2 = (float(value) for value in box_xyxy_px)
    check_finite((x1, y1, x2, y2))
    left, right = (round(min(max(value, 0.0), float(width)), 2) for value in (x1, x2))
    top, bottom = (round(min(max(value, 0.0), float(height)), 2) for value in (y1, y2))
    return (left, top, right, bottom) if min(right - left, bottom - top) >= LEAST_SIDE_PX else None


def covers_image(box_xyxy_px: BoxXYXYPx, width: int, height: int, share: float) -> bool:
    """Whether the box has at least this share of the image's area."""
    x1, y1, x2, y2 = box_xyxy_px
    return (x2 - x1) * (y2 - y1) >= share * width * height


def check_finite(values: Sequence[float]) -> None:
    """Raise FloatingPointError where a network's result is not finite, with the remedy."""
    if not all(math.isfinite(value) for value in values):
        raise FloatingPointError("the detector's numbers are not finite; use dtype float32")

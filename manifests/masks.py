"""Masks: COCO compressed run-length encoding, boolean arrays and polygons of the same region.

Arrays are [height, width] of the EXIF-upright image. Pixel (column, row) is the square [column, column + 1] x
[row, row + 1], so a polygon of a mask has the mask's exact area and shares the coordinates of `box_xyxy_px`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import shapely
from pycocotools import mask as coco
from shapely.geometry import MultiPolygon, Polygon

from manifests.records import BoxXYXYPx, Mask

BoolArray = npt.NDArray[np.bool_]


def encode_mask(inside: BoolArray) -> Mask:
    """COCO compressed RLE of a boolean array [height, width]. Raises ValueError for another shape or type."""
    if inside.ndim != 2 or inside.dtype != np.bool_:
        raise ValueError(f"mask must be a bool array [height, width], got {inside.dtype} {list(inside.shape)}")
    return _from_coco(coco.encode(np.asfortranarray(inside, dtype=np.uint8)))


def decode_mask(mask: Mask) -> BoolArray:
    """Boolean array [height, width] of a mask: the inverse of `encode_mask`."""
    return cast(BoolArray, coco.decode(_to_coco(mask)).astype(np.bool_))


def mask_area_px(mask: Mask) -> int:
    """Number of pixels inside, without decoding."""
    return int(coco.area(_to_coco(mask)))


def union_of_masks(masks: Sequence[Mask]) -> Mask:
    """Pixels inside any of the masks. Raises ValueError when there is none or their sizes differ."""
    sizes = sorted({mask.size for mask in masks})
    if len(sizes) != 1:
        raise ValueError(f"masks must share one [height, width], got {sizes}")
    return _from_coco(coco.merge([_to_coco(mask) for mask in masks]))


def mask_of_box(box_xyxy_px: BoxXYXYPx, width: int, height: int) -> BoolArray:
    """Pixels whose centre lies inside the box, as a boolean array [height, width]."""
    x1, y1, x2, y2 = box_xyxy_px
    columns, rows = np.arange(width) + 0.5, np.arange(height) + 0.5
    return np.outer((rows >= y1) & (rows < y2), (columns >= x1) & (columns < x2))


def box_of_mask(mask: Mask) -> BoxXYXYPx:
    """The smallest box around the mask, in whole pixels. Raises ValueError for an empty mask."""
    if mask_area_px(mask) == 0:
        raise ValueError(f"mask of {mask.size[1]}x{mask.size[0]} pixels is empty: it has no box")
    left, top, width, height = (float(value) for value in coco.toBbox(_to_coco(mask)))
    return (left, top, left + width, top + height)


def polygon_of_mask(mask: Mask) -> Polygon | MultiPolygon:
    """The mask as a polygon in pixels: the exact union of its pixel squares, holes included.

    Raises ValueError for an empty mask.
    """
    inside = decode_mask(mask)
    if not inside.any():
        raise ValueError(f"mask of {mask.size[1]}x{mask.size[0]} pixels is empty: it has no polygon")
    changes = np.flatnonzero((inside[:, 1:] != inside[:, :-1]).any(axis=0)) + 1
    edges = [0, *changes.tolist(), inside.shape[1]]
    bars = [_bars(inside[:, left], left, right) for left, right in pairwise(edges)]
    return cast("Polygon | MultiPolygon", shapely.union_all(np.concatenate(bars)))


def _bars(column: BoolArray, left: int, right: int) -> npt.NDArray[Any]:
    """Rectangles of the vertical runs of a column that repeats from `left` to `right`."""
    steps = np.diff(column.astype(np.int8), prepend=0, append=0)
    return cast("npt.NDArray[Any]", shapely.box(left, np.flatnonzero(steps == 1), right, np.flatnonzero(steps == -1)))


def _to_coco(mask: Mask) -> dict[str, Any]:
    return {"size": list(mask.size), "counts": mask.counts.encode("ascii")}


def _from_coco(encoded: dict[str, Any]) -> Mask:
    height, width = encoded["size"]
    return Mask(size=(int(height), int(width)), counts=encoded["counts"].decode("ascii"))

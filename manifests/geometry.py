"""Boxes and points: one canonical form, and a named converter for every other convention.

Canonical is `box_xyxy_px`: x1, y1, x2, y2 as float pixels of the EXIF-upright image of `width` x `height` pixels;
x2 and y2 are exclusive edges, so the whole image is (0, 0, width, height). A box that is not finite or has no area
raises ValueError wherever it enters; only `box_of_grid_cells` may return one without area, as its paper does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from manifests.records import BoxXYXYPx

BoxXYXYUnit = tuple[float, float, float, float]
"""x1, y1, x2, y2 as fractions of width and height, 0-1."""

BoxXYXYN1000 = tuple[int, int, int, int]
"""x1, y1, x2, y2 as integers 0-1000 of width and height (Qwen2-VL, Qwen3-VL)."""

BoxXYXYResized = tuple[int, int, int, int]
"""x1, y1, x2, y2 as integer pixels of the image as resized for the model (Qwen2.5-VL)."""

BoxXYWHPx = tuple[float, float, float, float]
"""x, y of the top-left corner, then width and height, in pixels (COCO)."""

GridCells = tuple[int, int]
"""Ids of the top-left and the bottom-right cell of a box on the GIQA grid."""

GRID_SIDE = 20
"""Rows and columns of the GIQA grid: n = m = 20 (Grounding-IQA, arXiv 2411.17237, section 3.2, stage 4)."""

_ON_GRID_LINE = 1e-9
"""Cells: nearer to a grid line than this, an edge lies on it (floating-point noise of x * n / width)."""


def check_box(box_xyxy: tuple[float, float, float, float]) -> None:
    """Raise ValueError unless the corners are finite, x1 < x2 and y1 < y2."""
    x1, y1, x2, y2 = box_xyxy
    if not all(math.isfinite(value) for value in box_xyxy):
        raise ValueError(f"box {_said(box_xyxy)} is not finite")
    if x1 >= x2 or y1 >= y2:
        raise ValueError(f"box {_said(box_xyxy)} has no area: x1 < x2 and y1 < y2 must hold")


def clip_box(box_xyxy_px: BoxXYXYPx, width: int, height: int) -> BoxXYXYPx:
    """The part of the box that lies inside the image. Raises ValueError when there is none."""
    check_box(box_xyxy_px)
    _check_size(width, height)
    x1, y1, x2, y2 = box_xyxy_px
    clipped = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    if clipped[0] >= clipped[2] or clipped[1] >= clipped[3]:
        raise ValueError(f"box {_said(box_xyxy_px)} lies outside the {width}x{height} image")
    return clipped


def round_box(box_xyxy_px: BoxXYXYPx) -> BoxXYXYPx:
    """The box rounded to 0.01 px, as tables hold it. Raises ValueError when no area is left."""
    x1, y1, x2, y2 = box_xyxy_px
    rounded = (round(x1, 2), round(y1, 2), round(x2, 2), round(y2, 2))
    check_box(rounded)
    return rounded


def area_px(box_xyxy_px: BoxXYXYPx) -> float:
    """Area in square pixels: (x2 - x1) * (y2 - y1)."""
    check_box(box_xyxy_px)
    x1, y1, x2, y2 = box_xyxy_px
    return (x2 - x1) * (y2 - y1)


def intersection_px(first_xyxy_px: BoxXYXYPx, second_xyxy_px: BoxXYXYPx) -> float:
    """Area that two boxes share, in square pixels; 0 where they only touch."""
    check_box(first_xyxy_px)
    check_box(second_xyxy_px)
    wide = min(first_xyxy_px[2], second_xyxy_px[2]) - max(first_xyxy_px[0], second_xyxy_px[0])
    high = min(first_xyxy_px[3], second_xyxy_px[3]) - max(first_xyxy_px[1], second_xyxy_px[1])
    return max(wide, 0.0) * max(high, 0.0)


def iou(first_xyxy_px: BoxXYXYPx, second_xyxy_px: BoxXYXYPx) -> float:
    """Intersection over union, 0-1: |A and B| / (|A| + |B| - |A and B|)."""
    shared = intersection_px(first_xyxy_px, second_xyxy_px)
    return shared / (area_px(first_xyxy_px) + area_px(second_xyxy_px) - shared)


def enclosing_box(boxes_xyxy_px: Iterable[BoxXYXYPx]) -> BoxXYXYPx:
    """The smallest box around all of the boxes. Raises ValueError when there is none."""
    boxes = list(boxes_xyxy_px)
    if not boxes:
        raise ValueError("no boxes to enclose")
    for box in boxes:
        check_box(box)
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def scale_box(box_xyxy_px: BoxXYXYPx, factor: float, width: int, height: int) -> BoxXYXYPx:
    """The box with both sides `factor` times as long about the same centre, clipped to the image."""
    check_box(box_xyxy_px)
    x1, y1, x2, y2 = box_xyxy_px
    grow_x, grow_y = (factor - 1) * (x2 - x1) / 2, (factor - 1) * (y2 - y1) / 2
    return clip_box((x1 - grow_x, y1 - grow_y, x2 + grow_x, y2 + grow_y), width, height)


def unit_of_box(box_xyxy_px: BoxXYXYPx, width: int, height: int) -> BoxXYXYUnit:
    """Pixels to fractions: x / width, y / height."""
    check_box(box_xyxy_px)
    return _scaled(box_xyxy_px, 1, 1, width, height)


def box_of_unit(box_xyxy_unit: BoxXYXYUnit, width: int, height: int) -> BoxXYXYPx:
    """Fractions to pixels: x * width, y * height."""
    check_box(box_xyxy_unit)
    return _scaled(box_xyxy_unit, width, height, 1, 1)


def n1000_of_box(box_xyxy_px: BoxXYXYPx, width: int, height: int) -> BoxXYXYN1000:
    """Pixels to integers 0-1000: round(1000 * x / width), inside the image.

    Relative coordinates of Qwen2-VL (arXiv 2409.12191) and Qwen3-VL. A side that rounding would close
    is rounded outwards instead (floor and ceil), so a box never loses its area.
    """
    return _whole(_scaled(clip_box(box_xyxy_px, width, height), 1000, 1000, width, height))


def box_of_n1000(box_xyxy_n1000: BoxXYXYN1000, width: int, height: int) -> BoxXYXYPx:
    """Integers 0-1000 to pixels: x * width / 1000. Raises ValueError for values outside 0-1000."""
    check_box(box_xyxy_n1000)
    if min(box_xyxy_n1000) < 0 or max(box_xyxy_n1000) > 1000:
        raise ValueError(f"box {_said(box_xyxy_n1000)} is not within 0-1000")
    return _scaled(box_xyxy_n1000, width, height, 1000, 1000)


def resized_of_box(
    box_xyxy_px: BoxXYXYPx, width: int, height: int, resized_width: int, resized_height: int
) -> BoxXYXYResized:
    """Pixels of the image to whole pixels of the resized image: round(x * resized_width / width), inside the image.

    Absolute coordinates of Qwen2.5-VL (arXiv 2502.13923), which counts pixels of the image that its
    processor hands it. A side that rounding would close is rounded outwards instead.
    """
    _check_size(resized_width, resized_height)
    return _whole(_scaled(clip_box(box_xyxy_px, width, height), resized_width, resized_height, width, height))


def box_of_resized(
    box_xyxy_resized: BoxXYXYResized, width: int, height: int, resized_width: int, resized_height: int
) -> BoxXYXYPx:
    """Pixels of the resized image to pixels of the image: x * width / resized_width."""
    check_box(box_xyxy_resized)
    return _scaled(box_xyxy_resized, width, height, resized_width, resized_height)


def percent_of_point(x_px: float, y_px: float, width: int, height: int) -> tuple[float, float]:
    """Point in pixels to percent with one decimal: round(100 * x / width, 1).

    Points of Molmo (arXiv 2409.17146; `<point x="63.1" y="40.2" ...>`).
    """
    _check_size(width, height)
    _check_inside(x_px, y_px, width, height)
    return round(100 * x_px / width, 1), round(100 * y_px / height, 1)


def point_of_percent(x_percent: float, y_percent: float, width: int, height: int) -> tuple[float, float]:
    """Percent to pixels: x * width / 100. Raises ValueError for values outside 0-100."""
    _check_size(width, height)
    _check_inside(x_percent, y_percent, 100, 100)
    return x_percent * width / 100, y_percent * height / 100


def xywh_of_box(box_xyxy_px: BoxXYXYPx) -> BoxXYWHPx:
    """Corners to COCO: x1, y1, x2 - x1, y2 - y1."""
    check_box(box_xyxy_px)
    x1, y1, x2, y2 = box_xyxy_px
    return (x1, y1, x2 - x1, y2 - y1)


def box_of_xywh(box_xywh_px: BoxXYWHPx) -> BoxXYXYPx:
    """COCO to corners: x, y, x + width, y + height."""
    x, y, wide, high = box_xywh_px
    box = (x, y, x + wide, y + high)
    check_box(box)
    return box


def grid_cells_of(box_xyxy_px: BoxXYXYPx, width: int, height: int, n: int = GRID_SIDE) -> GridCells:
    """Ids of the cells that hold the box's top-left and bottom-right corner, row-major from the top-left, from 0.

    With u = x * n / width and v = y * n / height: a = floor(v1) * n + floor(u1), b = (ceil(v2) - 1) * n + ceil(u2) - 1,
    the box clipped to the image. Grounding-IQA, Eq. 1, with the floors that its printed form lacks; `ceil - 1` because
    x2 and y2 are exclusive, so the cells are the fewest that cover the box.
    """
    x1, y1, x2, y2 = clip_box(box_xyxy_px, width, height)
    left, right = _cells_along(x1, x2, width, n)
    top, bottom = _cells_along(y1, y2, height, n)
    return top * n + left, bottom * n + right


def box_of_grid_cells(cells: GridCells, width: int, height: int, n: int = GRID_SIDE) -> BoxXYXYPx:
    """The box from cell centre to cell centre: x = (id % n + 0.5) * width / n, y = (id // n + 0.5) * height / n.

    Grounding-IQA, Eq. 2. A box within one row or column of cells decodes to no area; the whole image decodes to
    0.025-0.975 of each side. Raises ValueError for ids that are not on the grid, or whose corners are swapped.
    """
    check_grid_cells(cells, n)
    _check_size(width, height)
    (near, far) = cells
    return (
        (near % n + 0.5) * width / n,
        (near // n + 0.5) * height / n,
        (far % n + 0.5) * width / n,
        (far // n + 0.5) * height / n,
    )


def box_of_grid_cells_for_scoring(cells: GridCells, width: int, height: int, n: int = GRID_SIDE) -> BoxXYXYPx:
    """As `box_of_grid_cells`, but a side that decodes to nothing takes the edges of its cell: never without area."""
    x1, y1, x2, y2 = box_of_grid_cells(cells, width, height, n)
    near = cells[0]
    if x1 == x2:
        x1, x2 = near % n * width / n, (near % n + 1) * width / n
    if y1 == y2:
        y1, y2 = near // n * height / n, (near // n + 1) * height / n
    return (x1, y1, x2, y2)


def check_grid_cells(cells: GridCells, n: int = GRID_SIDE) -> None:
    """Raise ValueError unless both ids are on the grid and the second cell is not left of or above the first."""
    near, far = cells
    if not (0 <= near < n * n and 0 <= far < n * n):
        raise ValueError(f"<{near}, {far}> is not on the {n}x{n} grid: ids run from 0 to {n * n - 1}")
    if far % n < near % n or far // n < near // n:
        raise ValueError(f"<{near}, {far}> ends left of or above its start: top-left comes first, then bottom-right")


def position_horizontal(box_xyxy_px: BoxXYXYPx, width: int) -> Literal["left", "right"]:
    """`left` if the box centre's x / width < 1/2, else `right` (IQA-Spider, arXiv 2605.24553, Eq. 1)."""
    check_box(box_xyxy_px)
    return "left" if box_xyxy_px[0] + box_xyxy_px[2] < width else "right"


def position_vertical(box_xyxy_px: BoxXYXYPx, height: int) -> Literal["top", "bottom"]:
    """`top` if the box centre's y / height < 1/2, else `bottom` (IQA-Spider, Eq. 1)."""
    check_box(box_xyxy_px)
    return "top" if box_xyxy_px[1] + box_xyxy_px[3] < height else "bottom"


def _cells_along(near_px: float, far_px: float, side_px: int, n: int) -> tuple[int, int]:
    """First and last cell along one side that an interval inside it covers."""
    first = min(math.floor(near_px * n / side_px + _ON_GRID_LINE), n - 1)
    last = math.ceil(far_px * n / side_px - _ON_GRID_LINE) - 1
    return first, max(last, first)


def _scaled(
    box_xyxy: tuple[float, float, float, float], times_x: int, times_y: int, over_x: int, over_y: int
) -> tuple[float, float, float, float]:
    _check_size(times_x, times_y)
    _check_size(over_x, over_y)
    x1, y1, x2, y2 = box_xyxy
    return (x1 * times_x / over_x, y1 * times_y / over_y, x2 * times_x / over_x, y2 * times_y / over_y)


def _whole(box_xyxy: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    (x1, x2), (y1, y2) = _whole_side(box_xyxy[0], box_xyxy[2]), _whole_side(box_xyxy[1], box_xyxy[3])
    return (x1, y1, x2, y2)


def _whole_side(near: float, far: float) -> tuple[int, int]:
    first, last = round(near), round(far)
    return (first, last) if first < last else (math.floor(near), max(math.ceil(far), math.floor(near) + 1))


def _check_inside(x: float, y: float, width: int, height: int) -> None:
    if not (0 <= x <= width and 0 <= y <= height):
        raise ValueError(f"point ({x:g}, {y:g}) is not within 0-{width}, 0-{height}")


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ValueError(f"image size {width}x{height} is not positive")


def _said(box_xyxy: tuple[float, float, float, float]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in box_xyxy) + ")"

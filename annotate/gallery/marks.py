"""What is drawn over a picture: a colour and a numbered tag for each region, and the outline of its mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shapely.geometry import MultiPolygon, Polygon

from annotate.gallery.preview import PREVIEW_SIDE_PX
from manifests.masks import mask_area_px, polygon_of_mask
from manifests.records import BoxXYXYPx, Mask, Region

COLOURS = (
    "#ffb000",
    "#4db8ff",
    "#ff6b9d",
    "#3ddc84",
    "#b794ff",
    "#ff8a3d",
    "#2fe0e0",
    "#e9e24a",
    "#ff6058",
    "#a3e635",
)
"""Bright enough to be seen on any photograph behind a dark line, and to carry black digits."""

_TAG_SIZE_PX = (30.0, 24.0)
_SHOWN_WIDTH_PX = 820.0


@dataclass(frozen=True)
class Mark:
    """A region as it is drawn: `tag_percent` is the tag's top-left corner in percent of the picture's sides."""

    region: Region
    colour: str
    tag_percent: tuple[float, float]
    mask_path: str | None

    @property
    def x(self) -> float:
        """Left edge in pixels of the upright image."""
        return self.region.box_xyxy_px[0]

    @property
    def y(self) -> float:
        """Top edge in pixels of the upright image."""
        return self.region.box_xyxy_px[1]

    @property
    def width(self) -> float:
        """Width of the box in pixels of the upright image."""
        return round(self.region.box_xyxy_px[2] - self.x, 2)

    @property
    def height(self) -> float:
        """Height of the box in pixels of the upright image."""
        return round(self.region.box_xyxy_px[3] - self.y, 2)


def colours_of(regions: Sequence[Region]) -> dict[int, str]:
    """A colour for each region by number, the same wherever the image's page names it; kept ones get theirs first."""
    ordered = sorted(regions, key=lambda region: (not region.kept, region.region_id))
    return {region.region_id: COLOURS[place % len(COLOURS)] for place, region in enumerate(ordered)}


def marks_of(regions: Sequence[Region], width: int, height: int) -> list[Mark]:
    """Marks of an image's regions, largest first, so that small ones lie on top; tags avoid each other."""
    colours, tags = colours_of(regions), _place_tags(regions, width, height)
    marks = [
        Mark(region, colours[region.region_id], tag, _mask_path(region.mask) if region.mask else None)
        for region, tag in zip(regions, tags, strict=True)
    ]
    return sorted(marks, key=lambda mark: (-mark.width * mark.height, mark.region.region_id))


def _place_tags(regions: Sequence[Region], width: int, height: int) -> list[tuple[float, float]]:
    """A free corner of each box for its tag; a tag that finds none steps down until it is free."""
    scale = _SHOWN_WIDTH_PX / width
    right_limit, bottom_limit = width * scale - _TAG_SIZE_PX[0], height * scale - _TAG_SIZE_PX[1]
    placed: dict[int, tuple[float, float]] = {}
    for index in sorted(range(len(regions)), key=lambda index: not regions[index].kept):
        corners = [
            (min(max(x, 0.0), max(right_limit, 0.0)), min(max(y, 0.0), max(bottom_limit, 0.0)))
            for x, y in _corners(regions[index].box_xyxy_px, scale)
        ]
        x, y = next((corner for corner in corners if _is_free(corner, placed.values())), corners[0])
        while not _is_free((x, y), placed.values()) and y < bottom_limit:
            y += 4.0
        placed[index] = (x, y)
    return [
        (round(100 * placed[index][0] / (width * scale), 3), round(100 * placed[index][1] / (height * scale), 3))
        for index in range(len(regions))
    ]


def _corners(box_xyxy_px: BoxXYXYPx, scale: float) -> list[tuple[float, float]]:
    x1, y1, x2, y2 = (value * scale for value in box_xyxy_px)
    left, right, top, bottom = x1, x2 - _TAG_SIZE_PX[0], y1, y2 - _TAG_SIZE_PX[1]
    return [(left, top), (right, top), (left, bottom), (right, bottom)]


def _is_free(corner: tuple[float, float], taken: Iterable[tuple[float, float]]) -> bool:
    return not any(abs(corner[0] - x) < _TAG_SIZE_PX[0] and abs(corner[1] - y) < _TAG_SIZE_PX[1] for x, y in taken)


def _mask_path(mask: Mask) -> str | None:
    """SVG path of a mask in pixels, exact to less than a pixel of the preview; None for an empty mask."""
    if mask_area_px(mask) == 0:
        return None
    shape = polygon_of_mask(mask).simplify(max(mask.size) / PREVIEW_SIDE_PX * 0.75)
    polygons = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    return "".join(_ring_paths(polygon) for polygon in polygons)


def _ring_paths(polygon: Polygon) -> str:
    rings = [polygon.exterior, *polygon.interiors]
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring.coords[:-1]) + "Z" for ring in rings)

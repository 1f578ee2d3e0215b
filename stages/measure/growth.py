"""Anomalous cells grown into areas: connected components of one family, and what speaks against reporting them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy import ndimage

from manifests.vocabulary import Family
from stages.measure.grid import GRID, FloatArray
from stages.measure.severity import BoolGrid, FamilyGrid

_NEIGHBOURS = np.ones((3, 3), bool)
_FLAT_RIM = 0.5
"""How far a flat cell on the rim of a strong blur speaks for the end of the area: half."""


class GrowthLimits(BaseModel):
    """When flagged cells are an area that a text may name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_cells: int = 6
    """Fewest cells of an area (of 400)."""
    min_severity: float = 1.0
    """Mean severity from which an area is reported."""
    min_filled: float = 0.45
    """Share of the area's box that its cells must fill; a thread of cells along edges is no area."""
    image_share: float = 0.70
    """Share of the judgeable cells from which a distortion belongs to the image and not to an area."""
    image_judgeable: float = 0.15
    """Share of all cells that must be judgeable before anything is said of the image."""
    blur_enclosed: float = 0.60
    """Share of a blurred area's rim that must be sharp. The rim of a background out of focus is the image's border
    and more of the same; a spoilt area lies inside what is sharp."""
    blur_wholly_enclosed: float = 0.80
    """From this share on, a mild blur is reported too; below it, soft shadows and reflections look the same."""
    blur_severity: float = 2.6
    """Mean severity that a blurred area needs which is not wholly enclosed."""
    blur_cells: int = 10
    """Fewest cells of a blurred area."""
    blur_elsewhere: float = 0.15
    """Share of the other judgeable cells that may be as blurred; with more, the picture has little depth of field."""
    compression_cells: int = 10
    """Fewest cells of an area with visible blocks; on a small plain spot they are the whole file's."""
    colour_cells: int = 10
    """Fewest cells of an area that lost its colour; small grey things are grey."""
    colour_rim: float = 0.40
    """Share of the rim of such an area that must be colourful: between grey things colour ends slowly."""
    brighten_corners: int = 2
    """Most corners of the image that a clipped area may hold; a white backdrop or a page holds more."""


@dataclass(frozen=True)
class Area:
    """Connected cells [20, 20] of one family with their mean severity; `inside` are its pixels where they are known."""

    family: Family
    cells: BoolGrid
    severity: float
    inside: BoolGrid | None = None


@dataclass(frozen=True)
class Growth:
    """What became of one family: the image as a whole, or areas; `severity` [20, 20] of what is reported only."""

    family: Family
    severity: FloatArray
    whole_image: float | None
    areas: list[Area]


def grow(grid: FamilyGrid, limits: GrowthLimits) -> Growth:
    """Decide between the whole image, areas, and nothing."""
    flagged = grid.severity > 0
    judgeable = int(grid.judgeable.sum())
    if judgeable >= limits.image_judgeable * GRID * GRID and flagged.sum() >= limits.image_share * judgeable:
        backdrop = grid.family == "brighten" and _corners(flagged) > limits.brighten_corners
        if backdrop or grid.family == "saturation-weaken":
            return _nothing(grid.family)
        severity = float(np.median(grid.severity[flagged]))
        return Growth(grid.family, grid.severity, severity, [])
    areas = [area for area in _areas(grid, flagged, limits) if _stands(area, grid, limits)]
    kept = np.zeros((GRID, GRID), bool)
    for area in areas:
        kept |= area.cells
    return Growth(grid.family, np.asarray(np.where(kept, _filled(grid, kept), 0), np.float32), None, areas)


def _areas(grid: FamilyGrid, flagged: BoolGrid, limits: GrowthLimits) -> list[Area]:
    """Components of the flagged cells, with gaps closed over cells that cannot be judged."""
    closed = ndimage.binary_closing(np.pad(flagged, 2), _NEIGHBOURS)[2:-2, 2:-2]
    grown = flagged | (closed & ~grid.judgeable) | (closed & (_neighbours(flagged) >= 5))
    opened = ndimage.binary_opening(grown, np.ones((2, 2), bool))
    labels, count = ndimage.label(opened)
    areas = []
    for number in range(1, count + 1):
        cells = labels == number
        if cells.sum() >= limits.min_cells and (cells & flagged).any():
            areas.append(Area(grid.family, cells, float(grid.severity[cells & flagged].mean())))
    return areas


def _stands(area: Area, grid: FamilyGrid, limits: GrowthLimits) -> bool:
    rows, columns = np.nonzero(area.cells)
    box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    if area.severity < limits.min_severity or area.cells.sum() < limits.min_filled * box:
        return False
    if area.family == "blur":
        return _spoilt_focus(area, grid, limits)
    if area.family == "compression":
        return bool(area.cells.sum() >= limits.compression_cells)
    if area.family == "saturation-weaken":
        return area.cells.sum() >= limits.colour_cells and _enclosed(area.cells, grid, gap=1) >= limits.colour_rim
    return area.family != "brighten" or _corners(area.cells) <= limits.brighten_corners


def of_whole_image(growths: Sequence[Growth]) -> dict[Family, float]:
    """Severities of what belongs to the image as a whole."""
    return {each.family: each.whole_image for each in growths if each.whole_image is not None}


def without_echoes(growths: Sequence[Growth], everywhere: Collection[Family]) -> list[Growth]:
    """Drop areas that are but another sign of what is wrong `everywhere`.

    A wholly compressed file has constant blocks and chroma quantised to grey; in a wholly blurred image some areas are
    blurred more.
    """
    echoes: set[Family] = set()
    if "compression" in everywhere:
        echoes |= {"pixelate", "saturation-weaken"}
    if "blur" in everywhere:
        echoes.add("blur")
    return [_nothing(each.family) if each.family in echoes else each for each in growths]


def _nothing(family: Family) -> Growth:
    return Growth(family, np.zeros((GRID, GRID), np.float32), None, [])


def _spoilt_focus(area: Area, grid: FamilyGrid, limits: GrowthLimits) -> bool:
    outside = grid.judgeable & ~area.cells
    if (outside & (grid.severity > 0)).sum() > limits.blur_elsewhere * outside.sum():
        return False
    if area.cells.sum() < limits.blur_cells:
        return False
    if area.severity >= limits.blur_severity:
        return _enclosed(area.cells, grid, flat=_FLAT_RIM) >= limits.blur_enclosed
    return _enclosed(area.cells, grid) >= limits.blur_wholly_enclosed


def _enclosed(cells: BoolGrid, grid: FamilyGrid, *, gap: int = 0, flat: float = 0.0) -> float:
    """Share of the rim (cells around, and sides on the image's border) that is not distorted.

    `gap` cells next to the area, which may lie half inside it, are left out; one that cannot be judged counts `flat`.
    """
    padded = np.pad(cells, gap + 1)
    inner = ndimage.binary_dilation(padded, iterations=gap) if gap else padded
    rim = ndimage.binary_dilation(inner) & ~inner
    sound = np.where(grid.judgeable, grid.severity == 0, flat)
    return float(np.pad(sound, gap + 1)[rim].sum() / max(int(rim.sum()), 1))


def _corners(cells: BoolGrid) -> int:
    return int(cells[0, 0]) + int(cells[0, -1]) + int(cells[-1, 0]) + int(cells[-1, -1])


def _filled(grid: FamilyGrid, kept: BoolGrid) -> FloatArray:
    """Severity, with the mean of the neighbours in kept cells that have none of their own."""
    own = np.where(kept, grid.severity, 0)
    weight = ndimage.uniform_filter((own > 0).astype(np.float32), 3, mode="constant")
    mean = ndimage.uniform_filter(own, 3, mode="constant") / np.maximum(weight, 1e-6)
    return np.asarray(np.where(own > 0, own, np.where(weight > 0, mean, 1.0)), np.float32)


def _neighbours(flagged: BoolGrid) -> FloatArray:
    return np.asarray(ndimage.convolve(flagged.astype(np.float32), _NEIGHBOURS.astype(np.float32), mode="constant"))

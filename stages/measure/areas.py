"""From areas of single families to regions: unite what lies together, attach what is an object already found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from manifests.masks import box_of_mask, encode_mask
from manifests.records import Attributes, BoxXYXYPx, Distortion, ImageRecord, Region
from manifests.vocabulary import FAMILIES, Family
from stages.measure.grid import GRID, FloatArray, cell_edges
from stages.measure.growth import Area, Growth
from stages.measure.phrases import AREA, area_phrase
from stages.measure.severity import BoolGrid, Limits
from stages.measure.summary import coverage


def distortion(family: Family, severity: float) -> Distortion:
    """A distortion of a family whose finer name is not known."""
    return Distortion(family=family, name=family, severity=min(max(round(severity), 1), 5))


def strongest_first(distortions: Sequence[Distortion]) -> list[Distortion]:
    """Sorted by severity, then in the order of the vocabulary."""
    return sorted(distortions, key=lambda each: (-each.severity, FAMILIES.index(each.family)))


def united(areas: Sequence[Area], min_iou: float) -> list[list[Area]]:
    """Groups of areas of different families that cover the same cells; the first of a group is its strongest."""
    groups: list[list[Area]] = []
    for area in sorted(areas, key=lambda each: (-each.severity, FAMILIES.index(each.family), _first_cell(each))):
        for group in groups:
            if area.family not in {other.family for other in group} and _iou(group[0].cells, area.cells) >= min_iou:
                group.append(area)
                break
        else:
            groups.append([area])
    return groups


def area_region(row: ImageRecord, group: Sequence[Area], width: int, height: int) -> Region:
    """A new region of the image for a group of areas, with box and mask."""
    first = group[0]
    mask = encode_mask(_pixels_of_cells(first.cells, width, height) if first.inside is None else first.inside)
    box = box_of_cells(first.cells, width, height) if first.inside is None else box_of_mask(mask)
    return Region(
        region_id=row.next_region_id(),
        label=AREA,
        phrase=area_phrase(box, width, height, [region.phrase for region in row.regions]),
        box_xyxy_px=box,
        mask=mask,
        source="quality-map",
        distortions=strongest_first([distortion(area.family, area.severity) for area in group]),
    )


def object_of(group: Sequence[Area], regions: Sequence[Region], width: int, height: int, min_iou: float) -> int | None:
    """Index of the region that the group essentially covers, if there is one."""
    cells = group[0].cells.astype(np.float32)
    overlaps = [_soft_iou(coverage(region.box_xyxy_px, width, height), cells) for region in regions]
    best = int(np.argmax(overlaps)) if overlaps else 0
    return best if overlaps and overlaps[best] >= min_iou else None


def shared_by(family: Family, attributes: Attributes, limits: Limits) -> bool:
    """Whether a region shows a distortion that was judged on the image as a whole.

    Families with a grid of their own are looked up there instead.
    """
    if family == "blur":
        return attributes.sharpness is not None and 1 - attributes.sharpness >= limits.blur_image[0]
    if family == "darken":
        return attributes.luminance is not None and attributes.luminance < limits.dark_mean
    if family == "contrast-weaken":
        return attributes.contrast is not None and attributes.contrast < limits.flat_contrast
    return False


def region_distortions(
    growths: Sequence[Growth], weights: FloatArray, min_share: float, inherited: Sequence[Distortion]
) -> list[Distortion]:
    """`inherited`, and what covers at least `min_share` of the weighted cells, at its mean severity there."""
    found = list(inherited)
    for growth in growths:
        hit = weights * (growth.severity > 0)
        if hit.sum() >= min_share * weights.sum() and hit.sum() > 0:
            found.append(distortion(growth.family, float((hit * growth.severity).sum() / hit.sum())))
    return strongest_first(found)


def box_of_cells(cells: BoolGrid, width: int, height: int) -> BoxXYXYPx:
    """The smallest box around the cells [20, 20], in pixels."""
    rows, columns = np.nonzero(cells)
    x, y = cell_edges(width), cell_edges(height)
    near, far = (x[columns.min()], y[rows.min()]), (x[columns.max() + 1], y[rows.max() + 1])
    return (float(near[0]), float(near[1]), float(far[0]), float(far[1]))


def _pixels_of_cells(cells: BoolGrid, width: int, height: int) -> BoolGrid:
    rows = np.repeat(np.arange(GRID), np.diff(cell_edges(height)))
    columns = np.repeat(np.arange(GRID), np.diff(cell_edges(width)))
    return np.asarray(cells[np.ix_(rows, columns)])


def _iou(first: BoolGrid, second: BoolGrid) -> float:
    return float((first & second).sum() / max(int((first | second).sum()), 1))


def _soft_iou(first: FloatArray, second: FloatArray) -> float:
    return float(np.minimum(first, second).sum() / max(float(np.maximum(first, second).sum()), 1e-6))


def _first_cell(area: Area) -> int:
    return int(np.flatnonzero(area.cells)[0])

"""Whether claims and planted regions are the same place: plain functions on boxes and masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from manifests.geometry import iou
from manifests.masks import BoolArray, decode_mask, mask_of_box
from manifests.records import BoxXYXYPx, Distortion, ImageRecord, Region
from manifests.vocabulary import Family

SAME_PLACE_IOU = 0.5
"""A claim and a planted region are the same place above this box IoU (Grounding-IQA's Tag-Recall)."""

LIES_ON = 0.5
"""Share of an area that planted regions must cover before it counts as planted."""

UNTOUCHED = 0.05
"""Share of an area up to which planted regions may cover it while it still counts as untouched."""


@dataclass(frozen=True, eq=False)
class Place:
    """An area of one image with its distortions. `region_id` is null for the image as a whole."""

    region_id: int | None
    box_xyxy_px: BoxXYXYPx
    inside: BoolArray
    distortions: tuple[Distortion, ...]

    @property
    def main(self) -> Distortion:
        """The strongest distortion; a place that is claimed or planted has one."""
        return self.distortions[0]

    def severity(self, family: Family) -> int:
        """Severity of a family, 0 where it is not there."""
        return max((found.severity for found in self.distortions if found.family == family), default=0)


def place_of(region: Region, width: int, height: int) -> Place:
    """A region as a place: its mask, or else its box."""
    inside = decode_mask(region.mask) if region.mask else mask_of_box(region.box_xyxy_px, width, height)
    return Place(region.region_id, region.box_xyxy_px, inside, tuple(region.distortions))


def whole_image(width: int, height: int, distortions: Sequence[Distortion]) -> Place:
    """The image as a whole as a place."""
    return Place(None, (0.0, 0.0, float(width), float(height)), np.ones((height, width), bool), tuple(distortions))


def claims_of(record: ImageRecord, width: int, height: int) -> list[Place]:
    """What a run says is wrong: kept regions with distortions, and the image as a whole if it has some."""
    regions = [place_of(region, width, height) for region in record.kept_regions() if region.distortions]
    return regions + ([whole_image(width, height, record.distortions)] if record.distortions else [])


def mask_iou(first: BoolArray, second: BoolArray) -> float:
    """Intersection over union of two masks of one size, 0-1; 0 where both are empty."""
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 0.0


def covered(area: BoolArray, by: BoolArray) -> float:
    """Share of an area that another one covers, 0-1; 0 for an area of no pixels."""
    pixels = int(np.count_nonzero(area))
    return int(np.count_nonzero(area & by)) / pixels if pixels else 0.0


def best_box_iou(planted: Place, claims: Sequence[Place]) -> float:
    """The largest box IoU of a planted region with any claim, 0 without claims."""
    return max((iou(planted.box_xyxy_px, claim.box_xyxy_px) for claim in claims), default=0.0)


def best_mask_iou(planted: Place, claims: Sequence[Place]) -> float:
    """The largest mask IoU of a planted region with any claim, 0 without claims."""
    return max((mask_iou(planted.inside, claim.inside) for claim in claims), default=0.0)


def match_of(planted: Place, claims: Sequence[Place]) -> Place | None:
    """The claim in the same place with the largest box IoU; the stronger one of equals."""
    near = [claim for claim in claims if iou(planted.box_xyxy_px, claim.box_xyxy_px) > SAME_PLACE_IOU]
    return max(near, key=lambda each: (iou(planted.box_xyxy_px, each.box_xyxy_px), each.main.severity), default=None)


def is_tagged(planted: Place, claims: Sequence[Place]) -> bool:
    """Whether some claim in the same place names a planted family (Tag-Recall's true positive)."""
    return any(
        iou(planted.box_xyxy_px, claim.box_xyxy_px) > SAME_PLACE_IOU and shares_family(planted, claim)
        for claim in claims
    )


def shares_family(planted: Place, claim: Place) -> bool:
    """Whether a claim names one of the planted families."""
    return any(planted.severity(found.family) for found in claim.distortions)


def planted_on(area: BoolArray, planted: Sequence[Place]) -> list[Place] | None:
    """The planted regions that cover most of an area; an empty list for an untouched one, None for one in between."""
    on = [place for place in planted if covered(area, place.inside) >= LIES_ON]
    touched = any(covered(area, place.inside) > UNTOUCHED for place in planted)
    return on if on or not touched else None


def share_of_points_inside(points_unit: Sequence[tuple[float, float]], inside: BoolArray) -> float:
    """Share of points (x, y in 0-1 of width and height) that lie on pixels of a mask. Raises ValueError for none."""
    if not points_unit:
        raise ValueError("there are no points")
    height, width = inside.shape
    hits = [bool(inside[min(int(y * height), height - 1), min(int(x * width), width - 1)]) for x, y in points_unit]
    return sum(hits) / len(hits)

"""Same place or not, on boxes and masks whose overlap can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from annotate.bench.planted.matching import (
    Place,
    best_box_iou,
    best_mask_iou,
    claims_of,
    covered,
    is_tagged,
    mask_iou,
    match_of,
    planted_on,
    share_of_points_inside,
)
from manifests.masks import mask_of_box
from manifests.records import Distortion, ImageRecord, Region
from manifests.vocabulary import Family

SIDE = 20


def place(box: tuple[float, float, float, float], family: Family = "blur", severity: int = 3) -> Place:
    distortion = Distortion(family=family, name=family, severity=severity)
    return Place(1, box, mask_of_box(box, SIDE, SIDE), (distortion,))


def test_the_best_claim_counts_for_box_and_mask() -> None:
    planted = place((0, 0, 10, 10))
    half, quarter = place((0, 0, 10, 5)), place((0, 0, 5, 5))
    assert best_box_iou(planted, [quarter, half]) == 0.5
    assert best_mask_iou(planted, [quarter, half]) == 0.5
    assert best_box_iou(planted, []) == best_mask_iou(planted, []) == 0


def test_masks_overlap_where_boxes_overlap_more() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    triangle = np.tril(np.ones((SIDE, SIDE), bool)) & mask_of_box(box, SIDE, SIDE)
    planted = Place(1, box, triangle, ())
    assert best_box_iou(planted, [place(box)]) == 1
    assert best_mask_iou(planted, [place(box)]) == 55 / 100


def test_empty_masks_share_nothing() -> None:
    nothing = np.zeros((SIDE, SIDE), bool)
    assert mask_iou(nothing, nothing) == 0
    assert covered(nothing, ~nothing) == 0


def test_a_claim_that_overlaps_by_exactly_half_is_another_place() -> None:
    planted = place((0, 0, 10, 10))
    assert match_of(planted, [place((0, 0, 10, 5))]) is None
    nearly = place((0, 0, 10, 6))
    assert match_of(planted, [place((0, 0, 10, 5)), nearly]) is nearly


def test_of_two_claims_on_one_box_the_stronger_one_matches() -> None:
    planted, weak, strong = place((0, 0, 10, 10)), place((0, 0, 9, 10)), place((0, 0, 9, 10), "noise", 5)
    assert match_of(planted, [weak, strong]) is strong
    assert match_of(planted, [strong, weak]) is strong


def test_a_region_is_tagged_by_any_claim_there_that_has_its_family() -> None:
    planted = place((0, 0, 10, 10), "noise")
    wrong, right = place((0, 0, 10, 10), "blur", 5), place((0, 0, 10, 6), "noise", 1)
    assert is_tagged(planted, [wrong, right])
    assert not is_tagged(planted, [wrong])
    assert not is_tagged(planted, [place((0, 0, 10, 5), "noise")])


@pytest.mark.parametrize(
    ("box", "on"), [((0, 0, 10, 10), 1), ((0, 0, 20, 10), 1), ((0, 0, 20, 20), None), ((10, 0, 20, 20), 0)]
)
def test_an_area_is_planted_by_half_untouched_by_a_twentieth_and_otherwise_undecided(
    box: tuple[float, float, float, float], on: int | None
) -> None:
    found = planted_on(mask_of_box(box, SIDE, SIDE), [place((0, 0, 10, 10))])
    assert (None if found is None else len(found)) == on


def test_points_on_the_last_edge_belong_to_the_last_pixel() -> None:
    inside = mask_of_box((10, 10, 20, 20), SIDE, SIDE)
    assert share_of_points_inside([(1.0, 1.0), (0.5, 0.5), (0.49, 0.5), (0.0, 0.0)], inside) == 0.5
    with pytest.raises(ValueError, match="no points"):
        share_of_points_inside([], inside)


def test_claims_are_kept_regions_with_distortions_and_the_image_itself() -> None:
    blur = Distortion(family="blur", name="blur", severity=2)
    regions = [
        Region(region_id=1, label="a", phrase="a", box_xyxy_px=(0, 0, 5, 5), source="detector"),
        Region(region_id=2, label="b", phrase="b", box_xyxy_px=(0, 0, 5, 5), source="detector", distortions=[blur]),
        Region(
            region_id=3, label="c", phrase="c", box_xyxy_px=(0, 0, 5, 5), source="detector", distortions=[blur],
            kept=False, drop_reason="merged",
        ),
    ]  # fmt: skip
    record = ImageRecord(image_id="0", uri="0.png", regions=regions, distortions=[blur])
    assert [claim.region_id for claim in claims_of(record, SIDE, SIDE)] == [2, None]
    assert claims_of(record, SIDE, SIDE)[1].inside.all()

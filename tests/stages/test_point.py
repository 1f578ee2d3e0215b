"""Positive points lie in the region, negative ones around it, and words and flags agree with the box."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from manifests.geometry import scale_box
from manifests.masks import box_of_mask, decode_mask, encode_mask
from manifests.records import BoxXYXYPx, Distortion, ImageRecord, PointLabel, Region
from stages.point import PointConfig, PointStage

CONFIGS = st.builds(PointConfig, positives=st.integers(1, 5), negatives=st.integers(0, 4))
MASKS = st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
    lambda shape: arrays(np.bool_, shape, fill=st.booleans()).filter(lambda inside: bool(inside.any()))
)


def region(box: BoxXYXYPx, **fields: object) -> Region:
    return Region(
        **{"region_id": 7, "label": "cat", "phrase": "black cat", "source": "detector", **fields}, box_xyxy_px=box
    )


def masked(inside: np.ndarray) -> Region:
    mask = encode_mask(inside)
    return region(box_of_mask(mask), mask=mask)


def pointed(found: Region, width: int, height: int, config: PointConfig | None = None) -> PointLabel:
    row = ImageRecord(image_id="f00d", uri="a.jpg", width=width, height=height, regions=[found])
    (returned,) = PointStage(config)([row])
    assert returned.reason is None
    (label,) = returned.points
    return label


def within(x_px: float, y_px: float, box: BoxXYXYPx) -> bool:
    return box[0] <= x_px <= box[2] and box[1] <= y_px <= box[3]


@given(MASKS, CONFIGS)
def test_points_of_a_mask_are_in_it_or_around_it_as_they_say(inside: np.ndarray, config: PointConfig) -> None:
    height, width = inside.shape
    label = pointed(masked(inside), width, height, config)
    assert label.mask is not None
    decoded = decode_mask(label.mask)
    around = scale_box(label.box_xyxy_px, 2, width, height)
    assert label.points[0].positive
    assert sum(point.positive for point in label.points) <= config.positives
    assert sum(not point.positive for point in label.points) <= config.negatives
    for point in label.points:
        assert decoded[int(point.y * height), int(point.x * width)] == point.positive
        assert within(point.x * width, point.y * height, around)


@given(
    st.tuples(st.integers(50, 20000), st.integers(50, 20000)),
    st.lists(st.integers(0, 999), min_size=2, max_size=2, unique=True).map(sorted),
    st.lists(st.integers(0, 999), min_size=2, max_size=2, unique=True).map(sorted),
    CONFIGS,
)
def test_points_of_a_box_are_in_it_or_around_it_as_they_say(
    size: tuple[int, int], x: list[int], y: list[int], config: PointConfig
) -> None:
    width, height = size
    box = (x[0] * width / 1000, y[0] * height / 1000, x[1] * width / 1000, y[1] * height / 1000)
    label = pointed(region(box), width, height, config)
    assert label.points[0].positive
    for point in label.points:
        x_px, y_px = point.x * width, point.y * height
        assert within(x_px, y_px, box) == point.positive
        assert within(x_px, y_px, scale_box(box, 2, width, height))
    places = [(point.x, point.y) for point in label.points]
    assert len(set(places)) == len(places)


def test_a_region_with_room_gets_three_positives_and_two_negatives() -> None:
    label = pointed(region((40, 40, 60, 60)), 100, 100)
    assert [point.positive for point in label.points] == [True, True, True, False, False]
    assert (label.points[0].x, label.points[0].y) == (0.5, 0.5)


def test_the_first_point_of_a_long_box_is_its_centre() -> None:
    label = pointed(region((10, 20, 90, 30)), 100, 100)
    assert (label.points[0].x, label.points[0].y) == (0.5, 0.25)


def test_the_first_point_of_a_ring_is_in_the_ring_and_a_negative_may_be_in_its_hole() -> None:
    y, x = np.mgrid[:100, :100]
    distance = np.hypot(x - 49.5, y - 49.5)
    ring = (distance < 45) & (distance > 25)
    label = pointed(masked(ring), 100, 100)
    first, *_ = label.points
    assert 33 < np.hypot(first.x * 100 - 50, first.y * 100 - 50) < 37
    negatives = [point for point in label.points if not point.positive]
    assert any(np.hypot(point.x * 100 - 50, point.y * 100 - 50) < 5 for point in negatives)


def test_positives_of_a_box_without_mask_keep_to_its_middle() -> None:
    label = pointed(region((20, 20, 80, 60)), 100, 100)
    positives = [point for point in label.points if point.positive]
    assert all(within(100 * point.x, 100 * point.y, (35, 30, 65, 50)) for point in positives)


def test_points_of_a_mask_keep_away_from_its_edge_as_far_as_they_are_told() -> None:
    inside = np.zeros((100, 100), dtype=bool)
    inside[10:50, 10:90] = True

    def nearest_px(clearance: float) -> float:
        label = pointed(masked(inside), 100, 100, PointConfig(mask_clearance=clearance))
        positives = [(100 * point.x, 100 * point.y) for point in label.points if point.positive]
        assert len(positives) == 3
        return min(min(x - 10, 90 - x, y - 10, 50 - y) for x, y in positives)

    assert nearest_px(0.1) < 5 <= nearest_px(0.25) < 10 <= nearest_px(0.5) < 20


def test_a_region_of_one_pixel_has_one_positive_point_even_in_a_huge_image() -> None:
    inside = np.zeros((3, 30000), dtype=bool)
    inside[1, 12345] = True
    label = pointed(masked(inside), 30000, 3)
    (positive,) = [point for point in label.points if point.positive]
    assert (int(positive.x * 30000), int(positive.y * 3)) == (12345, 1)


def test_the_whole_image_has_no_negative_points_and_is_flagged() -> None:
    label = pointed(region((0, 0, 100, 50)), 100, 50)
    assert label.whole_image
    assert all(point.positive for point in label.points)


def test_a_thin_mask_in_a_box_as_large_as_the_image_is_not_the_whole_image() -> None:
    label = pointed(masked(np.eye(40, dtype=bool)), 40, 40)
    assert not label.whole_image
    assert any(not point.positive for point in label.points)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 0, 10, 10), ("left", "top")),
        ((90, 0, 100, 10), ("right", "top")),
        ((0, 90, 10, 100), ("left", "bottom")),
        ((45, 45, 55, 55), ("right", "bottom")),
    ],
)
def test_position_words_come_from_the_box_centre(box: BoxXYXYPx, words: tuple[str, str]) -> None:
    label = pointed(region(box), 100, 100)
    assert (label.position_horizontal, label.position_vertical) == words


def test_a_label_repeats_what_is_known_of_its_region() -> None:
    noise = Distortion(family="noise", name="noise", severity=2)
    label = pointed(region((10, 10, 30, 30), distortions=[noise]), 100, 100)
    assert (label.id, label.region_id, label.label) == ("f00d-p07", 7, "black cat")
    assert (label.distortions, label.box_xyxy_px, label.mask) == ([noise], (10, 10, 30, 30), None)


def test_dropped_regions_get_no_points() -> None:
    row = ImageRecord(image_id="a", uri="a", width=100, height=100)
    row.regions = [region((0, 0, 10, 10), kept=False, drop_reason="too-small"), region((0, 0, 9, 9), region_id=8)]
    PointStage()([row])
    assert [label.region_id for label in row.points] == [8]


@pytest.mark.parametrize(
    ("found", "fact"),
    [
        (region((10, 10, 10, 30)), "has no area"),
        (region((200, 10, 300, 30)), "outside the 100x100 image"),
        (region((0, 0, 9, 9), mask=encode_mask(np.zeros((100, 100), dtype=bool))), "is empty"),
        (region((0, 0, 9, 9), mask=encode_mask(np.ones((9, 9), dtype=bool))), "mask of 9x9 on an image of 100x100"),
    ],
    ids=["no area", "outside", "empty mask", "mask of another image"],
)
def test_a_region_without_area_fails_the_row_by_its_number(found: Region, fact: str) -> None:
    row = ImageRecord(
        image_id="a", uri="a", width=100, height=100, regions=[region((0, 0, 50, 50), region_id=1), found]
    )
    PointStage()([row])
    assert (row.outcome, row.stage, row.points) == ("failed", "point", [])
    assert row.reason is not None
    assert row.reason.startswith("region #7: ")
    assert fact in row.reason

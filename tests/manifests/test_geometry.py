"""Every coordinate convention comes back to the pixels it came from, within the error that the convention has."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests import geometry
from manifests.records import BoxXYXYPx

SIDES = st.integers(1, 5000)
SIZES = st.tuples(SIDES, SIDES)
UNITS = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


@st.composite
def images_with_boxes(draw: st.DrawFn) -> tuple[BoxXYXYPx, int, int]:
    """A box with area inside an image, edges at 0.01 px as tables hold them; (box, width, height)."""
    width, height = draw(SIZES)
    x = sorted(draw(st.lists(st.integers(0, 100 * width), min_size=2, max_size=2, unique=True)))
    y = sorted(draw(st.lists(st.integers(0, 100 * height), min_size=2, max_size=2, unique=True)))
    return (x[0] / 100, y[0] / 100, x[1] / 100, y[1] / 100), width, height


def shift(first: BoxXYXYPx, second: BoxXYXYPx, width: float, height: float) -> float:
    """Largest distance between equal edges of two boxes, in units of (width, height)."""
    sides = (width, height, width, height)
    return max(abs(a - b) / side for a, b, side in zip(first, second, sides, strict=True))


@given(images_with_boxes())
def test_unit_boxes_come_back(image: tuple[BoxXYXYPx, int, int]) -> None:
    box, width, height = image
    unit = geometry.unit_of_box(box, width, height)
    assert all(0 <= value <= 1 for value in unit)
    assert geometry.box_of_unit(unit, width, height) == pytest.approx(box)


@given(images_with_boxes())
def test_per_mille_boxes_come_back_within_one_step_and_never_close(image: tuple[BoxXYXYPx, int, int]) -> None:
    box, width, height = image
    n1000 = geometry.n1000_of_box(box, width, height)
    assert all(isinstance(value, int) and 0 <= value <= 1000 for value in n1000)
    assert n1000[0] < n1000[2]
    assert n1000[1] < n1000[3]
    assert shift(geometry.box_of_n1000(n1000, width, height), box, width / 1000, height / 1000) < 1 + 1e-6


@given(st.tuples(*[st.integers(0, 1000)] * 4).filter(lambda b: b[0] < b[2] and b[1] < b[3]), SIZES)
def test_per_mille_boxes_of_a_model_survive_the_way_to_pixels_and_back(
    n1000: tuple[int, int, int, int], size: tuple[int, int]
) -> None:
    assert geometry.n1000_of_box(geometry.box_of_n1000(n1000, *size), *size) == n1000


@given(images_with_boxes(), SIZES)
def test_boxes_of_a_resized_image_come_back_within_one_pixel_and_never_close(
    image: tuple[BoxXYXYPx, int, int], resized: tuple[int, int]
) -> None:
    box, width, height = image
    there = geometry.resized_of_box(box, width, height, *resized)
    assert all(isinstance(value, int) for value in there)
    assert 0 <= there[0] < there[2] <= resized[0]
    assert 0 <= there[1] < there[3] <= resized[1]
    back = geometry.box_of_resized(there, width, height, *resized)
    assert shift(back, box, width / resized[0], height / resized[1]) < 1 + 1e-6


@given(UNITS, UNITS, SIZES)
def test_percent_points_come_back_within_half_a_tenth_of_a_percent(
    x_unit: float, y_unit: float, size: tuple[int, int]
) -> None:
    width, height = size
    percent = geometry.percent_of_point(x_unit * width, y_unit * height, width, height)
    assert percent == tuple(round(value, 1) for value in percent)
    x_px, y_px = geometry.point_of_percent(*percent, width, height)
    assert abs(x_px / width - x_unit) <= 0.0005 + 1e-9
    assert abs(y_px / height - y_unit) <= 0.0005 + 1e-9


@given(images_with_boxes())
def test_coco_boxes_come_back(image: tuple[BoxXYXYPx, int, int]) -> None:
    box, _, _ = image
    x, y, wide, high = geometry.xywh_of_box(box)
    assert wide * high == pytest.approx(geometry.area_px(box))
    assert geometry.box_of_xywh((x, y, wide, high)) == pytest.approx(box)


@given(images_with_boxes(), st.integers(1, 40))
def test_grid_cells_cover_the_box_and_no_fewer_would(image: tuple[BoxXYXYPx, int, int], n: int) -> None:
    box, width, height = image
    near, far = geometry.grid_cells_of(box, width, height, n)
    for corner, edge, side in ((near % n, box[0], width), (near // n, box[1], height)):
        assert corner <= edge * n / side + 1e-6
        assert edge * n / side < corner + 1 + 1e-6
    for corner, edge, side in ((far % n, box[2], width), (far // n, box[3], height)):
        assert corner - 1e-6 < edge * n / side
        assert edge * n / side <= corner + 1 + 1e-6


@given(images_with_boxes())
def test_decoding_grid_cells_errs_by_half_a_cell_at_most(image: tuple[BoxXYXYPx, int, int]) -> None:
    box, width, height = image
    back = geometry.box_of_grid_cells(geometry.grid_cells_of(box, width, height), width, height)
    assert shift(back, box, width, height) <= 1 / 40 + 1e-9


@given(st.tuples(*[st.integers(0, 19)] * 4), SIZES)
def test_a_box_made_of_whole_cells_has_exactly_these_cells(corners: tuple[int, ...], size: tuple[int, int]) -> None:
    (left, right), (top, bottom) = sorted(corners[:2]), sorted(corners[2:])
    width, height = size
    edges = (left * width / 20, top * height / 20, (right + 1) * width / 20, (bottom + 1) * height / 20)
    cells = (top * 20 + left, bottom * 20 + right)
    assert geometry.grid_cells_of(geometry.round_box(edges), width, height) == cells


@given(st.tuples(*[st.integers(0, 19)] * 4), SIZES)
def test_grid_cells_survive_the_way_to_pixels_and_back(corners: tuple[int, ...], size: tuple[int, int]) -> None:
    (left, right), (top, bottom) = sorted(corners[:2]), sorted(corners[2:])
    cells = (top * 20 + left, bottom * 20 + right)
    scoring = geometry.box_of_grid_cells_for_scoring(cells, *size)
    assert geometry.area_px(scoring) > 0
    assert geometry.grid_cells_of(scoring, *size) == cells
    if left < right and top < bottom:
        assert geometry.box_of_grid_cells(cells, *size) == scoring


def test_the_whole_image_is_the_whole_grid_and_decodes_to_its_cell_centres() -> None:
    assert geometry.grid_cells_of((0, 0, 640, 480), 640, 480) == (0, 399)
    assert geometry.box_of_grid_cells((0, 399), 1000, 2000) == pytest.approx((25, 50, 975, 1950))


def test_the_papers_figure_decodes_to_its_drawn_boxes() -> None:
    assert geometry.box_of_grid_cells((46, 313), 1, 1) == pytest.approx((0.325, 0.125, 0.675, 0.775))
    assert geometry.box_of_grid_cells((22, 324), 1, 1) == pytest.approx((0.125, 0.075, 0.225, 0.825))


def test_a_box_in_one_cell_decodes_to_a_point_and_scores_as_its_cell() -> None:
    assert geometry.box_of_grid_cells((21, 21), 200, 100) == pytest.approx((15, 7.5, 15, 7.5))
    assert geometry.box_of_grid_cells_for_scoring((21, 21), 200, 100) == pytest.approx((10, 5, 20, 10))


def test_a_box_in_one_row_of_cells_scores_with_the_edges_of_that_row_only() -> None:
    assert geometry.box_of_grid_cells_for_scoring((21, 25), 200, 100) == pytest.approx((15, 5, 55, 10))


def test_a_box_that_leaves_the_image_takes_the_cells_at_the_border() -> None:
    assert geometry.grid_cells_of((-50, -50, 5, 5), 100, 100) == (0, 0)
    assert geometry.grid_cells_of((95, 95, 150, 150), 100, 100) == (399, 399)


@pytest.mark.parametrize("cells", [(-1, 5), (5, 400), (21, 20), (21, 1)])
def test_cells_that_no_box_has_are_refused(cells: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"grid|left of or above"):
        geometry.box_of_grid_cells(cells, 100, 100)


@given(images_with_boxes(), images_with_boxes())
def test_iou_is_symmetric_and_one_only_for_equal_boxes(
    first: tuple[BoxXYXYPx, int, int], second: tuple[BoxXYXYPx, int, int]
) -> None:
    value = geometry.iou(first[0], second[0])
    assert value == geometry.iou(second[0], first[0])
    assert 0 <= value <= 1
    assert geometry.iou(first[0], first[0]) == pytest.approx(1)


def test_boxes_that_only_touch_share_nothing() -> None:
    assert geometry.iou((0, 0, 10, 10), (10, 0, 20, 10)) == 0
    assert geometry.iou((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)


@given(st.lists(images_with_boxes(), min_size=1, max_size=4))
def test_an_enclosing_box_holds_every_box(images: list[tuple[BoxXYXYPx, int, int]]) -> None:
    boxes = [box for box, _, _ in images]
    around = geometry.enclosing_box(boxes)
    assert all(geometry.intersection_px(around, box) == pytest.approx(geometry.area_px(box)) for box in boxes)


@given(images_with_boxes())
def test_a_box_twice_as_large_holds_the_box_and_stays_in_the_image(image: tuple[BoxXYXYPx, int, int]) -> None:
    box, width, height = image
    twice = geometry.scale_box(box, 2, width, height)
    assert twice[0] <= box[0] < box[2] <= twice[2] <= width
    assert twice[1] <= box[1] < box[3] <= twice[3] <= height


def test_position_words_follow_the_box_centre() -> None:
    assert geometry.position_horizontal((0, 0, 99, 10), 100) == "left"
    assert geometry.position_horizontal((1, 0, 99, 10), 100) == "right"
    assert geometry.position_vertical((0, 0, 10, 99), 100) == "top"
    assert geometry.position_vertical((0, 0, 10, 100), 100) == "bottom"


@pytest.mark.parametrize(
    "box",
    [(5, 5, 5, 9), (5, 5, 9, 5), (9, 5, 5, 9), (math.nan, 0, 1, 1), (0, 0, math.inf, 1)],
    ids=["no width", "no height", "swapped", "nan", "infinite"],
)
@pytest.mark.parametrize(
    "convert",
    [
        lambda box: geometry.clip_box(box, 10, 10),
        geometry.area_px,
        lambda box: geometry.iou(box, (0, 0, 1, 1)),
        lambda box: geometry.enclosing_box([(0, 0, 1, 1), box]),
        lambda box: geometry.unit_of_box(box, 10, 10),
        lambda box: geometry.box_of_unit(box, 10, 10),
        lambda box: geometry.n1000_of_box(box, 10, 10),
        lambda box: geometry.box_of_n1000(box, 10, 10),
        lambda box: geometry.resized_of_box(box, 10, 10, 5, 5),
        lambda box: geometry.box_of_resized(box, 10, 10, 5, 5),
        geometry.xywh_of_box,
        lambda box: geometry.grid_cells_of(box, 10, 10),
        lambda box: geometry.position_horizontal(box, 10),
    ],
)
def test_a_box_without_area_or_not_finite_is_refused(convert: object, box: BoxXYXYPx) -> None:
    assert callable(convert)
    with pytest.raises(ValueError, match=r"has no area|is not finite"):
        convert(box)


def test_a_box_outside_the_image_is_refused_with_both_facts() -> None:
    with pytest.raises(ValueError, match=r"\(12, 0, 15, 5\) lies outside the 10x10 image"):
        geometry.grid_cells_of((12, 0, 15, 5), 10, 10)


def test_values_outside_a_convention_are_refused() -> None:
    with pytest.raises(ValueError, match="0-1000"):
        geometry.box_of_n1000((0, 0, 500, 1001), 10, 10)
    with pytest.raises(ValueError, match="0-100"):
        geometry.point_of_percent(101, 5, 10, 10)
    with pytest.raises(ValueError, match="no area"):
        geometry.round_box((1.001, 1, 1.002, 2))
    with pytest.raises(ValueError, match="not positive"):
        geometry.unit_of_box((0, 0, 1, 1), 0, 10)

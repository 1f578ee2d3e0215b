"""Cells into areas: what is reported, as what, and where."""

from __future__ import annotations

import numpy as np
import pytest

from manifests.vocabulary import Family
from stages.measure.areas import strongest_first, united
from stages.measure.growth import Area, GrowthLimits, grow, without_echoes
from stages.measure.phrases import area_phrase, place
from stages.measure.severity import FamilyGrid, graded
from stages.measure.summary import coverage

LIMITS = GrowthLimits()


def grid(
    family: Family, *, severity: float = 3.0, rows: slice = slice(5, 11), columns: slice = slice(5, 11)
) -> FamilyGrid:
    values = np.zeros((20, 20), np.float32)
    values[rows, columns] = severity
    return FamilyGrid(family, values, np.ones((20, 20), bool))


def test_a_patch_of_cells_is_one_area_with_their_mean_severity():
    growth = grow(grid("noise"), LIMITS)
    (area,) = growth.areas
    assert area.cells.sum() == 36
    assert area.severity == pytest.approx(3)
    assert growth.whole_image is None


def test_scattered_cells_and_threads_are_no_area():
    sparse = FamilyGrid("noise", np.zeros((20, 20), np.float32), np.ones((20, 20), bool))
    sparse.severity[::3, ::3] = 4
    assert grow(sparse, LIMITS).areas == []
    assert grow(grid("noise", rows=slice(4, 5)), LIMITS).areas == []


def test_a_large_majority_of_the_judgeable_cells_is_the_image():
    growth = grow(grid("noise", rows=slice(0, 16), columns=slice(0, 20)), LIMITS)
    assert growth.whole_image == pytest.approx(3)
    assert growth.areas == []


def test_gaps_close_over_cells_that_cannot_be_judged():
    holed = grid("noise")
    holed.severity[7:9, 7] = 0
    holed.judgeable[7:9, 7] = False
    (area,) = grow(holed, LIMITS).areas
    assert area.cells[7:9, 7].all()
    assert grow(holed, LIMITS).severity[7:9, 7].min() > 0


def test_a_background_out_of_focus_is_no_flaw_but_a_blurred_patch_inside_what_is_sharp_is():
    assert grow(grid("blur", rows=slice(0, 8), columns=slice(0, 20)), LIMITS).areas == []
    assert len(grow(grid("blur"), LIMITS).areas) == 1


def test_a_blurred_patch_in_a_picture_with_other_blurred_parts_is_depth_of_field():
    both = grid("blur")
    both.severity[14:20, :] = 4
    assert grow(both, LIMITS).areas == []


def test_a_white_backdrop_that_holds_the_corners_is_not_overexposed():
    backdrop = grid("brighten", rows=slice(0, 20), columns=slice(0, 20))
    backdrop.severity[3:18, 2:18] = 0
    limits = LIMITS.model_copy(update={"min_filled": 0.1})
    assert grow(backdrop, limits).areas == []
    assert len(grow(grid("brighten", rows=slice(0, 6), columns=slice(0, 20)), limits).areas) == 1


def test_other_signs_of_a_compressed_file_are_dropped():
    growths = [grow(grid("pixelate"), LIMITS), grow(grid("noise"), LIMITS)]
    assert [len(each.areas) for each in without_echoes(growths, {"compression"})] == [0, 1]
    assert [len(each.areas) for each in without_echoes(growths, set())] == [1, 1]


def test_areas_of_two_families_in_one_place_are_one_group_strongest_first():
    def area(family: Family, severity: float, columns: slice) -> Area:
        cells = np.zeros((20, 20), bool)
        cells[5:10, columns] = True
        return Area(family, cells, severity)

    blur, noise, far = area("blur", 2, slice(3, 8)), area("noise", 4, slice(4, 8)), area("noise", 3, slice(12, 17))
    assert [[each.family for each in group] for group in united([blur, noise, far], 0.5)] == [
        ["noise", "blur"],
        ["noise"],
    ]
    assert strongest_first([]) == []


def test_severity_starts_at_the_first_step_and_ends_at_five():
    steps = (10.0, 20.0, 30.0, 40.0, 50.0)
    values = np.array([9.9, 10, 25, 50, 500], np.float32)
    assert graded(values, steps).tolist() == [0, 1, 2.5, 5, 5]


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 0, 30, 30), "in the upper left"),
        ((35, 35, 65, 65), "in the centre"),
        ((80, 40, 100, 60), "on the right"),
        ((40, 80, 60, 100), "at the bottom"),
        ((70, 70, 100, 100), "in the lower right"),
    ],
)
def test_places_are_the_nine_thirds(box: tuple[float, float, float, float], words: str):
    assert place(box, 100, 100) == words


def test_two_areas_in_one_place_have_different_phrases():
    box = (0.0, 0.0, 30.0, 30.0)
    first = area_phrase(box, 100, 100, [])
    assert (first, area_phrase(box, 100, 100, [first])) == ("area in the upper left", "other area in the upper left")


def test_coverage_is_the_share_of_each_cell():
    weights = coverage((5.0, 0.0, 20.0, 10.0), 200, 200)
    assert weights[0, :3].tolist() == [0.5, 1.0, 0.0]
    assert weights.sum() == pytest.approx(1.5)

"""Which trainings an ablation is made of."""

from __future__ import annotations

import itertools

import pytest

from annotate.ablate.points import budgets_of, named_data, points_of, scales_of, seeds_of, subset, varied_of
from manifests.errors import InputError


def test_each_smaller_subset_is_part_of_each_larger_one() -> None:
    ids = [f"{number * 7919 % 1000:03d}" for number in range(100)]
    subsets = [subset(ids, scale) for scale in (0.0625, 0.125, 0.25, 0.5, 1)]
    assert [len(found) for found in subsets] == [7, 13, 25, 50, 100]
    for smaller, larger in itertools.pairwise(subsets):
        assert smaller < larger


def test_points_are_all_combinations_with_names_of_their_own_smallest_scales_first() -> None:
    points = points_of(
        ["raw", "refined"], [1, 0.5], budgets_of("both"), seeds_of("0,1"), varied_of(["boxes=grid,grid:10"])
    )
    assert len(points) == len({point.name for point in points}) == 2 * 2 * 2 * 2 * 2
    assert [point.scale for point in points[:16]] == [0.5] * 16


def test_data_sets_have_names_and_a_path_with_an_equals_sign_is_still_a_path() -> None:
    assert named_data(["raw=a", "refined=b", "raw=c"]) == {"raw": ["a", "c"], "refined": ["b"]}
    assert named_data(["runs/a", "/tmp/x=1/run"]) == {"data": ["runs/a", "/tmp/x=1/run"]}


@pytest.mark.parametrize(
    ("read", "text", "fact"),
    [
        (scales_of, "half", "should read like"),
        (scales_of, "0.5,0.5", "stands once"),
        (scales_of, "0,1", "above 0"),
        (seeds_of, "0,x", "--seeds"),
        (budgets_of, "time", "steps, epochs or both"),
        (lambda text: varied_of([text]), "colour=red", "--vary"),
        (lambda text: varied_of([text]), "tasks=all", "des, vqa or both"),
    ],
)
def test_words_that_say_nothing_are_one_line(read: object, text: str, fact: str) -> None:
    with pytest.raises(InputError, match=fact):
        read(text)  # type: ignore[operator]

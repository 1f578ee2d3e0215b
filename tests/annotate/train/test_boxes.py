"""Boxes in texts, in every form that a model may be taught."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.train.boxes import BoxForm
from manifests.errors import InputError
from manifests.geometry import grid_cells_of, iou
from manifests.markup import format_grid_link
from manifests.records import BoxXYXYPx

WIDTH, HEIGHT = 400, 200
DOG: BoxXYXYPx = (100.0, 50.0, 220.0, 150.0)
SKY: BoxXYXYPx = (0.0, 0.0, 400.0, 60.0)
CELLS = {name: grid_cells_of(box, WIDTH, HEIGHT) for name, box in (("dog", DOG), ("sky", SKY))}
TEXT = (
    f"The {format_grid_link('dog', [CELLS['dog']])} and {format_grid_link('both', [CELLS['sky'], CELLS['dog']])} blur."
)

boxes = st.tuples(st.integers(0, 380), st.integers(0, 180), st.integers(8, 400), st.integers(8, 200)).map(
    lambda box: (
        float(box[0]),
        float(box[1]),
        float(min(box[0] + box[2], WIDTH)),
        float(min(box[1] + box[3], HEIGHT)),
    )
)


@pytest.mark.parametrize("word", ["grid", "grid:10", "grid:40", "continuous"])
def test_a_form_is_what_its_word_says(word: str) -> None:
    assert str(BoxForm.parse(word)) == word


def test_twenty_cells_a_side_are_the_form_of_the_tables() -> None:
    assert BoxForm.parse("grid:20").as_stored
    assert BoxForm.parse("grid:20").rewrite(TEXT, [DOG, SKY], WIDTH, HEIGHT) == TEXT


@pytest.mark.parametrize("word", ["grid:0", "grid:1001", "grid:", "grid:x", "corners", ""])
def test_a_word_that_names_no_form_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="--boxes"):
        BoxForm.parse(word)


def test_corners_stand_where_the_ids_stood() -> None:
    said = BoxForm.parse("continuous").rewrite(TEXT, [DOG, SKY], WIDTH, HEIGHT)
    dog, sky = "<0.250, 0.250, 0.550, 0.750>", "<0.000, 0.000, 1.000, 0.300>"
    assert said == f"The [dog]({dog}) and [both]({sky}, {dog}) blur."


def test_another_grid_has_other_ids() -> None:
    said = BoxForm.parse("grid:2").rewrite("A " + format_grid_link("dog", [CELLS["dog"]]), [DOG], WIDTH, HEIGHT)
    assert said == "A [dog](<0, 3>)"


@given(boxes)
def test_corners_read_back_are_the_box_to_a_thousandth(box: BoxXYXYPx) -> None:
    form = BoxForm.parse("continuous")
    text = format_grid_link("it", [grid_cells_of(box, WIDTH, HEIGHT)])
    ((label, (read,)),) = form.boxes_in(form.rewrite(text, [box], WIDTH, HEIGHT), WIDTH, HEIGHT)
    assert label == "it"
    assert all(abs(one - other) <= 0.001 * max(WIDTH, HEIGHT) for one, other in zip(read, box, strict=True))


@given(boxes)
def test_a_finer_grid_reads_back_closer(box: BoxXYXYPx) -> None:
    text = format_grid_link("it", [grid_cells_of(box, WIDTH, HEIGHT)])
    found = {}
    for word in ("grid:5", "grid:200"):
        form = BoxForm.parse(word)
        ((_, (read,)),) = form.boxes_in(form.rewrite(text, [box], WIDTH, HEIGHT), WIDTH, HEIGHT)
        found[word] = iou(read, box)
    assert found["grid:200"] >= found["grid:5"] - 1e-9


def test_the_box_that_is_named_first_is_the_one_that_is_meant() -> None:
    inside = (101.0, 51.0, 219.0, 149.0)
    assert grid_cells_of(inside, WIDTH, HEIGHT) == CELLS["dog"]
    text = format_grid_link("dog", [CELLS["dog"]])
    said = BoxForm.parse("continuous").rewrite(text, [inside, DOG], WIDTH, HEIGHT)
    assert said == "[dog](<0.253, 0.255, 0.547, 0.745>)"


def test_ids_on_which_no_region_lies_are_an_error() -> None:
    with pytest.raises(ValueError, match="no region of the image lies on"):
        BoxForm.parse("grid:10").rewrite(TEXT, [DOG], WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "text",
    [
        "[dog](<0.1, 0.2, 0.1, 0.4>)",
        "[dog](<0.1, 0.2, 0.3>)",
        "[dog](<3, 40>)",
        "a stray [bracket",
        "[dog](<0.1, 0.2, 1.3, 0.4>)",
    ],
)
def test_what_is_no_corner_link_is_malformed(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        BoxForm.parse("continuous").boxes_in(text, WIDTH, HEIGHT)

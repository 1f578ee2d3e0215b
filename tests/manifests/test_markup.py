"""Links are read strictly, written exactly, and never lose a character of the prose around them."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from manifests.geometry import GRID_SIDE, grid_cells_of
from manifests.markup import (
    GridLink,
    Link,
    MarkupError,
    format_grid_link,
    parse_grid_links,
    parse_links,
    plain,
    safe_label,
    strip_grid_links,
    to_grid_text,
)

PAPER_TEXTS = (
    (
        "The texture of the [tower](<35, 319>) is rich, the details of the [stones](<240, 399>) and the "
        "[water surface](<160, 299>) give an excellent overall quality."
    ),
    (
        "The [bicycle](<6, 399>) is in focus; the [buildings](<60, 230>, <111, 219>), and "
        "[vegetation](<160, 248>, <260, 387>) are not."
    ),
    "Is the texture of the [candles](<33, 354>, <22, 324>) clear and distinguishable?",
    "Is the lighting of the [background](<0, 388>) sufficient?",
    "How clear is the texture of the [numeric-shaped candles](<46, 313>)?",
    "Why is the [dog](<142, 309>) in the image not clear?",
    "The [window](<10, 399>).",
)
"""The data figure of Grounding-IQA (figs/Dataset.png of its repository): every link with its exact tokens."""

PROSE = st.text(st.characters(exclude_characters="[]#<>", exclude_categories=("Cs",)), max_size=12)
LABELS = PROSE.filter(lambda words: bool(words.strip()))
REGION_IDS = st.lists(st.integers(1, 99), min_size=1, max_size=3, unique=True)
CORNERS = st.tuples(*[st.integers(0, GRID_SIDE - 1)] * 4)
CELLS = CORNERS.map(
    lambda c: (min(c[0], c[1]) * GRID_SIDE + min(c[2], c[3]), max(c[0], c[1]) * GRID_SIDE + max(c[2], c[3]))
)
BOXES = {number: (number / 2, number / 3, number + 30.0, number + 20.0) for number in range(1, 100)}


def test_the_fourteen_boxes_of_the_paper_parse_and_print_exactly() -> None:
    links = [link for text in PAPER_TEXTS for link in parse_grid_links(text)]
    assert sum(len(link.cells) for link in links) == 14
    for text in PAPER_TEXTS:
        for link in parse_grid_links(text):
            assert text[link.start : link.end] == format_grid_link(link.label, link.cells)


def test_the_papers_texts_read_well_without_their_boxes() -> None:
    assert strip_grid_links(PAPER_TEXTS[4]) == "How clear is the texture of the numeric-shaped candles?"
    assert strip_grid_links(PAPER_TEXTS[6]) == "The window."


@given(st.lists(st.tuples(PROSE, LABELS, REGION_IDS), max_size=4), PROSE)
def test_links_are_found_where_they_were_written(parts: list[tuple[str, str, list[int]]], tail: str) -> None:
    text, expected = "", []
    for before, label, numbers in parts:
        written = f"[{label}]({', '.join(f'#{number}' for number in numbers)})"
        start = len(text) + len(before)
        expected.append(Link(start, start + len(written), label, tuple(numbers)))
        text += before + written
    assert parse_links(text + tail) == expected


@given(st.lists(st.tuples(PROSE, LABELS, REGION_IDS), max_size=4), PROSE)
def test_plain_text_keeps_every_word_and_its_spans_cover_the_labels(
    parts: list[tuple[str, str, list[int]]], tail: str
) -> None:
    text = "".join(f"{before}[{label}]({','.join(f'#{n}' for n in numbers)})" for before, label, numbers in parts)
    without, spans = plain(text + tail)
    assert without == "".join(before + label for before, label, _ in parts) + tail
    assert [without[span.start : span.end] for span in spans] == [label for _, label, _ in parts]
    assert [span.region_ids for span in spans] == [numbers for _, _, numbers in parts]


@given(st.lists(st.tuples(PROSE, LABELS, REGION_IDS), max_size=4), PROSE)
def test_grid_text_has_the_same_words_and_the_cells_of_the_boxes(
    parts: list[tuple[str, str, list[int]]], tail: str
) -> None:
    text = "".join(f"{before}[{label}]({', '.join(f'#{n}' for n in numbers)})" for before, label, numbers in parts)
    grid_text = to_grid_text(text + tail, BOXES, 200, 150)
    assert strip_grid_links(grid_text) == plain(text + tail)[0]
    for link, (_, label, numbers) in zip(parse_grid_links(grid_text), parts, strict=True):
        assert link.label == label
        assert link.cells == tuple(sorted({grid_cells_of(BOXES[number], 200, 150) for number in numbers}))


@given(LABELS, st.lists(CELLS, min_size=1, max_size=4))
def test_a_printed_grid_link_parses_back(label: str, cells: list[tuple[int, int]]) -> None:
    written = format_grid_link(label, cells)
    assert parse_grid_links(written) == [GridLink(0, len(written), label, tuple(cells))]


@given(st.text(max_size=40))
def test_a_safe_label_is_always_readable_and_stays_as_it_is(words: str) -> None:
    assume(re.search(r"[^\s\[\]#<>]", words.replace("\x1f", " ")))
    label = safe_label(words)
    assert safe_label(label) == label
    assert [link.label for link in parse_links(f"[{label}](#1)")] == [label]
    assert strip_grid_links(format_grid_link(label, [(0, 399)])) == label


def test_brackets_of_a_label_become_round() -> None:
    assert safe_label(" sign [EXIT]\n#4 ") == "sign (EXIT) 4"


def test_a_label_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="no words"):
        safe_label(" # ")


def test_boxes_stand_in_reading_order_and_once() -> None:
    boxes = {
        1: (50.0, 50.0, 60.0, 60.0),
        2: (0.0, 50.0, 10.0, 60.0),
        3: (50.0, 0.0, 60.0, 10.0),
        4: (50.0, 0.0, 59.0, 9.0),
    }
    assert to_grid_text("[cups](#1, #2, #3, #4)", boxes, 100, 100) == "[cups](<10, 31>, <200, 221>, <210, 231>)"


@pytest.mark.parametrize(
    ("text", "position", "fact"),
    [
        ("a [bus (#3)", 2, "well-formed"),
        ("a [bus] (#3)", 2, "well-formed"),
        ("a bus (#3)", 7, "well-formed"),
        ("a bus] here", 5, "well-formed"),
        ("a [bus](#3, <1, 2>)", 2, "well-formed"),
        ("a [bus](<1, 2>)", 2, "well-formed"),
        ("a bus <1, 2>", 6, "well-formed"),
        ("a [red [bus](#1)](#2)", 2, "well-formed"),
        ("a [bus](#three)", 2, "well-formed"),
        ("a [bus #3](#3)", 7, "well-formed"),
        ("a [](#3)", 3, "empty label"),
        ("a [  ](#3)", 3, "empty label"),
        ("a [bus](#0)", 8, "numbered from #1"),
        ("a [bus](#3, #3)", 8, "twice"),
    ],
)
def test_a_malformed_internal_link_is_named_with_its_position(text: str, position: int, fact: str) -> None:
    for read in (parse_links, plain, lambda words: to_grid_text(words, BOXES, 200, 150)):
        with pytest.raises(MarkupError, match=fact) as caught:
            read(text)
        assert caught.value.position == position
        assert f"character {position}:" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "position", "fact"),
    [
        ("a [bus](<1, 2>", 2, "well-formed"),
        ("a [bus](1, 2)", 2, "well-formed"),
        ("a [bus](<1, 2, 3>)", 2, "well-formed"),
        ("a bus <1, 2>", 6, "well-formed"),
        ("a [bus](#3)", 2, "well-formed"),
        ("a [](<1, 2>)", 3, "empty label"),
        ("a [bus](<1, 400>)", 8, "not on the 20x20 grid"),
        ("a [bus](<45, 21>)", 8, "left of or above"),
        ("a [bus](<5, 21>)", 8, "left of or above"),
    ],
)
def test_a_malformed_grid_link_is_named_with_its_position(text: str, position: int, fact: str) -> None:
    for read in (parse_grid_links, strip_grid_links):
        with pytest.raises(MarkupError, match=fact) as caught:
            read(text)
        assert caught.value.position == position


def test_an_error_keeps_its_position_on_the_way_between_processes() -> None:
    with pytest.raises(MarkupError) as caught:
        parse_links("a bus]")
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.position, str(copied)) == (5, str(caught.value))


def test_a_region_without_a_box_is_named() -> None:
    with pytest.raises(MarkupError, match="region #9 has no box"):
        to_grid_text("the [bus](#9)", {3: (0.0, 0.0, 1.0, 1.0)}, 10, 10)


@pytest.mark.parametrize(
    ("label", "cells", "fact"),
    [
        ("[bus]", [(1, 2)], "well-formed"),
        ("", [(1, 2)], "empty label"),
        ("bus", [], "at least one box"),
        ("bus", [(2, 1)], "left of or above"),
    ],
)
def test_a_link_that_would_not_parse_is_not_printed(label: str, cells: list[tuple[int, int]], fact: str) -> None:
    with pytest.raises(ValueError, match=fact):
        format_grid_link(label, cells)

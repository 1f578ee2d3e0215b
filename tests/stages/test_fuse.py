"""Reports become descriptions with boxes, or the row fails and says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.geometry import grid_cells_of
from manifests.markup import parse_grid_links, strip_grid_links
from manifests.records import Claim, Description, ImageRecord, Passage, Region, Report, Span
from stages.fuse import Fuse

QUESTION = "How good is this picture?"


def region(number: int, kept: bool = True) -> Region:
    box = (20.0 * number, 10.0 * number, 20.0 * number + 30, 10.0 * number + 25)
    return Region(
        region_id=number,
        label="bus",
        phrase="bus",
        box_xyxy_px=box,
        source="detector",
        kept=kept,
        drop_reason=None if kept else "over-limit",
    )


def fused(*passages: Passage) -> ImageRecord:
    row = ImageRecord(
        image_id="f00d",
        uri="a.jpg",
        width=200,
        height=100,
        regions=[region(1), region(2, kept=False), region(3), region(4)],
        report=Report(author="grammar-1", passages=list(passages)),
    )
    (returned,) = Fuse()([row])
    return returned


def passage(text: str, **fields: object) -> Passage:
    return Passage(**{"level": "global", "question": QUESTION, "text": text, **fields})


def test_a_passage_becomes_a_description_with_boxes_spans_and_contradicted_claims() -> None:
    row = fused(
        passage(
            "The [red bus](#3) is sharp, the [others](#4, #1) are not.",
            claims=[
                Claim(region_ids=[3], family="blur", present=False, text="the red bus is sharp"),
                Claim(region_ids=[4, 1], family="blur", present=True, text="the others are not", contradicted=True),
            ],
        ),
        passage("A second look.", level="local"),
    )
    assert row.outcome is None
    assert row.descriptions == [
        Description(
            id="f00d-d01",
            level="global",
            question=QUESTION,
            answer="The [red bus](<126, 208>) is sharp, the [others](<42, 124>, <168, 250>) are not.",
            answer_plain="The red bus is sharp, the others are not.",
            spans=[Span(start=4, end=11, region_ids=[3]), Span(start=26, end=32, region_ids=[4, 1])],
            region_ids=[3, 4, 1],
            contradicted=["the others are not"],
            author="grammar-1",
        ),
        Description(
            id="f00d-d02",
            level="local",
            question=QUESTION,
            answer="A second look.",
            answer_plain="A second look.",
            author="grammar-1",
        ),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "The ", " and the "]), st.sampled_from([[1], [3, 4], [4, 1, 3]])), max_size=4
    )
)
def test_boxes_of_a_description_are_the_cells_of_its_regions(parts: list[tuple[str, list[int]]]) -> None:
    text = "".join(f"{words}[bus](#{', #'.join(map(str, numbers))})" for words, numbers in parts) + "."
    (description,) = fused(passage(text)).descriptions
    assert strip_grid_links(description.answer) == description.answer_plain
    links = parse_grid_links(description.answer)
    assert [span.region_ids for span in description.spans] == [numbers for _, numbers in parts]
    for link, (_, numbers) in zip(links, parts, strict=True):
        assert set(link.cells) == {grid_cells_of(region(number).box_xyxy_px, 200, 100) for number in numbers}
    for span in description.spans:
        assert description.answer_plain[span.start : span.end] == "bus"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The [bus](#9) is dark.", "passage 2: region #9 does not exist"),
        ("The [bus](#2) is dark.", "passage 2: region #2 is not kept (over-limit)"),
        ("The [bus](#1 is dark.", "passage 2: character 4: '[' is not part of a well-formed link"),
        ("The bus (#1) is dark.", "passage 2: character 9: '#1' is not part of a well-formed link"),
        ("The [bus](<1, 22>) is dark.", "passage 2: character 4: '[' is not part of a well-formed link"),
        ("  ", "passage 2: the question or the text is empty"),
    ],
)
def test_a_passage_that_cannot_be_fused_fails_the_whole_row_with_the_reason(text: str, reason: str) -> None:
    row = fused(passage("The [bus](#1) is bright."), passage(text))
    assert (row.outcome, row.stage, row.descriptions) == ("failed", "fuse", [])
    assert row.reason is not None
    assert row.reason.startswith(reason)


def test_a_report_without_passages_fails_the_row() -> None:
    row = fused()
    assert (row.outcome, row.reason) == ("failed", "the report has no passages")


def test_a_failed_row_does_not_touch_its_neighbours() -> None:
    rows = [
        ImageRecord(image_id=name, uri=name, width=100, height=100, report=report)
        for name, report in (("a", None), ("b", Report(author="x", passages=[passage("Fine.")])))
    ]
    Fuse()(rows)
    assert [row.outcome for row in rows] == ["failed", None]
    assert [len(row.descriptions) for row in rows] == [0, 1]

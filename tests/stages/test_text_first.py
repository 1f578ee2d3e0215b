"""Behind the filter, text-first: boxes of a phrase merge, claims are checked, links stand at the first mention."""

from __future__ import annotations

from typing import Any

import pytest

from manifests.records import Attributes, BoxXYXYPx, ImageRecord, Region
from stages.check import Check, CheckConfig
from stages.describe.pools import FORMAT_HINTS
from stages.extract import Extract
from stages.fuse import Fuse, FuseConfig
from stages.merge import Merge, MergeConfig

SHARP = Attributes(sharpness=0.85, noise=0.5, luminance=0.5, overexposed=0.0, underexposed=0.0, texture=0.8)


def region(number: int, box: BoxXYXYPx, **fields: Any) -> Region:
    said = {"attributes": SHARP, "detector_score": 0.9, **fields}
    return Region(region_id=number, label="dog", phrase="dog", box_xyxy_px=box, source="detector", **said)


def row_of(*texts: str, boxes: dict[str, list[BoxXYXYPx]]) -> ImageRecord:
    """An image with given texts, read by the grammar, whose phrases have boxes by label."""
    row = ImageRecord(image_id="f00d", uri="a.jpg", width=1000, height=1000, texts=list(texts))
    row.attributes = SHARP
    (row,) = Extract()([row])
    for phrase in row.wanted_phrases():
        for box in boxes.get(phrase.label, []):
            row.regions.append(region(row.next_region_id(), box))
            phrase.region_ids.append(row.regions[-1].region_id)
        if not phrase.region_ids:
            phrase.drop("detect", "no-box")
    return row


def test_touching_boxes_of_one_phrase_merge_and_those_of_two_do_not() -> None:
    touching: list[BoxXYXYPx] = [(0, 0, 100, 100), (100, 0, 200, 100)]
    row = row_of("The dogs are sharp.", "The dogs are dark.", boxes={"dogs": touching})
    before = row.model_copy(deep=True)
    (row,) = Merge()([row])
    assert [each.region_id for each in row.kept_regions()] == [5, 6]
    assert {each.box_xyxy_px for each in row.kept_regions()} == {(0, 0, 200, 100)}
    assert [phrase.region_ids for phrase in row.phrases] == [[1, 2, 5], [3, 4, 6]]
    Merge().undo(row)
    assert row == before


def test_where_the_recipe_says_so_touching_boxes_of_a_phrase_stay_two() -> None:
    row = row_of("The dogs are sharp.", boxes={"dogs": [(0, 0, 100, 100), (100, 0, 200, 100)]})
    (row,) = Merge(MergeConfig(touching=()))([row])
    assert len(row.kept_regions()) == 2


def test_claims_of_a_text_are_checked_against_its_boxes_and_the_image() -> None:
    row = row_of("The dog is blurred and well exposed. The picture is underexposed.", boxes={"dog": [(0, 0, 500, 500)]})
    before = row.model_copy(deep=True)
    (row,) = Check()([row])
    assert row.report is not None
    claims = row.report.passages[0].claims
    assert [(claim.family, claim.present, claim.region_ids, claim.contradicted) for claim in claims] == [
        ("blur", True, [1], True),
        ("brighten", False, [1], False),
        ("darken", False, [1], False),
        ("darken", True, [], True),
    ]
    assert claims[0].text == "dog: blurred"
    assert "sharpness 0.85" in str(claims[0].contradiction)
    assert row.phrases[0].drop_reason is None
    Check().undo(row)
    assert row == before


def test_with_drop_a_contradicted_phrase_loses_its_boxes_and_the_text_stays() -> None:
    text = "The dog is blurred. The cat is sharp."
    row = row_of(text, boxes={"dog": [(0, 0, 500, 500)], "cat": [(500, 0, 900, 500)]})
    (row,) = Check(CheckConfig(drop=True))([row])
    assert [phrase.drop_reason for phrase in row.phrases] == ["contradicted", None]
    (row,) = Fuse()([row])
    assert row.descriptions[0].answer_plain == text
    assert row.descriptions[0].region_ids == [2]
    assert row.descriptions[0].contradicted == ["dog: blurred"]


def test_links_stand_at_first_mentions_in_the_words_of_the_text() -> None:
    text = "A Dog looks up; the dog is sharp, but the cats are dark."
    row = row_of(text, boxes={"Dog": [(0, 0, 500, 500)], "cats": [(500, 0, 900, 500), (500, 500, 900, 900)]})
    (row,) = Fuse()([row])
    (description,) = row.descriptions
    assert description.answer.startswith("A [Dog](<0, 189>) looks up; the dog is sharp, but the [cats](<")
    assert description.answer_plain == text
    assert [(span.start, span.region_ids) for span in description.spans] == [(2, [1]), (42, [2, 3])]
    assert description.question.endswith(FORMAT_HINTS)


def test_a_text_without_boxes_is_kept_or_left_out_as_the_recipe_says() -> None:
    texts = ("The dog is sharp.", "The sky is dark.")
    row = row_of(*texts, boxes={"dog": [(0, 0, 500, 500)]})
    kept = Fuse()([row.model_copy(deep=True)])[0]
    assert [each.answer_plain for each in kept.descriptions] == list(texts)
    assert not kept.descriptions[1].question.endswith(FORMAT_HINTS)
    (row,) = Fuse(FuseConfig(unlinked="drop"))([row])
    assert [(each.id, each.answer_plain) for each in row.descriptions] == [("f00d-d01", texts[0])]


def test_an_image_in_whose_texts_nothing_has_a_box_is_filtered_if_the_recipe_says_so() -> None:
    row = row_of("The sky is dark.", boxes={})
    (row,) = Fuse(FuseConfig(unlinked="drop"))([row])
    assert (row.outcome, row.stage, row.reason) == ("filtered", "fuse", "no description has a box")


@pytest.mark.parametrize("text", ["The dog [is] sharp.", "The dog #1 is sharp.", "The dog is <1, 2> sharp."])
def test_pieces_of_links_in_a_given_text_do_no_harm(text: str) -> None:
    row = row_of(text, boxes={"dog": [(0, 0, 500, 500)]})
    (row,) = Fuse()([row])
    assert row.outcome is None
    assert row.descriptions[0].region_ids in ([], [1])

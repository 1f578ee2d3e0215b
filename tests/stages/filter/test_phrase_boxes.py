"""Text-first: which boxes of a phrase show what the text says of it, by each judge and each option."""

from __future__ import annotations

from typing import Any

import pytest

from manifests.records import Attributes, BoxXYXYPx, Distortion, ImageRecord, Phrase, Region, Score
from stages.filter import Filter, FilterConfig
from stages.filter.by_evidence import freedom
from stages.filter.places import fits_place

SHARP = Attributes(sharpness=0.8, noise=0.5, luminance=0.45, overexposed=0.0, underexposed=0.0)
SOFT = Attributes(sharpness=0.2, noise=0.5, luminance=0.45, overexposed=0.0, underexposed=0.0)
LEFT, RIGHT = (100.0, 300.0, 300.0, 600.0), (700.0, 300.0, 950.0, 700.0)


def region(number: int, box: BoxXYXYPx = LEFT, **fields: Any) -> Region:
    said = {"detector_score": 0.9, "iqa_score": 0.8, "attributes": SHARP, **fields}
    return Region(region_id=number, label="dogs", phrase="dogs", box_xyxy_px=box, source="detector", **said)


def phrase(quality: str, *region_ids: int, **fields: Any) -> Phrase:
    said = {"phrase": "dogs", "label": "dogs", "effect": "positive", "passage": 0, "start": 0, "end": 4, **fields}
    return Phrase(quality=quality, region_ids=list(region_ids), **said)


def filtered(said: Phrase, *regions: Region, agreement: str = "evidence", **options: Any) -> ImageRecord:
    row = ImageRecord(image_id="a", uri="a", width=1000, height=1000, regions=list(regions), phrases=[said])
    row.scores = [Score(metric="evidence", value=0.6, lower_better=False)]
    config = FilterConfig.model_validate({"agreement": agreement, **options})
    return Filter(config)([row])[0]


def fates(row: ImageRecord) -> list[str]:
    return [each.drop_reason or "kept" for each in row.regions]


def test_of_several_boxes_those_stay_in_which_the_words_are_measured() -> None:
    two = (region(1, LEFT), region(2, RIGHT, attributes=SOFT))
    assert fates(filtered(phrase("sharp", 1, 2), *two)) == ["kept", "disagrees-with-claim"]
    two = (region(1, LEFT), region(2, RIGHT, attributes=SOFT))
    assert fates(filtered(phrase("slightly blurred", 1, 2), *two)) == ["disagrees-with-claim", "kept"]


def test_a_recognised_distortion_counts_like_a_measurement() -> None:
    noisy = [Distortion(family="noise", name="noise", severity=3)]
    row = filtered(phrase("noisy", 1, 2), region(1, LEFT, distortions=noisy), region(2, RIGHT))
    assert fates(row) == ["kept", "disagrees-with-claim"]
    assert row.regions[0].agreement == 0.8


def test_a_single_box_is_judged_only_if_the_recipe_says_so() -> None:
    assert fates(filtered(phrase("blurred", 1), region(1))) == ["kept"]
    row = filtered(phrase("blurred", 1), region(1), only_several=False, none_agrees="drop")
    assert fates(row) == ["disagrees-with-claim"]
    assert row.phrases[0].drop_reason == "disagrees-with-claim"


def test_where_no_box_agrees_the_best_one_stays_or_none() -> None:
    boxes = (region(1, LEFT), region(2, RIGHT, attributes=SHARP.model_copy(update={"sharpness": 0.7})))
    assert fates(filtered(phrase("blurred", 1, 2), *boxes)) == ["disagrees-with-claim", "kept"]
    row = filtered(phrase("blurred", 1, 2), region(1, LEFT), region(2, RIGHT), none_agrees="drop")
    assert fates(row) == ["disagrees-with-claim"] * 2
    assert (row.phrases[0].drop_reason, row.phrases[0].dropped_by) == ("disagrees-with-claim", "filter")


def test_by_score_the_words_polarity_meets_the_score_of_the_crop() -> None:
    boxes = (region(1, LEFT, iqa_score=0.95), region(2, RIGHT, iqa_score=0.2))
    assert fates(filtered(phrase("sharp", 1, 2), *boxes, agreement="score")) == ["kept", "disagrees-with-claim"]
    boxes = (region(1, LEFT, iqa_score=0.95), region(2, RIGHT, iqa_score=0.2))
    assert fates(filtered(phrase("overexposed", 1, 2), *boxes, agreement="score")) == ["disagrees-with-claim", "kept"]


def test_by_score_the_effect_stands_in_for_words_that_nobody_knows() -> None:
    boxes = (region(1, LEFT, iqa_score=0.95), region(2, RIGHT, iqa_score=0.2))
    said = phrase("wobbly", 1, 2, effect="negative")
    assert fates(filtered(said, *boxes, agreement="score")) == ["disagrees-with-claim", "kept"]


def test_words_that_say_nothing_measurable_keep_every_box() -> None:
    row = filtered(phrase("acceptable", 1, 2), region(1, LEFT), region(2, RIGHT))
    assert fates(row) == ["kept", "kept"]
    assert [each.agreement for each in row.regions] == [None, None]


def test_boxes_that_cannot_be_pointed_at_go_and_their_phrase_says_so() -> None:
    row = filtered(phrase("sharp", 1, 2), region(1, (0, 0, 5, 400)), region(2, (0, 0, 1000, 1000)))
    assert fates(row) == ["too-small", "whole-image"]
    assert row.phrases[0].drop_reason == "no-fit-box"


def test_what_no_text_speaks_of_is_no_label() -> None:
    assert fates(filtered(phrase("sharp", 1), region(1), region(2, RIGHT))) == ["kept", "not-in-text"]


def test_a_singular_keeps_its_most_salient_box_if_the_recipe_says_so() -> None:
    boxes = (region(1, (0, 0, 100, 100)), region(2, (300, 300, 700, 700)))
    one = phrase("sharp", 1, 2, label="dog")
    assert fates(filtered(one, *boxes, one_for_singular=True)) == ["not-salient", "kept"]
    boxes = (region(1, (0, 0, 100, 100)), region(2, (300, 300, 700, 700)))
    assert fates(filtered(phrase("sharp", 1, 2), *boxes, one_for_singular=True)) == ["kept", "kept"]


def test_a_place_in_the_phrase_rules_out_boxes_elsewhere_if_the_recipe_says_so() -> None:
    said = phrase("sharp", 1, 2, phrase="dogs on the right")
    assert fates(filtered(said, region(1, LEFT), region(2, RIGHT), match_places=True)) == ["elsewhere", "kept"]
    said = phrase("sharp", 1, 2, phrase="dogs on the right")
    assert fates(filtered(said, region(1, LEFT), region(2, RIGHT))) == ["kept", "kept"]


@pytest.mark.parametrize(
    ("words", "box", "fits"),
    [
        ("boat on the left", (0, 0, 30, 30), True),
        ("boat on the left", (70, 0, 100, 30), False),
        ("lamp at the upper right", (60, 0, 90, 30), True),
        ("lamp at the upper right", (60, 70, 90, 100), False),
        ("people in the distance", (0, 40, 10, 60), True),
        ("people in the distance", (0, 0, 10, 90), False),
        ("stones in the foreground", (0, 0, 10, 30), False),
        ("man in the red coat", (0, 0, 10, 30), True),
    ],
)
def test_places(words: str, box: BoxXYXYPx, fits: bool) -> None:
    assert fits_place(words, box, 100, 100) is fits


def test_nothing_is_concluded_from_what_was_not_measured() -> None:
    assert freedom(Attributes(), [], "blur") is None
    assert freedom(Attributes(overexposed=0.0), [], "brighten") == 1


def test_effects_and_words_are_filled_and_can_be_taken_back() -> None:
    before = phrase("sharp", 1, 2), region(1, LEFT), region(2, RIGHT, attributes=SOFT)
    row = filtered(*(each.model_copy(deep=True) for each in before), none_agrees="drop")
    assert [each.effect for each in row.regions] == ["positive", "positive"]
    assert [each.quality for each in row.regions] == ["good", "good"]
    Filter(FilterConfig(agreement="evidence")).undo(row)
    assert (row.phrases[0], *row.regions) == before

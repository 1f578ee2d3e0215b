"""Questions on given texts: what a text says, turned round, left unsaid, or disputed."""

from __future__ import annotations

from collections import Counter

import pytest

from manifests.markup import parse_links
from manifests.records import Attributes, Claim, Distortion, ImageRecord, Region
from stages.extract import Extract
from stages.language.quality_words import lexicon
from stages.language.spoken import blamed_without_boxes, qualities, spoken_of
from stages.language.voice import Voice
from stages.question import Ask, AskConfig
from stages.question.given import OFTEN_SEEN, given_pairs, open_pairs, yes_no_pairs
from stages.question.pair import Pair


def row_of(*texts: str, boxed: tuple[str, ...] = ("dog", "cat", "lamps", "sky")) -> ImageRecord:
    row = ImageRecord(image_id="f00d", uri="a.jpg", width=1000, height=1000, texts=list(texts))
    (row,) = Extract()([row])
    for phrase in row.wanted_phrases():
        if phrase.label not in boxed:
            phrase.drop("detect", "no-box")
            continue
        number = row.next_region_id()
        left = 100.0 * boxed.index(phrase.label)
        box = (left, 100.0, left + 90, 300.0)
        row.regions.append(Region(region_id=number, label="x", phrase="x", box_xyxy_px=box, source="detector"))
        phrase.region_ids = [number]
    return row


def voice() -> Voice:
    return Voice(Ask().random("f00d"))


def closed(row: ImageRecord) -> list[tuple[str, bool | None]]:
    return [(pair.topic, pair.yes) for pair in yes_no_pairs(spoken_of(row), voice()) if not pair.expected]


def opened(row: ImageRecord) -> list[Pair]:
    return open_pairs(spoken_of(row), blamed_without_boxes(row), voice())


def test_blame_is_yes_to_the_flaw_and_no_to_the_virtue() -> None:
    assert closed(row_of("The dog is blurred.")) == [("blur", True), ("blur", False)]


def test_praise_is_no_to_the_flaw_and_yes_to_the_virtue() -> None:
    assert closed(row_of("The dog is sharp.")) == [("blur", False), ("blur", True)]


def test_a_flaw_that_no_text_mentions_is_denied_unless_it_was_measured() -> None:
    row = row_of("The dog is sharp.")
    silent = [pair.topic for pair in yes_no_pairs(spoken_of(row), voice()) if pair.expected]
    assert "noise" in silent
    row.regions[0].attributes = Attributes(noise=9.0)
    row.regions[0].distortions = [Distortion(family="noise", name="noise", severity=3)]
    assert "noise" not in [pair.topic for pair in yes_no_pairs(spoken_of(row), voice()) if pair.expected]


def test_nothing_is_asked_where_two_texts_differ() -> None:
    assert closed(row_of("The dog is sharp.", "The dog is blurred.")) == []
    assert opened(row_of("The dog is sharp.", "The dog is blurred.")) == []


def test_nothing_is_asked_about_a_contradicted_claim() -> None:
    row = row_of("The dog is blurred.")
    assert row.report is not None
    row.report.passages[0].claims = [Claim(region_ids=[1], family="blur", present=True, text="dog", contradicted=True)]
    assert closed(row) == []
    assert opened(row) == []


def test_open_questions_are_answered_in_a_few_words_of_the_text() -> None:
    pairs = {(pair.family, pair.spatial): pair for pair in opened(row_of("The lamps are slightly overexposed."))}
    assert pairs["what", "referring"].answer == "Overexposure."
    assert pairs["why", "referring"].answer == "Because of overexposure."
    assert pairs["how", "referring"].answer == "Slightly overexposed."
    assert pairs["what", "grounding"].answer == "The [lamps](#1)."
    assert "[lamps](#1)" in pairs["why", "referring"].question


def test_where_is_asked_only_if_every_thing_with_the_flaw_has_a_box() -> None:
    def grounded(*texts: str) -> list[str]:
        return [pair.answer for pair in opened(row_of(*texts)) if pair.spatial == "grounding"]

    assert grounded("The dog is dark and the cat is dark.") == ["The [dog](#1) and the [cat](#2)."]
    assert grounded("The dog is dark and the corner is dark.") == []
    assert grounded("The dog is dark. The picture is underexposed.") == []


def test_words_in_front_of_the_noun_and_behind_it_stay_in_the_question() -> None:
    row = row_of("The black dog on the left is sharp.")
    (thing,) = spoken_of(row)
    assert (thing.linked, thing.worded) == ("the black [dog](#1) on the left", "the black dog on the left")


@pytest.mark.parametrize("most", [0, 2, 3, 6, 20])
def test_yes_and_no_are_equal_and_so_are_closed_and_open_questions(most: int) -> None:
    row = row_of("The dog is sharp, the cat is dark.", "The lamps are overexposed and the sky is noisy.")
    pairs = given_pairs(
        spoken_of(row), blamed_without_boxes(row), voice(), most_yes_no=most, most_open=most, equal=True
    )
    answers = Counter(pair.yes for pair in pairs)
    assert answers[True] == answers[False] <= most // 2
    assert answers[None] == answers[True] + answers[False]


def test_the_stage_writes_boxes_and_an_honest_author() -> None:
    row = row_of("The dog is sharp, the cat is dark.")
    (row,) = Ask(AskConfig(backend="given"))([row])
    assert row.questions
    assert {question.author for question in row.questions} == {"templates on given texts"}
    assert all("<" in question.question + question.answer for question in row.questions)
    again = row_of("The dog is sharp, the cat is dark.")
    assert Ask(AskConfig(backend="given"))([again])[0].questions == row.questions


def test_every_word_of_quality_makes_well_formed_questions() -> None:
    for entry in lexicon():
        row = row_of("The dog is sharp.")
        row.phrases[0].quality = " ".join(entry)
        for pair in [*yes_no_pairs(spoken_of(row), voice()), *opened(row)]:
            assert "{" not in pair.question + pair.answer
            assert parse_links(pair.question) or parse_links(pair.answer)
    assert set(OFTEN_SEEN) >= {"blur", "noise"}


def test_degrees_and_negations_stay_with_their_words() -> None:
    assert [said.words for said in qualities("not clear, a little noisy and severely underexposed")] == [
        "not clear",
        "a little noisy",
        "severely underexposed",
    ]

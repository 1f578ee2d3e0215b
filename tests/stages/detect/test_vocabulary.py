"""Which boxes answer what was asked."""

from __future__ import annotations

from manifests.records import ImageRecord, Phrase
from stages.detect.detector import Detection
from stages.detect.vocabulary import (
    Wanted,
    answers_by_label,
    answers_by_prompt,
    confirmed_by_text,
    prompts_of,
    wanted_phrases,
    wanted_words,
)

BOX = (0.0, 0.0, 10.0, 10.0)


def phrase(words: str, label: str, passage: int = 0) -> Phrase:
    return Phrase(phrase=words, label=label, quality="clear", effect="positive", passage=passage, start=0, end=1)


def wanted(*phrases: Phrase) -> list[Wanted]:
    return wanted_phrases(ImageRecord(image_id="0", uri="a.png", phrases=list(phrases)))


def test_words_are_asked_for_once_each_and_keep_their_spelling_as_labels() -> None:
    asked = wanted_words(["Cat", "red bus", "Cat"])
    assert [one.label for one in asked] == ["Cat", "red bus"]
    assert prompts_of(asked) == ["cat", "red bus"]


def test_the_prompt_of_a_phrase_is_the_phrase_and_dropped_phrases_are_not_asked_for() -> None:
    image = phrase("picture", "picture")
    image.drop("extract", "whole-image")
    asked = wanted(phrase("man in the red shirt", "man"), image)
    assert [(one.prompt, one.label, one.words) for one in asked] == [
        ("man in the red shirt", "man", "man in the red shirt")
    ]


def test_the_same_phrase_in_two_texts_is_asked_for_once_and_answered_twice() -> None:
    asked = wanted(phrase("old dog", "dog"), phrase("Old dog", "dog", passage=1))
    assert prompts_of(asked) == ["old dog"]
    answers = answers_by_prompt([Detection("old dog", 0.9, BOX, prompt=0)], asked)
    assert [answer.wanted for answer in answers] == asked


def test_a_box_without_a_prompt_answers_nothing_and_stays() -> None:
    merged = Detection("cat dog", 0.9, BOX, drop_reason="merged-label")
    (answer,) = answers_by_prompt([merged], wanted_words(["cat", "dog"]))
    assert (answer.detection, answer.wanted) == (merged, None)


def test_a_fixed_label_answers_every_phrase_that_may_mean_it() -> None:
    asked = wanted(phrase("woman on the left", "woman"), phrase("men", "men"), phrase("sky", "sky"))
    answers = answers_by_label([Detection("person", 0.9, BOX)], asked)
    assert [answer.wanted for answer in answers] == asked[:2]


def test_a_fixed_label_that_no_word_means_is_dropped_with_the_reason() -> None:
    person, rejected = Detection("person", 0.9, BOX), Detection("kite", 0.3, BOX, drop_reason="not-confirmed")
    answers = answers_by_label([person, rejected], wanted_words(["sky"]))
    assert [answer.detection.drop_reason for answer in answers] == ["not-in-vocabulary", "not-confirmed"]


def test_a_general_word_leaves_the_finer_label() -> None:
    (answer,) = answers_by_label([Detection("bus", 0.9, BOX)], wanted_words(["vehicle"]))
    assert answer.wanted is not None
    assert answer.wanted.label == "bus"


def test_the_text_confirms_the_surest_doubted_box_of_a_phrase_that_has_no_other() -> None:
    asked = wanted(phrase("boat", "boat"), phrase("man", "man"))
    doubted = [
        Detection("person", 0.9, BOX),
        Detection("boat", 0.45, BOX, drop_reason="not-confirmed"),
        Detection("boat", 0.4, BOX, drop_reason="not-confirmed"),
        Detection("person", 0.35, BOX, drop_reason="low-detector-score"),
    ]
    answers = confirmed_by_text(answers_by_label(doubted, asked), min_score=0.3)
    assert [answer.detection.drop_reason for answer in answers] == [None, None, "not-confirmed", "low-detector-score"]


def test_the_text_does_not_confirm_what_is_too_unsure_or_dropped_for_another_reason() -> None:
    asked = wanted(phrase("boat", "boat"))
    doubted = [
        Detection("boat", 0.9, BOX, drop_reason="overlaps-better"),
        Detection("boat", 0.2, BOX, drop_reason="not-confirmed"),
    ]
    answers = confirmed_by_text(answers_by_label(doubted, asked), min_score=0.3)
    assert [answer.detection.drop_reason for answer in answers] == ["overlaps-better", "not-confirmed"]

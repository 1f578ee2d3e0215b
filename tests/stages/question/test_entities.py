"""Boxed entities by number: what a model is shown, and what becomes of what it writes."""

from __future__ import annotations

import pytest

from manifests.markup import parse_links
from manifests.records import Description, Span
from stages.question.entities import Entity, entities_of, linked, listed, names_one_of, numbered_text


def description(text: str, **mentions: list[int]) -> Description:
    """The first mention of each word (underscores are spaces) links its regions."""
    words = {word.replace("_", " "): ids for word, ids in mentions.items()}
    spans = [
        Span(start=text.index(word), end=text.index(word) + len(word), region_ids=ids) for word, ids in words.items()
    ]
    return Description(id="d", level="global", question="?", answer=text, answer_plain=text, spans=spans, author="p")


DOG = Entity(1, "dog", (1,))
LAMPS = Entity(2, "street lamps", (2, 3))


def test_entities_are_what_the_description_links_numbered_from_one() -> None:
    found = entities_of(description("A dog and two street lamps.", dog=[4], street_lamps=[7, 9]))
    assert found == [Entity(1, "dog", (4,)), Entity(2, "street lamps", (7, 9))]


def test_two_mentions_of_the_same_regions_are_one_entity() -> None:
    assert entities_of(description("A dog; the animal is sharp.", dog=[4], animal=[4])) == [Entity(1, "dog", (4,))]


def test_the_model_reads_the_number_behind_the_mention_and_no_box() -> None:
    said = description("The dog is clear {really}.", dog=[4])
    assert numbered_text(said, entities_of(said)) == "The dog {1} is clear (really)."


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Is {1} sharp?", "Is the [dog](#1) sharp?"),
        ("Is the {1} sharp?", "Is the [dog](#1) sharp?"),
        ("Is the dog {1} sharp?", "Is the [dog](#1) sharp?"),
        ("Are these {2} lit?", "Are these [street lamps](#2, #3) lit?"),
        ("Is {1} sharp,?", "Is the [dog](#1) sharp?"),
        ("Are{2}lit?", "Are the [street lamps](#2, #3) lit?"),
        ("{1}'s fur is soft?", "The [dog](#1)'s fur is soft?"),
        ("how clear is {2}?", "How clear is the [street lamps](#2, #3)?"),
    ],
)
def test_a_number_becomes_the_name_with_its_boxes_and_one_article(written: str, expected: str) -> None:
    assert linked(written, [DOG, LAMPS]) == expected
    assert parse_links(expected)


def test_a_name_with_a_possessive_gets_no_article() -> None:
    assert linked("Is {1} blurry?", [Entity(1, "his face", (1,))]) == "Is [his face](#1) blurry?"


def test_an_answer_lists_entities_as_a_sentence() -> None:
    assert listed([DOG, LAMPS]) == "The [dog](#1) and the [street lamps](#2, #3)."


def test_a_question_that_says_the_head_of_a_name_is_seen_to_do_so() -> None:
    assert names_one_of("Which lamp is too bright?", [LAMPS])
    assert names_one_of("What are the areas like?", [Entity(1, "area in the upper left", (1,))])
    assert not names_one_of("What on the left is dark?", [Entity(1, "area in the upper left", (1,))])

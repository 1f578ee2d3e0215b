"""A model's triples against the text: the nearest mention, the text's own words, reasons for what is left out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from manifests.vocabulary import Effect, PhraseDropReason
from stages.extract.phrases import TripleRules, phrases_of
from stages.extract.triples import Triple, Triples, mention_of, said_in, triples_shape

TEXT = (
    "The red cars on the left are blurry. The image's traffic light is overexposed, and the wheels of the van are "
    "dark; a dog-shaped kite is vivid. Another light is clear."
)
RULES = TripleRules(min_match=0.5, quality_in_text=True)


def triple(name: str, phrase: str = "", quality: str = "blurry", effect: Effect = "negative") -> Triple:
    return Triple(name=name, phrase=phrase or name, quality=quality, effect=effect)


def reason(one: Triple, text: str = TEXT) -> PhraseDropReason | None:
    (phrase,) = phrases_of(Triples(objects=[one]), text, 0, RULES)
    return phrase.drop_reason


@pytest.mark.parametrize(
    ("phrase", "name", "found", "noun"),
    [
        ("red cars on the left", "cars", "red cars on the left", "cars"),
        ("Red car on the left", "car", "red cars on the left", "cars"),
        ("Traffic Light", "traffic light", "traffic light", "traffic light"),
        ("wheels of the van", "wheel", "wheels of the van", "wheels"),
        ("kite that is shaped like a dog", "kite", "kite", "kite"),
        ("wheels", "tyre", "wheels", "wheels"),
        ("The wheels of the van are dark", "The wheels of", "wheels of the van", "wheels"),
        ("a kite that is vivid", "The kite", "kite", "kite"),
    ],
)
def test_a_phrase_is_found_word_for_word_or_at_the_nearest_mention_of_its_noun(
    phrase: str, name: str, found: str, noun: str
) -> None:
    mention = mention_of(phrase, name, TEXT)
    assert mention is not None
    assert TEXT[mention.start : mention.end] == found
    assert TEXT[mention.name_start : mention.name_end] == noun


def test_what_the_text_does_not_hold_has_no_mention() -> None:
    assert mention_of("green tree", "tree", TEXT) is None
    assert mention_of("-", "-", TEXT) is None
    assert mention_of("is on the", "the", TEXT) is None


def test_a_mention_never_runs_over_the_end_of_a_sentence() -> None:
    mention = mention_of("vivid another light", "light", TEXT)
    assert mention is not None
    assert "." not in TEXT[mention.start : mention.end]


def test_a_taken_noun_is_not_linked_twice() -> None:
    first = mention_of("light", "light", TEXT)
    assert first is not None
    second = mention_of("light", "light", TEXT, [first])
    assert second is not None
    assert second.name_start > first.name_start
    assert mention_of("light", "light", TEXT, [first, second]) is None


def test_a_phrase_carries_the_words_of_the_text_and_the_place_of_its_noun() -> None:
    (phrase,) = phrases_of(Triples(objects=[triple("car", "Red car on the left")]), TEXT, 2, RULES)
    assert (phrase.phrase, phrase.label, phrase.passage) == ("red cars on the left", "cars", 2)
    assert TEXT[phrase.start : phrase.end] == "cars"
    assert (phrase.quality, phrase.effect, phrase.drop_reason) == ("blurry", "negative", None)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (triple("image"), "whole-image"),
        (triple("overall picture"), "whole-image"),
        (triple("tree"), "not-in-text"),
        (triple("car", "shiny brand new sports car of a neighbour"), "not-in-text"),
        (triple("kite", quality="pixelated"), "no-quality"),
        (triple("kite", quality="very vivid"), None),
    ],
)
def test_what_is_left_out_says_why(one: Triple, why: PhraseDropReason | None) -> None:
    assert reason(one) == why


def test_the_same_thing_again_is_repeated() -> None:
    found = phrases_of(Triples(objects=[triple("kite", quality="vivid")] * 2), TEXT, 0, RULES)
    assert [phrase.drop_reason for phrase in found] == [None, "repeated"]


def test_words_of_a_quality_count_from_four_letters_on() -> None:
    assert said_in("very blurry", TEXT)
    assert not said_in("on the pixel level", TEXT)
    assert said_in("red", TEXT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"objects": []},
        {"objects": [{"name": "car", "phrase": "car", "quality": "dark", "effect": "bad"}]},
        {"objects": [{"name": "car", "phrase": "[car](#1)", "quality": "dark", "effect": "negative"}]},
        {"objects": [{"name": "car", "phrase": "car", "quality": "dark", "effect": "negative", "box": [1, 2]}]},
        {"objects": [{"name": "car", "phrase": "car " * 11, "quality": "dark", "effect": "negative"}]},
        {"objects": [{"name": "car", "phrase": "car", "quality": "dark", "effect": "negative"}] * 4},
    ],
)
def test_other_shapes_are_no_reply(wrong: object) -> None:
    with pytest.raises(ValidationError):
        triples_shape(3).model_validate(wrong)


words = st.lists(st.sampled_from([*TEXT.split(), "tree", "image", "on", "é"]), min_size=1, max_size=6).map(" ".join)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(words, words, words), min_size=1, max_size=6), words)
def test_whatever_a_model_says_kept_phrases_stand_in_the_text_and_do_not_overlap(
    said: list[tuple[str, str, str]], more: str
) -> None:
    text = f"{TEXT} {more}"
    reply = Triples.model_construct(
        objects=[
            Triple.model_construct(name=name, phrase=phrase, quality=quality, effect="negative")
            for name, phrase, quality in said
        ]
    )
    found = phrases_of(reply, text, 0, RULES)
    assert len(found) == len(said)
    kept = [phrase for phrase in found if phrase.drop_reason is None]
    assert all(text[phrase.start : phrase.end] == phrase.label for phrase in kept)
    assert all(phrase.phrase in text for phrase in kept)
    places = sorted((phrase.start, phrase.end) for phrase in kept)
    assert all(one[1] <= other[0] for one, other in pairwise(places))

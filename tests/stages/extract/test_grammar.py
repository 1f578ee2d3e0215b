"""The rule grammar on sentences of every pattern: what is spoken of, how good it is, and where it is first named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.records import Phrase
from stages.extract.grammar import phrases_of
from stages.language.quality_words import sayings


def found(text: str) -> list[tuple[str, str, str]]:
    """Phrase, quality and effect of what gets boxes."""
    return [(each.phrase, each.quality, each.effect) for each in phrases_of(text, 0) if each.drop_reason is None]


def dropped(text: str) -> dict[str, str | None]:
    return {each.phrase: each.drop_reason for each in phrases_of(text, 0) if each.drop_reason}


@pytest.mark.parametrize(
    ("text", "triples"),
    [
        ("The petals are sharp and colourful.", [("petals", "sharp and colourful", "positive")]),
        ("The texture of the candles is not clear.", [("candles", "not clear texture", "negative")]),
        ("The sky lacks detail.", [("sky", "lacks detail", "negative")]),
        ("The grass shows some noise.", [("grass", "noisy", "negative")]),
        ("A blurry background.", [("background", "blurry", "negative")]),
        (
            "Background blurred, subject clear.",
            [("Background", "blurred", "negative"), ("subject", "clear", "positive")],
        ),
        ("There is noise in the sky.", [("sky", "noisy", "negative")]),
        ("There is a little noise in the sky.", [("sky", "a little noisy", "negative")]),
        ("The sky is deep blue with little noise.", [("sky", "little noise", "positive")]),
        ("The image is dark in the corner.", [("corner", "dark", "negative")]),
        ("The flash leaves the shirt overexposed.", [("shirt", "overexposed", "negative")]),
        ("Camera shake blurs the wheels of the taxi.", [("wheels of the taxi", "blurred", "negative")]),
        ("The focus is on the man in the red coat.", [("man in the red coat", "in focus", "positive")]),
        ("The man's face is overexposed.", [("man's face", "overexposed", "negative")]),
        ("Street lamps produce glare.", [("Street lamps", "glaring", "negative")]),
        ("Compression artefacts can be seen on the tablecloth.", [("tablecloth", "blocky", "negative")]),
        ("The lamps are acceptable.", [("lamps", "acceptable", "no impact")]),
        (
            "The sky, which takes up half the frame, is overexposed and lacks detail.",
            [("sky", "overexposed and lacks detail", "negative")],
        ),
        (
            "The eyes and whiskers of the cat are in focus, while its ears are slightly blurred.",
            [
                ("eyes", "in focus", "positive"),
                ("whiskers of the cat", "in focus", "positive"),
                ("ears", "slightly blurred", "negative"),
            ],
        ),
        (
            "The jacket and the railing are barely visible, although the cliffs are sharp.",
            [
                ("jacket", "barely visible", "negative"),
                ("railing", "barely visible", "negative"),
                ("cliffs", "sharp", "positive"),
            ],
        ),
    ],
)
def test_a_sentence_gives_its_triples(text: str, triples: list[tuple[str, str, str]]) -> None:
    assert found(text) == triples


def test_a_pronoun_stands_for_the_thing_before_it() -> None:
    assert found("The bee is sharp. It is well exposed.") == [("bee", "sharp and well exposed", "positive")]


def test_two_mentions_of_one_thing_are_one_phrase_and_two_things_of_one_noun_are_two() -> None:
    assert found("The red car is clear. The red car is colourful.") == [("red car", "clear and colourful", "positive")]
    assert [phrase for phrase, _, _ in found("The red car is clear. The blue car is blurred.")] == [
        "red car",
        "blue car",
    ]


def test_a_blurred_background_that_sets_the_subject_off_is_positive() -> None:
    assert found("The background is blurred, so the cat stands out.") == [("background", "blurred", "positive")]
    assert found("The background is blurred.") == [("background", "blurred", "negative")]


def test_what_names_the_picture_or_no_thing_is_dropped_with_the_reason() -> None:
    assert dropped("The picture is dim and the colours are vivid.") == {
        "picture": "whole-image",
        "colours": "whole-image",
    }
    assert dropped("The result is poor.") == {"result": "whole-image"}
    assert dropped("The distance is hazy.") == {"distance": "non-critical"}


def test_the_label_is_the_head_noun_at_its_first_mention() -> None:
    text = "A cat looks up. The cat's ears are soft, and the cat is sharp."
    (cat,) = [each for each in phrases_of(text, 3) if each.label == "cat"]
    assert (cat.start, text[cat.start : cat.end], cat.passage) == (2, "cat", 3)
    (light,) = phrases_of("The traffic lights are overexposed.", 0)
    assert light.label == "traffic lights"


def test_what_descriptive_adjectives_say_is_no_quality() -> None:
    assert found("A dark coat and a bright sky.") == []


def test_a_sentence_that_is_not_about_quality_gives_nothing() -> None:
    assert phrases_of("Two men play billiards in a pub, and a third one watches.", 0) == []


def well_formed(phrases: list[Phrase], text: str) -> None:
    read = 0
    for each in phrases:
        assert text[each.start : each.end] == each.label
        assert each.phrase in text
        assert sayings(each.quality)
        if each.drop_reason is None:
            assert each.start >= read
            read = each.end


@given(st.text(max_size=200))
def test_any_text_is_read_without_error(text: str) -> None:
    well_formed(phrases_of(text, 0), text)


@given(
    st.lists(
        st.sampled_from(
            "the a sky cat cat's eyes of in on and but , . which is are has lacks shows sharp blurred not very noise "
            "texture image it its there background clear with blurs leaves overexposed detail focus".split()
        ),
        max_size=30,
    )
)
def test_any_order_of_known_words_is_read_without_error(words: list[str]) -> None:
    text = " ".join(words)
    well_formed(phrases_of(text, 0), text)


def test_the_sample_descriptions_are_read_well(photos: Path) -> None:
    lines = (photos / "descriptions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    phrases = [phrases_of(text, 0) for text in texts]
    for text, each in zip(texts, phrases, strict=True):
        well_formed(each, text)
    boxable = [each for some in phrases for each in some if each.drop_reason is None]
    assert len(boxable) >= 3 * len(texts)
    assert {each.effect for each in boxable} == {"positive", "negative", "no impact"}

"""Prompts in captions."""

from __future__ import annotations

import pytest

from stages.detect.captions import captions_of, clean


def count(text: str) -> int:
    """Tokens as BERT would count short words: each word and each full stop, and a mark at both ends."""
    return len(text.replace(".", " . ").split()) + 2


@pytest.mark.parametrize(
    ("words", "prompt"),
    [
        ("The Red Bus", "the red bus"),
        ("  man in\tthe  red\nshirt ", "man in the red shirt"),
        ("Is this a cat? Yes.", "is this a cat yes"),
        ("dog [SEP] cat", "dog sep cat"),
        ("cat,", "cat"),
        ("...", ""),
    ],
)
def test_a_prompt_is_in_lower_case_and_holds_nothing_that_separates_prompts(words: str, prompt: str) -> None:
    assert clean(words) == prompt


def test_prompts_stand_in_one_caption_with_full_stops_between_and_behind() -> None:
    (caption,) = captions_of(["cat", "red bus"], count, 20)
    assert caption.text == "cat. red bus."
    assert [caption.text[start:end] for start, end in caption.spans] == ["cat", "red bus"]


def test_more_prompts_than_fit_are_asked_for_in_further_captions_and_none_is_lost() -> None:
    prompts = [f"thing{number}" for number in range(23)]
    captions = captions_of(prompts, count, 12)
    assert all(count(caption.text) <= 12 for caption in captions)
    assert [place for caption in captions for place in caption.places] == list(range(23))
    assert [len(caption.places) for caption in captions] == [5, 5, 5, 5, 3]
    for caption in captions:
        for place, (start, end) in zip(caption.places, caption.spans, strict=True):
            assert caption.text[start:end] == prompts[place]


def test_prompts_can_be_kept_apart() -> None:
    assert [one.text for one in captions_of(["cat", "dog", "cow"], count, 50, together=2)] == ["cat. dog.", "cow."]


def test_a_prompt_that_is_too_long_by_itself_loses_its_last_words() -> None:
    (caption,) = captions_of(["cat on the old brown wall"], count, 6)
    assert caption.text == "cat on the."


def test_nothing_to_ask_for_needs_no_caption() -> None:
    assert captions_of([], count, 50) == []


def test_characters_between_prompts_belong_to_none() -> None:
    (caption,) = captions_of(["cat", "dog"], count, 50)
    assert caption.prompt_at(0, 3) == 0
    assert caption.prompt_at(5, 8) == 1
    assert caption.prompt_at(3, 4) is None
    assert caption.prompt_at(0, 0) is None

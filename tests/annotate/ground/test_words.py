from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from annotate.ground.words import PositionWords, Said, Spelling, place_said, says_whole_image, step_of
from manifests.errors import InputError


class Pieces:
    """A tokenizer of fixed pieces, longest first; what no piece covers is a token a character."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = ["", *sorted(pieces, key=len, reverse=True), *map(chr, range(32, 127))]

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        assert not add_special_tokens
        found = []
        while text:
            piece = next(piece for piece in self.pieces if piece and text.startswith(piece))
            found.append(self.pieces.index(piece))
            text = text[len(piece) :]
        return found

    def decode(self, tokens: Sequence[int], *, skip_special_tokens: bool) -> str:
        return "".join(self.pieces[token] for token in tokens)

    def id(self, piece: str) -> int:
        return self.pieces.index(piece)


FAR = ("right", "bottom")

WHOLE_WORDS = Pieces("the", " left", " right", " top", " bottom", "left", "right", " Left", " Right", "Top", "Bottom")
LONE_SPACE = Pieces("the", " ", "left", "right", "top", "bottom")
CHARACTERS = Pieces()


def test_a_word_has_a_token_for_each_spelling() -> None:
    spellings = PositionWords.of(WHOLE_WORDS).horizontal.spellings
    assert Spelling((), WHOLE_WORDS.id(" left"), WHOLE_WORDS.id(" right")) in spellings
    assert Spelling((), WHOLE_WORDS.id("left"), WHOLE_WORDS.id("right")) in spellings
    assert Spelling((), WHOLE_WORDS.id(" Left"), WHOLE_WORDS.id(" Right")) in spellings


def test_words_that_begin_with_one_token_are_told_apart_behind_it() -> None:
    words = PositionWords.of(LONE_SPACE)
    space = LONE_SPACE.id(" ")
    assert Spelling((space,), LONE_SPACE.id("left"), LONE_SPACE.id("right")) in words.horizontal.spellings
    assert space not in words.token_ids


def test_a_tokenizer_of_characters_tells_them_by_their_first_letters() -> None:
    words = PositionWords.of(CHARACTERS)
    assert {CHARACTERS.id("l"), CHARACTERS.id("r"), CHARACTERS.id("t"), CHARACTERS.id("b")} <= set(words.token_ids)


def test_words_of_different_axes_may_begin_alike() -> None:
    class Nearness(Pieces):
        """Near words begin with one token, far words with another."""

        def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
            before, *word = super().encode(text, add_special_tokens=add_special_tokens)
            return [before, *(1 + (self.pieces[first].strip().lower() in FAR) for first in word[:1])]

    words = PositionWords.of(Nearness(*WHOLE_WORDS.pieces[1:20]))
    assert words.horizontal.spellings == words.vertical.spellings == (Spelling((), 1, 2),)


def test_a_tokenizer_that_begins_both_words_alike_is_refused() -> None:
    class Blind(Pieces):
        def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
            return [0]

    with pytest.raises(InputError, match="'left' and 'right' alike"):
        PositionWords.of(Blind())


def test_the_logit_of_a_word_adds_up_the_probabilities_of_its_spellings() -> None:
    axis = PositionWords.of(WHOLE_WORDS).horizontal
    logits = dict.fromkeys(axis.token_ids, -math.inf)
    logits[WHOLE_WORDS.id(" left")] = math.log(0.1)
    logits[WHOLE_WORDS.id("left")] = math.log(0.2)
    logits[WHOLE_WORDS.id(" right")] = math.log(0.6)
    chi = axis.chi((), logits)
    assert chi is not None
    assert chi == pytest.approx((math.log(0.3), math.log(0.6)))


def test_a_spelling_behind_a_space_counts_only_behind_it() -> None:
    axis = PositionWords.of(LONE_SPACE).horizontal
    logits = {token: float(number) for number, token in enumerate(axis.token_ids)}
    assert axis.chi([LONE_SPACE.id(" ")], logits) is not None


@pytest.mark.parametrize(
    "marked",
    [
        "The dog at the |top _left.",
        "|Bottom-_right, where the left hand is.",
        "The left hand at the |bottom _right.",
        "It is on the _left, near the |bottom.",
        "In the _right |top corner.",
        "On the _left.",
        "It stopped, leftover.",
    ],
)
def test_an_answer_says_its_place_by_the_first_pair_or_the_first_words(marked: str) -> None:
    """`_` stands before the horizontal word that counts, `|` before the vertical one."""
    across, down = (marked.replace(other, "").find(mark) for mark, other in (("_", "|"), ("|", "_")))
    answer = marked.replace("_", "").replace("|", "")
    assert place_said(answer) == Said(*(None if place < 0 else place for place in (across, down)))


@pytest.mark.parametrize(
    ("answer", "whole"),
    [("The [whole image](<0, 399>).", True), ("The entire photo.", True), ("The whole dog at the top left.", False)],
)
def test_the_whole_image_is_a_place_of_its_own(answer: str, whole: bool) -> None:
    assert says_whole_image(answer) is whole


@pytest.mark.parametrize("tokenizer", [WHOLE_WORDS, LONE_SPACE, CHARACTERS])
def test_the_step_is_the_token_at_which_the_word_is_told_from_its_opposite(tokenizer: Pieces) -> None:
    answer = "The topaz at the bottom left."
    tokens = tokenizer.encode(answer, add_special_tokens=False)
    axis = PositionWords.of(tokenizer).vertical
    step = step_of(answer.index("bottom"), axis, tokens, tokenizer)
    assert step is not None
    said = tokenizer.decode(tokens[: step + 1], skip_special_tokens=True)
    assert answer.startswith(said)
    assert said.rstrip().endswith(("bottom", "b"))


def test_the_tokens_of_a_real_tokenizer_are_found(tiny_vlm: Callable[[str], Path]) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_vlm("qwen3-vl"))
    words = PositionWords.of(tokenizer)
    answer = "The person at the bottom right."
    tokens = tokenizer.encode(answer, add_special_tokens=False)
    step = step_of(answer.index("right"), words.horizontal, tokens, tokenizer)
    assert step is not None
    assert tokens[step] in {spelling.far for spelling in words.horizontal.spellings}

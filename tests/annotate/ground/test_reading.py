from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from annotate.ground.place import Chi
from annotate.ground.reading import Read, Reading, read_places
from annotate.ground.words import PositionWords
from stages.mllm.ask import Ask, NoReply, Reply
from stages.mllm.spell import Logits, Spelled

VOCABULARY = ["", *"The dog is at the top left right bottom whole image It . (".split(), "-"]


class Words:
    """A tokenizer whose tokens are words and signs."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        return [self.id(word) for word in re.findall(r"\w+|[^\w\s]", text)]

    def decode(self, tokens: Sequence[int], *, skip_special_tokens: bool) -> str:
        return " ".join(VOCABULARY[token] for token in tokens)

    def id(self, word: str) -> int:
        return VOCABULARY.index(word) if word in VOCABULARY else VOCABULARY.index(word.lower())


@dataclass
class Scripted:
    """A model with fixed answers and fixed logits of (left, right, top, bottom) at every step."""

    answers: list[str]
    logits: dict[str, float]
    name: str = "scripted"
    tokenizer: Any = field(default_factory=Words)
    begun: list[str] = field(default_factory=list)

    def spell(self, asks: Sequence[Ask], watched: Sequence[int]) -> list[Spelled | NoReply]:
        found: list[Spelled | NoReply] = []
        for answer in self.answers:
            tokens = self.tokenizer.encode(answer, add_special_tokens=False)
            found.append(
                Spelled(
                    Reply(answer, "stop", 1, len(tokens)), tuple(tokens), np.array([self._row(watched)] * len(tokens))
                )
            )
        return found

    def logits_after(self, asks: Sequence[Ask], said: Sequence[str], watched: Sequence[int]) -> list[Logits | NoReply]:
        self.begun += said
        return [np.array(self._row(watched)) for _ in said]

    def _row(self, watched: Sequence[int]) -> list[float]:
        return [self.logits[VOCABULARY[token].lower()] for token in watched]


LOGITS = {"left": 1.0, "right": 2.0, "top": 3.0, "bottom": 0.5}


def read(answer: str, how: Read) -> tuple[Reading | NoReply, Scripted]:
    model = Scripted([answer], LOGITS)
    words = PositionWords.of(model.tokenizer)
    (reading,) = read_places(model, words, [Ask("", "Where?")], how)
    return reading, model


def test_logits_are_read_where_the_answer_says_the_words() -> None:
    reading, model = read("The dog at the top left .", "auto")
    assert reading == Reading("The dog at the top left .", "answer", Chi(1.0, 2.0, 3.0, 0.5))
    assert model.begun == []


@pytest.mark.parametrize(("how", "answer"), [("auto", "The dog ."), ("forced", "The dog at the top left .")])
def test_a_sentence_is_put_behind_the_answer_where_it_names_no_place_or_where_that_is_wanted(
    how: Read, answer: str
) -> None:
    reading, model = read(answer, how)
    assert reading == Reading(answer, "forced", Chi(1.0, 2.0, 3.0, 0.5))
    assert model.begun == [f"{answer} It is at the", f"{answer} It is at the top"]


def test_an_answer_that_names_no_place_has_no_point_if_nothing_is_forced() -> None:
    assert read("The dog is left .", "answer")[0] == Reading("The dog is left .", "no-words")


def test_the_whole_image_needs_no_point() -> None:
    assert read("The whole image .", "forced")[0] == Reading("The whole image .", "whole-image")

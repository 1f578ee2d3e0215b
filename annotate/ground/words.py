"""Position words as a tokenizer writes them, and where an answer says them.

The closed sets are those of IQA-Spider (arXiv 2605.24553): left and right, top and bottom. A word has several spellings
(" left", "left", " Left", ...), which begin with different tokens; words that begin alike (SentencePiece's lone space,
say) are told apart by the first token in which they differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from manifests.errors import InputError

AXES = {"horizontal": ("left", "right"), "vertical": ("top", "bottom")}
"""The words of each axis: near (coordinate 0), far (coordinate 1)."""

_CONTEXTS = ("the", "(", "-")
"""What stands before a word: after a word comes the spelling with a space, after a sign the one without."""

_VERTICAL_FIRST = re.compile(r"\b(top|bottom)[\s-]+(left|right)\b", re.IGNORECASE)
_HORIZONTAL_FIRST = re.compile(r"\b(left|right)[\s-]+(top|bottom)\b", re.IGNORECASE)
_WHOLE = re.compile(r"\b(?:whole|entire|full)\s+(?:image|picture|photo(?:graph)?|frame|scene)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Spelling:
    """The two words of an axis in one spelling: tokens that both begin with, then the ones that tell them apart."""

    shared: tuple[int, ...]
    near: int
    far: int


@dataclass(frozen=True)
class Axis:
    """The two words of an axis, in all spellings that a tokenizer tells apart."""

    near: str
    far: str
    spellings: tuple[Spelling, ...]

    @cached_property
    def token_ids(self) -> tuple[int, ...]:
        """Every token whose logit is wanted."""
        return tuple(sorted({token for spelling in self.spellings for token in (spelling.near, spelling.far)}))

    def chi(self, before: Sequence[int], logits: dict[int, float]) -> tuple[float, float] | None:
        """Logits of the two words behind the tokens `before`: log-sum-exp over the spellings that can follow there.

        None where no spelling can.
        """
        fitting = [spelling for spelling in self.spellings if _ends_with(before, spelling.shared)]
        if not fitting:
            return None
        return (
            _log_sum_exp([logits[token] for token in {spelling.near for spelling in fitting}]),
            _log_sum_exp([logits[token] for token in {spelling.far for spelling in fitting}]),
        )


@dataclass(frozen=True)
class PositionWords:
    """Both axes for one tokenizer."""

    horizontal: Axis
    vertical: Axis

    @classmethod
    def of(cls, tokenizer: Any) -> PositionWords:
        """Raises InputError for a tokenizer that cannot tell the words of an axis apart."""
        return cls(*(_axis(tokenizer, *AXES[name]) for name in ("horizontal", "vertical")))

    @property
    def token_ids(self) -> tuple[int, ...]:
        """Every token whose logit is wanted, sorted."""
        return tuple(sorted({*self.horizontal.token_ids, *self.vertical.token_ids}))


@dataclass(frozen=True)
class Said:
    """Characters of an answer at which the two position words begin; None for an axis that it does not name."""

    horizontal: int | None
    vertical: int | None


def place_said(answer: str) -> Said:
    """Where an answer says its place: the first pair of words that stand together, else the first word of each axis."""
    pair = _VERTICAL_FIRST.search(answer)
    if pair:
        return Said(horizontal=pair.start(2), vertical=pair.start(1))
    pair = _HORIZONTAL_FIRST.search(answer)
    if pair:
        return Said(horizontal=pair.start(1), vertical=pair.start(2))
    return Said(*(_first(answer, AXES[name]) for name in ("horizontal", "vertical")))


def says_whole_image(answer: str) -> bool:
    """Whether an answer gives the whole image as the region."""
    return _WHOLE.search(answer) is not None


def step_of(character: int, axis: Axis, token_ids: Sequence[int], tokenizer: Any) -> int | None:
    """The decoding step at which the word that begins at a character is told from its opposite.

    None where the tokens there are none of the axis's: the text was spelled in a way that no spelling covers.
    """
    first = next(
        (step for step in range(len(token_ids)) if len(_text(tokenizer, token_ids[: step + 1])) > character), None
    )
    if first is None:
        return None
    longest = max(len(spelling.shared) for spelling in axis.spellings)
    for step in range(first, min(first + longest + 1, len(token_ids))):
        for spelling in axis.spellings:
            if token_ids[step] in (spelling.near, spelling.far) and _ends_with(token_ids[:step], spelling.shared):
                return step
    return None


def _axis(tokenizer: Any, near: str, far: str) -> Axis:
    found = dict.fromkeys(_spellings(tokenizer, near, far))
    nears, fars = {each.near for each in found}, {each.far for each in found}
    clear = tuple(each for each in found if each.near not in fars and each.far not in nears)
    if not clear:
        raise InputError(f"the model's tokenizer begins {near!r} and {far!r} alike; its logits name no place")
    return Axis(near, far, clear)


def _spellings(tokenizer: Any, near: str, far: str) -> Iterator[Spelling]:
    for context in _CONTEXTS:
        before = _encode(tokenizer, context)
        for change in (str.lower, str.capitalize, str.upper):
            space = " " if context.isalpha() else ""
            one, other = (_encode(tokenizer, f"{context}{space}{change(word)}") for word in (near, far))
            common = next(
                (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None
            )
            # A word that swallows its context, or begins as the whole of the other, cannot be told by one token.
            if common is not None and common >= len(before) and one[: len(before)] == before:
                yield Spelling(tuple(one[len(before) : common]), one[common], other[common])


def _first(answer: str, words: tuple[str, str]) -> int | None:
    found = re.search(rf"\b({'|'.join(words)})\b", answer, re.IGNORECASE)
    return None if found is None else found.start()


def _encode(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))


def _text(tokenizer: Any, token_ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(token_ids), skip_special_tokens=True)).lstrip()


def _ends_with(tokens: Sequence[int], end: tuple[int, ...]) -> bool:
    return not end or tuple(tokens[-len(end) :]) == end


def _log_sum_exp(values: Sequence[float]) -> float:
    return float(np.logaddexp.reduce(values))

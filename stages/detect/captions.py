"""Prompts as the captions that Grounding DINO reads: lower case, separated by full stops, within the text limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

SEPARATOR = ". "

_STOPS = re.compile(r"[.?!;:\[\]()#]+")
"""What separates prompts, or what a tokenizer takes for its own marks."""


@dataclass(frozen=True)
class Caption:
    """Several prompts in one text. `places` are their numbers among the image's prompts, `spans` their characters."""

    text: str
    places: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    def prompt_at(self, start: int, end: int) -> int | None:
        """The number of the prompt that characters [start, end) belong to; None between prompts and for no text."""
        for place, (first, last) in zip(self.places, self.spans, strict=True):
            if first <= start < end <= last:
                return place
        return None


def clean(words: str) -> str:
    """A phrase as a prompt: lower case, single spaces, nothing that separates prompts. May be empty."""
    return " ".join(_STOPS.sub(" ", words.lower()).split()).strip(" ,")


def captions_of(
    prompts: Sequence[str], token_count: Callable[[str], int], most_tokens: int, together: int | None = None
) -> list[Caption]:
    """As few captions as the limit allows, prompts in order; at most `together` in one.

    `token_count` counts the tokens of a text with the tokenizer's marks. A prompt that is longer than the limit by
    itself loses its last words; one whose first word is too long is left out.
    """
    captions: list[Caption] = []
    waiting: list[tuple[int, str]] = []
    for place, prompt in _fitting(prompts, token_count, most_tokens):
        longer = [*waiting, (place, prompt)]
        full = together is not None and len(longer) > together
        if waiting and (full or token_count(_text(longer)) > most_tokens):
            captions.append(_caption(waiting))
            longer = [(place, prompt)]
        waiting = longer
    return [*captions, _caption(waiting)] if waiting else captions


def _fitting(prompts: Sequence[str], token_count: Callable[[str], int], most_tokens: int) -> Iterator[tuple[int, str]]:
    for place, prompt in enumerate(prompts):
        words = prompt.split()
        while words and token_count(_text([(place, " ".join(words))])) > most_tokens:
            words.pop()
        if words:
            yield place, " ".join(words)


def _text(prompts: Sequence[tuple[int, str]]) -> str:
    return SEPARATOR.join(prompt for _, prompt in prompts) + "."


def _caption(prompts: Sequence[tuple[int, str]]) -> Caption:
    spans, start = [], 0
    for _, prompt in prompts:
        spans.append((start, start + len(prompt)))
        start += len(prompt) + len(SEPARATOR)
    return Caption(_text(prompts), tuple(place for place, _ in prompts), tuple(spans))

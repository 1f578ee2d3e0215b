"""One request to a language model and its reply, whatever engine answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias


@dataclass(frozen=True)
class Ask:
    """A chat of one turn: instructions, perhaps images, a question, and the shape that the reply must have."""

    system: str
    user: str
    images: tuple[bytes, ...] = ()
    """Encoded images (PNG or JPEG), in the order in which the user's text speaks of them."""
    schema: Mapping[str, Any] | None = None
    """JSON schema that guides decoding; None: free text."""
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    first_token_of: tuple[str, ...] = ()
    """Words whose probability as first token is wanted ("Yes", "No")."""
    likeliest: bool = False
    """Whether the likeliest tokens at every step are wanted."""


@dataclass(frozen=True)
class Step:
    """A token of a reply as text, and log-probabilities of the likeliest tokens at its place, by their text."""

    token: str
    likeliest: Mapping[str, float]


@dataclass(frozen=True)
class Reply:
    """What came back. `finish_reason` is "stop" for a reply that ended by itself."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    first_token_probabilities: Mapping[str, float] = field(default_factory=dict)
    """Of the words in `Ask.first_token_of`, as far as the engine tells."""
    steps: tuple[Step, ...] = ()
    """One per token where `Ask.likeliest` wants them, as far as the engine tells."""


@dataclass(frozen=True)
class NoReply:
    """The engine or the endpoint gave no reply to this one request."""

    reason: str


Then: TypeAlias = Callable[[int, Reply | NoReply], Ask | None]
"""Hears the reply in a place as soon as it comes, and may ask again in that place. Never called for one place twice at
once, but perhaps for several places, each from another thread."""


class EngineDied(BaseException):
    """The engine in this process is dead, and with it every request: nothing is known of any row.

    Not an Exception, so that no stage takes it for the failure of a row: the worker's process must end, and a fresh
    one does the shard again.
    """


class LanguageModel(Protocol):
    """An engine in this process or an endpoint; opened once per worker, asked by several threads at once."""

    name: str
    """The model's name as it stands in `author`."""

    def open(self) -> None:
        """Load the model or reach the endpoint. Raises when neither can be."""

    def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
        """The last reply in each place, in the order of the asks; all are in flight together. Raises EngineDied."""

    def close(self) -> None:
        """Let go of the model. Nothing is asked afterwards."""


def step_of(token: str, likely: Iterable[tuple[str, float]]) -> Step:
    """A step of tokens (text, log-probability); those of equal text add up."""
    found: dict[str, float] = {}
    for text, logprob in likely:
        found[text] = math.log(math.exp(found[text]) + math.exp(logprob)) if text in found else logprob
    return Step(token, found)


def word_probabilities(words: Sequence[str], tokens: Mapping[str, float]) -> dict[str, float]:
    """Probability of each word as first token: the sum over the spellings ("Yes", " yes") among the likeliest tokens.

    `tokens` maps likely first tokens to probabilities. A word that is not among them gets 0.
    """
    spelled = {word: word.strip().casefold() for word in words}
    return {
        word: round(sum((p for token, p in tokens.items() if token.strip().casefold() == spelling), 0.0), 4)
        for word, spelling in spelled.items()
    }

"""One request to a language model and its reply, whatever engine answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


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


@dataclass(frozen=True)
class Reply:
    """What came back. `finish_reason` is "stop" for a reply that ended by itself."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    first_token_probabilities: Mapping[str, float] = field(default_factory=dict)
    """Of the words in `Ask.first_token_of`, as far as the engine tells."""


@dataclass(frozen=True)
class NoReply:
    """The engine or the endpoint gave no reply to this one request."""

    reason: str


class LanguageModel(Protocol):
    """An engine in this process or an endpoint; opened once per worker."""

    name: str
    """The model's name as it stands in `author`."""

    def open(self) -> None:
        """Load the model or reach the endpoint. Raises when neither can be."""

    def __call__(self, asks: Sequence[Ask]) -> list[Reply | NoReply]:
        """All replies, in the order of the asks; the requests are in flight together."""

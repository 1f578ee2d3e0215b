"""The contract of those who read given texts: texts in, phrases with quality, effect and place out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from manifests.records import ImageRecord, Phrase


@dataclass(frozen=True)
class GivenText:
    """One text of one image; `passage` is its number in the image, from 0. What a model draws, it draws by `seed`."""

    row: ImageRecord
    passage: int
    text: str
    seed: int = 0


@dataclass(frozen=True)
class Unread:
    """A text that could not be read, and why: its image fails."""

    reason: str


class Extractor(Protocol):
    """Opened once per worker, then given all texts of a batch together."""

    def open(self) -> None:
        """Load the model, if there is one."""

    def __call__(self, texts: Sequence[GivenText]) -> list[list[Phrase] | Unread]:
        """The phrases of each text, in the order of the texts; those that get no boxes with their reason."""

"""How far a box bears out what a given text says of its phrase: the contract of those who judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from manifests.records import ImageRecord, Phrase, Region


@dataclass(frozen=True)
class Case:
    """A box that was found for a phrase of a given text."""

    row: ImageRecord
    phrase: Phrase
    region: Region


class Judge(Protocol):
    """Opened once per worker, then asked for all boxes of a batch together."""

    def open(self) -> None:
        """Load what the judge needs."""

    def __call__(self, cases: Sequence[Case]) -> list[float | None]:
        """Agreement of each case, 0-1, in their order; None where nothing speaks for or against it."""

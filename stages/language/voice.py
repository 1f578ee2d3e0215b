"""Choice of words for one image: drawn from its random generator, and nothing twice while something is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Voice:
    """Draws from pools like from shuffled decks of cards: each pool is used up before it is shuffled again."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._decks: dict[tuple[object, ...], list[int]] = {}

    def pick(self, options: Sequence[T]) -> T:
        """One of the options; equal pools share a deck. The options must be hashable."""
        key = tuple(options)
        if not self._decks.get(key):
            self._decks[key] = [int(index) for index in self._generator.permutation(len(key))]
        return options[self._decks[key].pop()]

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return bool(self._generator.random() < probability)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order."""
        return [items[int(index)] for index in self._generator.permutation(len(items))]

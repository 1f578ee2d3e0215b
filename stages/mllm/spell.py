"""What a model gives whose logits can be read: replies token by token, and what it would say next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from stages.mllm.ask import Ask, NoReply, Reply

Logits = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spelled:
    """A reply, its tokens, and at each of them the logits of the watched tokens: [tokens, watched]."""

    reply: Reply
    token_ids: tuple[int, ...]
    logits: Logits


class Speller(Protocol):
    """A model in this process whose logits can be read."""

    name: str
    """The model's name."""

    @property
    def tokenizer(self) -> Any:
        """Its tokenizer, in the manner of transformers."""

    def spell(self, asks: Sequence[Ask], watched: Sequence[int]) -> list[Spelled | NoReply]:
        """Greedy replies with the raw logits of the watched tokens at every step, in the order of the asks."""

    def logits_after(self, asks: Sequence[Ask], said: Sequence[str], watched: Sequence[int]) -> list[Logits | NoReply]:
        """Logits [watched] of the token that would follow if the reply to each ask began with `said`."""

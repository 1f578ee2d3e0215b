"""Read the place from what an engine tells of its tokens: log-probabilities of the likeliest at each step.

For vLLM and endpoints, which give no logits of chosen words. Log-probabilities differ from logits by a constant, which
the softmax over two words takes out. Only the answer itself can be read, and a word that is not among the likeliest
tokens gets the log-probability of the least of them, which it cannot exceed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from annotate.evaluate.predict import replies_of
from annotate.ground.place import Chi
from annotate.ground.reading import Reading
from annotate.ground.words import AXES, place_said, says_whole_image
from manifests.errors import InputError
from stages.mllm.ask import Ask, LanguageModel, NoReply, Reply, Step


def read_told(model: LanguageModel, asks: Sequence[Ask]) -> list[Reading | NoReply]:
    """A reading per ask, in order. Raises InputError where the engine tells nothing of its tokens, or dies."""
    replies = replies_of(model, [replace(ask, likeliest=True) for ask in asks])
    return [reply if isinstance(reply, NoReply) else _reading(model, reply) for reply in replies]


def chi_told(steps: Sequence[Step]) -> Chi | None:
    """Log-probabilities of the position words where a reply says its place; None unless it names both axes."""
    place = place_said("".join(step.token for step in steps))
    ends = list(accumulate(len(step.token) for step in steps))
    found: list[float] = []
    for name, character in (("horizontal", place.horizontal), ("vertical", place.vertical)):
        if character is None:
            return None
        step = steps[next(number for number, end in enumerate(ends) if end > character)]
        near, far = (_logprob(word, step) for word in AXES[name])
        if near is None and far is None:
            return None
        least = min(step.likeliest.values())
        found += (least if near is None else near, least if far is None else far)
    return Chi(*found)


def _reading(model: LanguageModel, reply: Reply) -> Reading:
    if says_whole_image(reply.text):
        return Reading(reply.text, "whole-image")
    if reply.text.strip() and not any(step.likeliest for step in reply.steps):
        raise InputError(
            f"{model.name}: the server tells no log-probabilities of tokens, which text-to-point reads; let it tell "
            "them, or give --model with --engine transformers"
        )
    chi = chi_told(reply.steps)
    return Reading(reply.text, "no-words" if chi is None else "answer", chi)


def _logprob(word: str, step: Step) -> float | None:
    """Sum over the tokens that are the word or its beginning, in any spelling; None where there is none."""
    beginnings = [logprob for token, logprob in step.likeliest.items() if _begins(token, word)]
    return float(np.logaddexp.reduce(beginnings)) if beginnings else None


def _begins(token: str, word: str) -> bool:
    """SentencePiece's mark of a space counts as one. No word of an axis begins as the other does."""
    said = token.replace("\u2581", " ").strip().casefold()
    return bool(said) and word.startswith(said)

"""A language model's triples of one description: their shape, and where their phrases stand in the text.

T_r, T_q, T_e of Grounding-IQA (arXiv 2411.17237, section 3.2, stage 1). The paper prints neither the prompt nor what
becomes of a phrase that the text does not hold: here it is moved to the nearest mention, or left out with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import takewhile
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from manifests.vocabulary import Effect
from stages.extract.words import HAVING, LINKING

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")  # noqa: RUF001 - people type both apostrophes


_POSSESSIVE = re.compile(r"['’]s$")  # noqa: RUF001
_GUIDED = "[A-Za-z0-9À-ÿ][A-Za-z0-9À-ÿ'&/-]*"
_SENTENCE_END = re.compile(r"[.!?;\n](?:\s|$)")

PREPOSITIONS = frozenset(
    "above across against along among around at behind below beneath beside between by from in inside near of on over "
    "that to under which who with without".split()
)
"""Words behind which a phrase says where its thing is, or what it belongs to."""


JOINING_STEMS = frozenset({"i", "are", "wa", "were", "ha", "have", "and", "or", "but", "the", "a", "an"} | PREPOSITIONS)
"""Stems of words with which no phrase begins or ends."""


def _words(most: int) -> str:
    return rf"^{_GUIDED}(?:,? {_GUIDED}){{0,{most - 1}}}$"


class Triple(BaseModel):
    """One object of a description, as a model read it: its bare name, and T_r, T_q and T_e."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=_words(3))]
    phrase: Annotated[str, StringConstraints(pattern=_words(10))]
    quality: Annotated[str, StringConstraints(pattern=_words(6))]
    effect: Effect


class Triples(BaseModel):
    """A reply: at least one object."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objects: list[Triple]


@cache
def triples_shape(most: int) -> type[Triples]:
    """The reply's model for at most `most` objects."""
    fields: dict[str, Any] = {"objects": (Annotated[list[Triple], Field(min_length=1, max_length=most)], ...)}
    return create_model("Objects", __base__=Triples, **fields)


@dataclass(frozen=True)
class Mention:
    """A place of a text that names a thing; `match` says how well its words are those looked for, 0-1.

    Characters [start, end) are the whole phrase, [name_start, name_end) the noun in it.
    """

    start: int
    end: int
    name_start: int
    name_end: int
    match: float

    def shares_noun(self, other: Mention) -> bool:
        """Whether the nouns of both have a character in common."""
        return self.name_start < other.name_end and other.name_start < self.name_end


def mention_of(phrase: str, name: str, text: str, taken: Sequence[Mention] = ()) -> Mention | None:
    """The place of a text that says a phrase, or else says it most nearly; the first of equals.

    Letter case, plural, punctuation and white space do not count. Every place holds the name, or the phrase's own
    noun where the phrase does not hold the name; places whose noun is taken are left out. None where there is none.
    """
    wanted = _stems(_noun_phrase(phrase))
    noun = _noun_of(wanted, _stems(_noun_phrase(name)))
    if not noun:
        return None
    places = [place for place in _places(wanted, noun, text) if not any(place.shares_noun(other) for other in taken)]
    return max(places, key=lambda place: (place.match, -place.start, place.start - place.end), default=None)


def said_in(words: str, text: str) -> bool:
    """Whether a text holds at least one of the words that are longer than three letters (or any, if none is)."""
    stems = _stems(words)
    return bool(set([stem for stem in stems if len(stem) > 3] or stems) & set(_stems(text)))


def _places(wanted: Sequence[str], noun: Sequence[str], text: str) -> Iterator[Mention]:
    """All runs of words inside a sentence, up to the phrase's length, that hold the noun.

    The run's first and last words are words of the phrase, and not such as only join.
    """
    words = list(_WORD.finditer(text))
    stems = [_stem(word[0]) for word in words]
    nouns = [at for at in range(len(words)) if stems[at : at + len(noun)] == list(noun)]
    edges = set(wanted) - JOINING_STEMS
    for at in nouns:
        end = at + len(noun)
        starts = [first for first in range(max(0, end - len(wanted)), at) if stems[first] in edges]
        for first in [*starts, at]:
            stops = [last for last in range(end, min(first + len(wanted), len(words))) if stems[last] in edges]
            for last in [end - 1, *stops]:
                start, stop = words[first].start(), _bare_end(words[last])
                if not _SENTENCE_END.search(text, start, stop):
                    match = SequenceMatcher(None, wanted, stems[first : last + 1], autojunk=False).ratio()
                    yield Mention(start, stop, words[at].start(), _bare_end(words[end - 1]), match)


def _bare_end(word: re.Match[str]) -> int:
    """Where a word ends without the "'s" of possession."""
    return word.end() - (2 if _POSSESSIVE.search(word[0]) else 0)


def _noun_phrase(words: str) -> str:
    """Words up to the first verb that says how the thing is, without articles and the like at their ends."""
    kept = list(takewhile(lambda word: word.casefold() not in LINKING | HAVING, words.split()))
    while kept and _stem(kept[0]) in JOINING_STEMS:
        kept.pop(0)
    while kept and _stem(kept[-1]) in JOINING_STEMS:
        kept.pop()
    return " ".join(kept)


def _noun_of(phrase: Sequence[str], name: Sequence[str]) -> Sequence[str]:
    """The name, if the phrase holds it, else the last word of the phrase before a preposition."""
    if name and any(tuple(phrase[at : at + len(name)]) == tuple(name) for at in range(len(phrase))):
        return name
    head = list(takewhile(lambda word: word not in PREPOSITIONS, phrase)) or list(phrase)
    return head[-1:]


def _stems(words: str) -> list[str]:
    return [_stem(word[0]) for word in _WORD.finditer(words)]


def _stem(word: str) -> str:
    word = word.casefold().replace("’", "'").removesuffix("'s")  # noqa: RUF001
    return word[:-2] if word.endswith(("ches", "shes", "xes", "sses")) else word.removesuffix("s")

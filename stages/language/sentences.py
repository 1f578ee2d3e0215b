"""Sentences of a text in internal notation: find the one that makes a statement, and take it out in good grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence

from manifests.markup import Link, parse_links
from stages.language.english import capitalise, decapitalise

CONNECTIVES = re.compile(
    r"^(?:By contrast|In contrast|However|Even so|Still|At the same time|On the other hand|On the positive side|"
    r"In addition|Moreover|Furthermore|Besides|Otherwise|On top of that|Therefore|As a result|In this),? ",
)
"""Openings that lean on the sentence before."""

SUBJECT_PRONOUN = re.compile(r"^(It|They|This region)\b")

_BEFORE_LINK = re.compile(r"(?:\b\w+ of )?\b(?:the|an?) (?:[\w-]+ )?$", re.IGNORECASE)
"""The words of a noun phrase that stand in front of its link."""

_END = re.compile(r"[.!?]+[\"')\]]*\s+(?=[\"'(\[]*[A-Z])")


def split(text: str) -> list[str]:
    """The sentences of a text, without the white space between them. Links are never cut."""
    links = parse_links(text)
    starts = [0]
    starts += [
        end.end() for end in _END.finditer(text) if not any(link.start < end.start() < link.end - 1 for link in links)
    ]
    return [text[start:stop].strip() for start, stop in zip(starts, [*starts[1:], len(text)], strict=True)]


def without(text: str, fragment: str, region_ids: Sequence[int]) -> str:
    """The text without the sentence that holds the fragment, unchanged if none does.

    Of several such sentences the one that links one of the regions goes. A next sentence that leaned on it loses its
    opening, and its "It" becomes the thing that the lost sentence named.
    """
    sentences = split(text)
    holding = [index for index, sentence in enumerate(sentences) if fragment.lower() in sentence.lower()]
    if not holding:
        return text
    linking = [index for index in holding if _links_any(sentences[index], region_ids)]
    gone = (linking or holding)[0]
    lost = sentences[gone]
    rest = sentences[:gone] + sentences[gone + 1 :]
    if gone < len(rest):
        rest[gone] = _standing_alone(rest[gone], lost)
    return " ".join(rest)


def _links_any(sentence: str, region_ids: Sequence[int]) -> bool:
    return any(number in region_ids for link in parse_links(sentence) for number in link.region_ids)


def _standing_alone(sentence: str, lost: str) -> str:
    """A sentence in the words that it needs without the one before it."""
    alone = capitalise(CONNECTIVES.sub("", sentence))
    links = parse_links(lost)
    if links and not parse_links(alone):
        return SUBJECT_PRONOUN.sub(lambda _: capitalise(_noun_phrase(links[0], lost)), alone)
    return SUBJECT_PRONOUN.sub("The image", alone) if not links and alone.startswith("It ") else alone


def _noun_phrase(link: Link, text: str) -> str:
    """The link with the words before it that belong to it: "one of the [people](#2)"."""
    before = _BEFORE_LINK.search(text[: link.start])
    words = before[0] if before else "the "
    return decapitalise(words) + text[link.start : link.end]

"""Which generated questions the truth decides, and how: docs/bench-planted.md says it in words.

The template author's questions are read back from their own frames (`stages.question.pools`), so that the tables need
no column for the benchmark's sake. A question that no frame fits is not scored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Literal

from annotate.bench.planted.matching import Place, place_of, planted_on, whole_image
from manifests.masks import BoolArray
from manifests.records import ImageRecord, Question
from manifests.vocabulary import Family
from stages.language.distortions import FAMILY_WORDS
from stages.question import pools

CLEARLY_PLANTED = 2
"""Severity from which a planted distortion decides yes or no: about a slight one people may differ."""

ALSO_CHANGES: dict[Family, frozenset[Family]] = {
    "blur": frozenset({"contrast-weaken"}),
    "noise": frozenset({"oversharpen", "saturation-strengthen", "contrast-strengthen"}),
    "compression": frozenset({"blur", "pixelate", "quantise"}),
    "brighten": frozenset({"contrast-weaken", "saturation-weaken"}),
    "darken": frozenset({"contrast-weaken", "saturation-weaken", "saturation-strengthen"}),
    "contrast-weaken": frozenset({"blur", "brighten", "darken", "saturation-weaken"}),
    "contrast-strengthen": frozenset(
        {"brighten", "darken", "noise", "oversharpen", "quantise", "saturation-strengthen"}
    ),
    "saturation-weaken": frozenset({"contrast-weaken"}),
    "saturation-strengthen": frozenset({"brighten", "contrast-strengthen", "noise", "quantise"}),
    "oversharpen": frozenset({"contrast-strengthen", "noise"}),
    "pixelate": frozenset({"blur", "compression", "quantise"}),
    "quantise": frozenset(
        {"compression", "contrast-weaken", "contrast-strengthen", "saturation-weaken", "saturation-strengthen"}
    ),
}
"""Families that look changed where another one was planted: the truth does not decide questions about them there."""


@dataclass(frozen=True)
class Asked:
    """A yes-no question: "yes" says that one of the families is there, or (`there` false) that none is.

    `praise` marks questions whose "yes" says more than that ("Is it sharp?"): where nothing was planted the truth
    does not decide them, because the photo itself may not deserve the praise.
    """

    families: tuple[Family, ...]
    there: bool
    praise: bool


@dataclass(frozen=True)
class YesNo:
    """A decided yes-no question."""

    expected: bool
    answered: bool

    @property
    def right(self) -> bool:
        """Whether the answer is the truth's."""
        return self.expected == self.answered


@dataclass(frozen=True)
class What:
    """A decided what question. `expected` holds the planted families; of one that asks for a place, `family` asks."""

    kind: Literal["name", "place"]
    right: bool
    expected: frozenset[Family] = frozenset()
    family: Family | None = None


def asked(question_plain: str) -> Asked | None:
    """What a yes-no question asks, or None if the truth knows nothing of it."""
    for pattern, found in _axis_frames():
        if pattern.fullmatch(question_plain):
            return found
    return None


def expected_yes(question: Asked, planted: Sequence[Place]) -> bool | None:
    """Whether "yes" is true of an area on which these regions were planted (none: untouched); None if undecided."""
    severity = max((place.severity(family) for place in planted for family in question.families), default=0)
    if severity >= CLEARLY_PLANTED:
        return question.there
    if severity or question.praise or _disturbed(question.families, planted):
        return None
    return not question.there


def _disturbed(families: Sequence[Family], planted: Sequence[Place]) -> bool:
    return any(not ALSO_CHANGES[found.family].isdisjoint(families) for place in planted for found in place.distortions)


def families_named(text: str) -> list[Family]:
    """Distortion families that an answer names, in its order."""
    return [_family_by_name()[match[0].lower()] for match in _names().finditer(text)]


def decide_yes_no(question: Question, record: ImageRecord, planted: Sequence[Place]) -> YesNo | None:
    """The truth's and the run's answer to a yes-no question, or None if the truth does not decide it."""
    found = asked(question.question_plain)
    on = _planted_on_all(_areas(question, record), planted)
    expected = expected_yes(found, on) if found is not None and on is not None else None
    if expected is None:
        return None
    return YesNo(expected, question.answer_plain.strip().lower().startswith("yes"))


def decide_what(question: Question, record: ImageRecord, planted: Sequence[Place]) -> What | None:
    """Whether the answer to a what question is true, or None if the truth does not decide it.

    "What degrades the sky?" is answered rightly when the first distortion that it names was planted there; "What is
    blurred in the image?" when every region of the answer lies on planted blur.
    """
    if _fits(pools.WHAT_DISTORTION + pools.WHAT_MAIN, question.question_plain):
        on = _planted_on_all(_areas(question, record), planted)
        if on is None:
            return None
        there = frozenset(found.family for place in on for found in place.distortions)
        named = families_named(question.answer_plain)
        return What("name", bool(named) and named[0] in there, expected=there)
    family = _state_asked(question.question_plain)
    if family is None:
        return None
    each = [planted_on(area, planted) for area in _areas(question, record)]
    hits = [None if on is None else any(place.severity(family) for place in on) for on in each]
    if False in hits:
        return What("place", right=False, family=family)
    return None if None in hits else What("place", right=True, family=family)


def _areas(question: Question, record: ImageRecord) -> list[BoolArray]:
    """The areas that a question is about: its regions, or the image."""
    width, height = record.upright_size()
    regions = {region.region_id: region for region in record.regions}
    if not question.region_ids:
        return [whole_image(width, height, ()).inside]
    return [place_of(regions[number], width, height).inside for number in question.region_ids]


def _planted_on_all(areas: Sequence[BoolArray], planted: Sequence[Place]) -> list[Place] | None:
    """What was planted on all areas alike; None if they differ, or one is neither planted nor untouched."""
    found = [planted_on(area, planted) for area in areas]
    first = found[0]
    alike = all(each is not None and each == first for each in found)
    return first if alike else None


_STATES = "state"


@cache
def _axis_frames() -> tuple[tuple[re.Pattern[str], Asked], ...]:
    return tuple(
        (_pattern(frame), Asked(axis.families, there=there, praise=not there and " free of " not in frame))
        for axis in pools.AXES.values()
        for there, frames in ((True, axis.defect), (False, axis.good))
        for frame in frames
    )


def _fits(frames: Sequence[str], question: str) -> bool:
    return any(_pattern(frame).fullmatch(question) for frame in frames)


def _state_asked(question: str) -> Family | None:
    for frame in pools.WHAT_IS_STATE:
        match = _pattern(frame).fullmatch(question)
        if match:
            said = match[_STATES]
            return next((family for family, words in FAMILY_WORDS.items() if words.plain_state == said), None)
    return None


@cache
def _pattern(frame: str) -> re.Pattern[str]:
    """A frame as a pattern: the thing is any text, verbs and prepositions are one word."""
    return re.compile("".join(_pieces(frame)))


def _pieces(frame: str) -> Iterator[str]:
    for literal, slot, _, _ in Formatter().parse(frame):
        yield re.escape(literal)
        if slot == _STATES:
            yield f"(?P<{_STATES}>.+)"
        elif slot is not None:
            yield ".+" if slot == "t" else r"\w+"


@cache
def _family_by_name() -> dict[str, Family]:
    return {words.name: family for family, words in FAMILY_WORDS.items()}


@cache
def _names() -> re.Pattern[str]:
    longest_first = sorted(_family_by_name(), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)

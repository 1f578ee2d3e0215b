"""A text as words with their places, and its sentences as segments between commas and joining words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stages.extract.words import (
    BORDERS,
    DETERMINERS,
    HAVING,
    LINKING,
    PREPOSITIONS,
    RELATIVE,
    SEPARATING,
    VERBS,
)
from stages.language.quality_words import sayings_of

_TOKEN = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*|[.!?;:,()]")
_ENDS = frozenset(".!?;:()")


@dataclass(frozen=True)
class Word:
    """A lower-case word (or a comma) and the characters [start, end) of the text where it stands."""

    text: str
    start: int
    end: int


Words = tuple[Word, ...]


def sentences(text: str) -> list[Words]:
    """The words of each sentence, commas kept; semicolons, colons and parentheses end a sentence too."""
    found: list[list[Word]] = [[]]
    for match in _TOKEN.finditer(text):
        if match[0] in _ENDS:
            found.append([])
        else:
            found[-1].append(Word(match[0].lower().replace("\u2019", "'"), match.start(), match.end()))
    return [tuple(words) for words in found if words]


@dataclass(frozen=True)
class Clause:
    """Subject, verb and what is said; without a verb all words stand in `said`. A subject may be empty."""

    subject: Words
    verb: str
    said: Words


@dataclass(frozen=True)
class Segment:
    """Words between two borders; `border` is the comma or the joining or separating word in front."""

    border: str
    start: int
    words: Words


def clauses(sentence: Words) -> list[Clause]:
    """The clauses of a sentence, each around one verb of `VERBS`; what stands outside of them has no verb."""
    verbs = [index for index in range(len(sentence)) if _is_verb(sentence, index)]
    if not verbs:
        return [Clause((), "", segment.words) for segment in segments(sentence)]
    gaps = zip([-1, *verbs], verbs, strict=False)
    starts = [_subject_start(sentence, before + 1, verb, first=before < 0) for before, verb in gaps]
    ends = [*starts[1:], len(sentence)]
    opening = [Clause((), "", segment.words) for segment in segments(sentence[: starts[0]])]
    return opening + [
        Clause(_trimmed(sentence[start:verb]), sentence[verb].text, _trimmed(sentence[verb + 1 : end]))
        for start, verb, end in zip(starts, verbs, ends, strict=True)
    ]


def segments(words: Words) -> list[Segment]:
    """Runs of words between commas and joining or separating words, none of them empty."""
    borders = [index for index, word in enumerate(words) if word.text in BORDERS]
    found = []
    for border, end in zip([-1, *borders], [*borders, len(words)], strict=True):
        if border + 1 < end:
            text = words[border].text if border >= 0 else ""
            found.append(Segment(text, border + 1, words[border + 1 : end]))
    return found


def texts_of(words: Sequence[Word]) -> list[str]:
    """The words alone."""
    return [word.text for word in words]


def _is_verb(sentence: Words, index: int) -> bool:
    """Whether a word links a thing to what is said; of "has been" and "does not have" the last one counts."""
    if sentence[index].text not in VERBS:
        return False
    after = [word for word in texts_of(sentence[index + 1 : index + 3]) if word not in ("not", "also", "still")]
    return not (after and after[0] in LINKING | HAVING)


def _subject_start(sentence: Words, start: int, verb: int, *, first: bool) -> int:
    """Where the subject of a verb begins, not before `start`.

    It is the last segment, and segments that "and" or a comma joins to it while they name a thing and say nothing
    of it. Relative clauses are passed over. Between two verbs the first segment belongs to what the first one says.
    """
    found = segments(sentence[start:verb])
    if not found or (not first and _is_elided(found, sentence[verb - 1].text)):
        return verb
    if len(found) == 1 and not first:
        return start + _last_noun_phrase(found[0].words)
    place = len(found) - 1
    chosen = place
    while place > (0 if first else 1) and found[place].border not in SEPARATING:
        place -= 1
        if found[place].words[0].text in RELATIVE:
            continue
        if not _names_a_thing(found[place].words):
            break
        chosen = place
    return start + found[chosen].start


def _is_elided(between: list[Segment], before_verb: str) -> bool:
    """Whether a second verb shares the subject of the first: "is overexposed and lacks detail"."""
    if before_verb == ",":
        return not any(_names_a_thing(segment.words) for segment in between[1:])
    return before_verb in BORDERS


def _names_a_thing(segment: Words) -> bool:
    return segment[0].text in DETERMINERS and not sayings_of(texts_of(segment))


def _last_noun_phrase(words: Words) -> int:
    """Index of the relative word, or of the determiner with no preposition in front, that begins the last phrase."""
    for index in range(len(words) - 1, -1, -1):
        text, before = words[index].text, words[index - 1].text if index else ""
        if text in RELATIVE or text == "that" or (text in DETERMINERS and before not in PREPOSITIONS):
            return index
    return len(words)


def _trimmed(words: Words) -> Words:
    """Without commas and joining or separating words at both ends."""
    start, end = 0, len(words)
    while start < end and words[start].text in BORDERS:
        start += 1
    while end > start and words[end - 1].text in BORDERS:
        end -= 1
    return words[start:end]

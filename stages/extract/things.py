"""Noun phrases: the things that words name, seen through properties, parts and adjectives."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stages.extract.clauses import Word, Words, segments, texts_of
from stages.extract.words import (
    BORDERS,
    COMPOUNDS,
    DETERMINERS,
    FILLERS,
    NON_CRITICAL,
    NOT_NOUNS,
    OWNERS,
    PARTS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    PROPERTIES,
    RELATIVE,
    SPEAKERS,
    STAYS_WITH_NOUN,
    VERBS,
    WHOLE_IMAGE,
)
from stages.language.quality_words import sayings_of

MOST_WORDS_BEHIND = 5
"""Words behind the head that a phrase may hold."""


@dataclass(frozen=True)
class Thing:
    """What a noun phrase names. `core`: the noun with its adjectives; `whole`: core and what stands behind.

    `about_property` is the property through which it is seen ("texture" in "the texture of the petals"), `of_image`
    says that no thing is named, `pronoun` that an earlier one is meant.
    """

    core: Words
    whole: Words
    about_property: str = ""
    of_image: bool = False
    pronoun: bool = False

    @property
    def label(self) -> Words:
        """The head noun; a known compound counts as one."""
        pair = " ".join(texts_of(self.core[-2:]))
        return self.core[-2:] if pair in COMPOUNDS else self.core[-1:]

    @property
    def critical(self) -> bool:
        """Whether a box could hold it."""
        return self.label[-1].text not in NON_CRITICAL


def things_of(words: Words) -> list[Thing]:
    """The things that joined noun phrases name, properties of one thing counted once."""
    found: list[Thing] = []
    for segment in segments(words):
        thing = thing_of(segment.words)
        if thing is None:
            continue
        if found and found[-1].of_image and found[-1].about_property and thing.about_property and not thing.of_image:
            found.pop()
        found.append(thing)
    return found


def thing_of(words: Words) -> Thing | None:
    """The thing that one noun phrase names; None if it names none."""
    words, possessive = _without_opening(words)
    core = _core(words)
    if not core:
        return None
    rest = words[len(core) :]
    head = core[-1].text
    if SPEAKERS.intersection(texts_of(core)):
        return None
    if len(core) == 1 and head in PRONOUNS:
        return Thing(core, core, pronoun=True)
    behind = rest[0].text if rest else ""
    if behind == "of" and head in PARTS:
        return thing_of(rest[1:])
    if head in PROPERTIES:
        return _seen_through(core, rest, possessive)
    if head in WHOLE_IMAGE or not head[0].isalpha():
        return Thing(core, core, of_image=True)
    return Thing(_own(core), _own(core) + _place(rest))


def _seen_through(core: Words, rest: Words, possessive: bool) -> Thing | None:
    """The thing whose property is named: behind it, before it, meant by "its", or else the image."""
    prop = core[-1].text
    if rest and rest[0].text in ("of", "on", "in", "at", "around"):
        thing = thing_of(rest[1:])
        if thing is not None:
            return replace(thing, about_property=prop)
    before = core[:-1]
    while before and before[-1].text in PROPERTIES:
        before = before[:-1]
    if before and (before[-1].text.endswith("'s") or before[-1].text in OWNERS):
        owner = _own((*before[:-1], _without_possessive(before)))
        return Thing(owner, owner, about_property=prop)
    return Thing(core, core, about_property=prop, pronoun=possessive, of_image=not possessive)


def _without_possessive(before: Words) -> Word:
    last = before[-1]
    if not last.text.endswith("'s"):
        return last
    return replace(last, text=last.text[:-2], end=last.end - 2)


def _without_opening(words: Words) -> tuple[Words, bool]:
    """The phrase from its first adjective or noun on, and whether "its" or the like stood in front."""
    possessive = False
    place = 0
    while place < len(words):
        text = words[place].text
        if text in PRONOUNS and place + 1 == len(words):
            break
        if text in DETERMINERS or text in FILLERS or (place == 0 and text in ("with", "like", "as")):
            possessive = possessive or text in POSSESSIVES
            place += 1
        elif text == "of" and place:
            place += 1
        else:
            break
    return words[place:], possessive


def _core(words: Words) -> Words:
    """Adjectives and noun: the words up to what cannot belong to them."""
    for index, word in enumerate(words):
        text = word.text
        ends = text in PREPOSITIONS or text in RELATIVE or text in VERBS or text in NOT_NOUNS or text in BORDERS
        participle = index > 0 and text.endswith(("ing", "ly")) and text not in ("building", "clothing", "railing")
        if ends or participle or (index > 0 and (text in DETERMINERS or text in PRONOUNS)):
            return words[:index]
    return words


def _own(core: Words) -> Words:
    """The core without words of quality: "slightly blurred background" is a background."""
    found = sayings_of(texts_of(core[:-1]))
    start = found[-1].end if found else 0
    while start < len(core) - 1 and (core[start].text in FILLERS or core[start].text in DETERMINERS):
        start += 1
    return core[start:]


def _place(rest: Words) -> Words:
    """What tells the thing apart from others of its kind: "in the red coat"."""
    if not rest or rest[0].text not in STAYS_WITH_NOUN or sayings_of(texts_of(rest)):
        return ()
    noun = _core(_without_opening(rest[1:])[0])
    if not noun or noun[-1].text in WHOLE_IMAGE:
        return ()
    end = rest.index(noun[-1]) + 1
    return rest[:end] if end <= MOST_WORDS_BEHIND else ()

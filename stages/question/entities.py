"""Boxed entities of a description, as a language model may speak of them: by number in braces, never by coordinates.

"How sharp is {2}?" becomes "How sharp is the [window](#4)?": the name and the boxes come from the description.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from manifests.markup import safe_label
from manifests.records import Description
from stages.language.english import join

PLACE = re.compile(r"\{(\d+)\}", re.ASCII)

DETERMINERS = frozenset(
    "a all an any both each either every her his its neither no our some that the their these this those your".split()
)
"""Words after which, or at the head of a name, no "the" is put."""

_ARTICLES = ("a ", "an ", "the ")
_LAST_WORD = re.compile(r"[\w'-]+$")
_HEAD_ENDS = re.compile(r"\s(?:at|behind|by|in|near|of|on|under|with)\s.*")


@dataclass(frozen=True)
class Entity:
    """Something that a description links to boxes; `number` counts from 1 inside the description."""

    number: int
    name: str
    region_ids: tuple[int, ...]

    @property
    def link(self) -> str:
        """The entity in internal notation, without an article."""
        numbers = ", ".join(f"#{region_id}" for region_id in self.region_ids)
        return f"[{self.name}]({numbers})"


def entities_of(description: Description) -> list[Entity]:
    """What a description links, in the order of first mention; mentions of the same regions are one entity."""
    names: dict[tuple[int, ...], str] = {}
    for span in description.spans:
        mention = safe_label(description.answer_plain[span.start : span.end])
        names.setdefault(tuple(span.region_ids), _without_article(mention))
    return [Entity(number, name, region_ids) for number, (region_ids, name) in enumerate(names.items(), start=1)]


def numbered_text(description: Description, entities: Sequence[Entity]) -> str:
    """The description without boxes, each linked mention followed by its entity's number: "the dog {1} is clear"."""
    number_of = {entity.region_ids: entity.number for entity in entities}
    pieces: list[str] = []
    read = 0
    for span in description.spans:
        pieces.append(
            f"{_braceless(description.answer_plain[read : span.end])} {{{number_of[tuple(span.region_ids)]}}}"
        )
        read = span.end
    return "".join([*pieces, _braceless(description.answer_plain[read:])])


def mentioned(text: str) -> list[int]:
    """Numbers of the entities that a model's text points to, in order."""
    return [int(digits) for digits in PLACE.findall(text)]


def linked(text: str, entities: Sequence[Entity]) -> str:
    """A model's text in internal notation: each `{n}` becomes the entity's link, with an article where none stands.

    A name that the model wrote before the number is not said twice. Raises KeyError for a number without entity.
    """
    by_number = {entity.number: entity for entity in entities}
    written, read = "", 0
    for place in PLACE.finditer(text):
        entity = by_number[int(place[1])]
        written = _without_name(written + text[read : place.start()], entity.name)
        written += _with_article(written, entity)
        read = place.end()
        written += " " if text[read : read + 1].isalnum() else ""
    return _capitalised(written + text[read:]).replace(",?", "?")


def listed(entities: Sequence[Entity]) -> str:
    """Entities as an answer: "The [dog](#1) and the [window](#2)."."""
    return _capitalised(join([_with_article("", entity) for entity in entities])) + "."


def names_one_of(text: str, entities: Sequence[Entity]) -> bool:
    """Whether a text says the head noun of an entity's name, in singular or plural."""
    words = {_stem(word) for word in re.findall(r"[\w'-]+", text.casefold())}
    return any(_stem(_HEAD_ENDS.sub("", entity.name.casefold()).split()[-1]) in words for entity in entities)


def _stem(word: str) -> str:
    return word[:-2] if word.endswith("es") and len(word) > 4 else word.removesuffix("s")


def _without_article(name: str) -> str:
    for article in _ARTICLES:
        if name.casefold().startswith(article) and len(name) > len(article):
            return name[len(article) :]
    return name


def _without_name(before: str, name: str) -> str:
    """The text before a number, without the entity's name at its end."""
    stripped = before.rstrip()
    if not stripped.casefold().endswith(name.casefold()):
        return before
    rest = stripped[: len(stripped) - len(name)]
    return before if rest and not rest[-1].isspace() else rest


def _with_article(before: str, entity: Entity) -> str:
    last = _LAST_WORD.search(before.rstrip())
    if last and last[0].casefold() in DETERMINERS and before.endswith(" "):
        return entity.link
    space = " " if before and not before.endswith((" ", "(", "-")) else ""
    own = entity.name.casefold().split()[0] in DETERMINERS
    return f"{space}{'' if own else 'the '}{entity.link}"


def _capitalised(text: str) -> str:
    """A text whose first letter is large, also inside a link."""
    first = re.search(r"[^\W\d_]", text)
    return text if first is None else text[: first.start()] + first[0].upper() + text[first.end() :]


def _braceless(text: str) -> str:
    """Text whose own braces cannot be taken for an entity's number."""
    return text.replace("{", "(").replace("}", ")")

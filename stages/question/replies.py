"""The shape of a language model's questions: JSON schemas that guide decoding, and the models that validate replies.

Families are forced by the beginnings of the questions, boxed entities by a number in braces that exists. Letters,
digits and commas are all that a text may hold, so no link, bracket or coordinate can be written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

YES_NO_OPENINGS = "Are Can Do Does Has Have Is".split()
OPENINGS = {"what": ("What", "Which"), "why": ("Why",), "how": ("How",)}

MOST_IN_ANSWER = 3
"""Entities that one answer may list."""

MOST_WORDS = 10
"""Words of a question before its entity, and after it."""

_WORD = "[A-Za-z0-9][A-Za-z0-9'/-]*,?"
_WORDS = f"(?: {_WORD}){{0,{MOST_WORDS}}}"


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class YesNoReply(_Shape):
    """Questions whose answer is yes, and questions whose answer is no."""

    yes: list[str]
    no: list[str]


class Answered(_Shape):
    """An open question that points to one entity, and its answer in a few words."""

    question: str
    answer: str


class Located(_Shape):
    """A question whose answer is one or more entities, by number."""

    question: str
    answer: list[int]


class OpenReply(_Shape):
    """Open questions by family; those of `where` are answered by entities."""

    what: list[Answered]
    why: list[Answered]
    how: list[Answered]
    where: list[Located]


def yes_no_shape(numbers: int, most: int, *, boxed_only: bool) -> type[YesNoReply]:
    """The reply's model for a description with entities 1 to `numbers` and at most `most` questions of each answer."""
    questions = _list_of(_text(_pattern(YES_NO_OPENINGS, numbers, boxed_only=boxed_only)), least=1, most=most)
    fields: dict[str, Any] = {"yes": (questions, ...), "no": (questions, ...)}
    return create_model("YesNo", __base__=YesNoReply, **fields)


def open_shape(numbers: int, most: Mapping[str, int], *, most_words: int, boxed_only: bool) -> type[OpenReply]:
    """The reply's model for entities 1 to `numbers`; `most` says how many of each family, "where" among them.

    Answers in words have at most `most_words`. "what" and "how" can always be asked and have one at least, unless
    none is wanted.
    """
    fields: dict[str, Any] = {}
    for family, openings in OPENINGS.items():
        question = _text(_pattern(openings, numbers, boxed_only=boxed_only))
        pair: dict[str, Any] = {"question": (question, ...), "answer": (_text(_answer(most_words)), ...)}
        shape = create_model(family.capitalize(), __base__=Answered, **pair)
        least = 0 if family == "why" else min(most[family], 1)
        fields[family] = (_list_of(shape, least=least, most=most[family]), ...)
    number = Annotated[int, Field(ge=1, le=numbers, json_schema_extra={"enum": list(range(1, numbers + 1))})]
    place: dict[str, Any] = {
        "question": (_text(_pattern(OPENINGS["what"], 0, boxed_only=False)), ...),
        "answer": (_list_of(number, least=1, most=min(numbers, MOST_IN_ANSWER)), ...),
    }
    located = create_model("Where", __base__=Located, **place)
    fields["where"] = (_list_of(located, least=0, most=most["where"] if numbers else 0), ...)
    return create_model("Open", __base__=OpenReply, **fields)


def _text(pattern: str) -> Any:
    return Annotated[str, StringConstraints(pattern=pattern)]


def _list_of(item: Any, *, least: int, most: int) -> Any:
    return Annotated[list[item], Field(min_length=least, max_length=most)]


def _pattern(openings: Sequence[str], numbers: int, *, boxed_only: bool) -> str:
    """A question of one family that points to one entity, or to none where that is allowed.

    Bounds count words and not characters: a guide of the same length is then twenty times faster to compile.
    """
    opening = f"^(?:{'|'.join(openings)})"
    if not numbers:
        return rf"{opening}{_WORDS}{_WORDS}\?$"
    place = rf" \{{(?:{'|'.join(str(number) for number in range(1, numbers + 1))})\}}(?:'s|,)?{_WORDS}"
    return rf"{opening}{_WORDS}{place if boxed_only else f'(?:{place})?'}\?$"


def _answer(most_words: int) -> str:
    return rf"^[A-Za-z][A-Za-z'-]*(?: [A-Za-z0-9'-]+){{0,{most_words - 1}}}$"

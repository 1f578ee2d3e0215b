"""From a language model's replies to question-answer pairs that may be asked, and why the others may not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from manifests.vocabulary import QuestionFamily
from stages.language.english import capitalise
from stages.question.entities import Entity, linked, listed, mentioned, names_one_of
from stages.question.pair import Pair
from stages.question.replies import OpenReply, YesNoReply

Refusal = Literal["no boxed entity", "no quality word", "names its answer", "contradiction", "repeated"]
"""Why a pair that a model wrote is not taken."""


SMALL_WORDS = frozenset("a an and are be been do does has have in is it its of on or that the this to was were".split())

QUALITY_STEMS = tuple(
    "aliasing artefact artifact bad banding bleach blotch blown blur bright cast clarity clean clear colo compress "
    "contrast crisp dark defocus detail dim discern distinct distort dull excellent expos fade flare focus fuzz ghost "
    "glare good grain halo haz highlight hue illum jagged legib light lit lost murk muted natural nois obscur "
    "overexpos oversatur oversharp pale pixel poor quality readab recogni resol rich satur shadow shak sharp smear "
    "smooth soft streak textur tint tone underexpos vague vibran visib vivid washed".split()
)
"""Beginnings of the words with which people speak of image quality."""

_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")


@dataclass(frozen=True)
class Rules:
    """What a pair must keep to beyond its shape.

    `boxed_only`: it concerns a boxed entity (the keyword filter of Grounding-IQA, arXiv 2411.17237, section 3.3).
    `keywords`: beginnings of words, one of which its question or answer holds; empty for no such rule.
    """

    boxed_only: bool
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """A pair that was not taken, in the model's own words."""

    question: str
    reason: Refusal


def yes_no_pairs(reply: YesNoReply, entities: Sequence[Entity], rules: Rules) -> list[Pair | Refused]:
    """Pairs with the answers "Yes." and "No.", the boxes in the question."""
    return [
        _refused(question, "", entities, rules) or _referring("yes-no", question, answer, entities, yes)
        for questions, answer, yes in ((reply.yes, "Yes.", True), (reply.no, "No.", False))
        for question in questions
    ]


def open_pairs(reply: OpenReply, entities: Sequence[Entity], rules: Rules) -> list[Pair | Refused]:
    """Pairs with what, why and how; boxes in the question, or in the answer where that is a place."""
    pairs: list[Pair | Refused] = []
    families: tuple[QuestionFamily, ...] = ("what", "why", "how")
    for family in families:
        for answered in getattr(reply, family):
            answer = f"{capitalise(answered.answer.strip(' ,-/'))}."
            refused = _refused(answered.question, answer, entities, rules)
            pairs.append(refused or _referring(family, answered.question, answer, entities))
    for located in reply.where:
        answers = [entities[number - 1] for number in dict.fromkeys(located.answer)]
        if not _has_keyword(located.question, rules.keywords):
            pairs.append(Refused(located.question, "no quality word"))
        elif names_one_of(located.question, answers):
            pairs.append(Refused(located.question, "names its answer"))
        else:
            ids = tuple(dict.fromkeys(region_id for entity in answers for region_id in entity.region_ids))
            question = located.question
            pairs.append(Pair("what", "grounding", question, listed(answers), _topic(question), ids))
    return pairs


def consistent(pairs: Iterable[Pair | Refused]) -> Iterator[Pair | Refused]:
    """The pairs of one image, without questions that stand twice or get two answers."""
    candidates = list(pairs)
    answers: dict[tuple[str, tuple[int, ...]], set[str]] = {}
    for pair in candidates:
        if isinstance(pair, Pair):
            answers.setdefault(_asked(pair), set()).add(pair.answer)
    seen = set()
    for pair in candidates:
        if isinstance(pair, Refused):
            yield pair
        elif len(answers[_asked(pair)]) > 1:
            yield Refused(pair.question, "contradiction")
        elif _asked(pair) in seen:
            yield Refused(pair.question, "repeated")
        else:
            seen.add(_asked(pair))
            yield pair


def _asked(pair: Pair) -> tuple[str, tuple[int, ...]]:
    """What a question asks of which regions; places are asked of none."""
    return pair.topic, () if pair.spatial == "grounding" else pair.region_ids


def _refused(question: str, answer: str, entities: Sequence[Entity], rules: Rules) -> Refused | None:
    if rules.boxed_only and not mentioned(question):
        return Refused(question, "no boxed entity")
    if not _has_keyword(f"{question} {answer}", rules.keywords):
        return Refused(question, "no quality word")
    return None


def _has_keyword(text: str, keywords: Sequence[str]) -> bool:
    words = re.findall(r"[a-z]+", text.casefold())
    return not keywords or any(word.startswith(tuple(keywords)) for word in words)


def _referring(
    family: QuestionFamily, question: str, answer: str, entities: Sequence[Entity], yes: bool | None = None
) -> Pair:
    numbers = mentioned(question)
    ids = entities[numbers[0] - 1].region_ids if numbers else ()
    text = linked(question, entities)
    return Pair(family, "referring" if ids else "none", text, answer, _topic(text), ids, yes)


def _topic(linked_question: str) -> str:
    """The words of a question without the entity and small words, so that rewordings of one question are seen."""
    words = re.findall(r"[a-z]+", _LINK.sub(" ", linked_question).casefold())
    return " ".join(word for word in words if word not in SMALL_WORDS)

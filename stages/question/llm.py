"""The asker in a language model: guided, validated questions on each description, with boxes spliced in by us.

Grounding-IQA (arXiv 2411.17237, section 3.3): a model reads a description and the names of its boxed entities and
writes pairs of forced families; pairs that concern no entity go; boxes stand in the question or in the answer. The
paper prints no prompt; the two here ask for what the published prompts of Q-Instruct (arXiv 2311.06783) ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from manifests.records import Description, ImageRecord
from stages.language.voice import Voice
from stages.mllm.ask import Ask, Reply
from stages.mllm.connect import language_model
from stages.mllm.ladder import Granted, Wish, climb, note
from stages.mllm.options import ModelOptions
from stages.mllm.templates import render
from stages.question.authored import Refused, Rules, consistent, open_pairs, yes_no_pairs
from stages.question.choose import balanced_yes_no, varied
from stages.question.entities import Entity, entities_of, numbered_text
from stages.question.pair import Pair
from stages.question.replies import OpenReply, YesNoReply, open_shape, yes_no_shape

PACKAGE = "stages.question"

Pairs = list[Pair | Refused]


@dataclass(frozen=True)
class Wanted:
    """How many questions of each kind a model is asked for on one description, and how many an image gets at most.

    `equal`: an image gets as many open questions as yes-no ones (the paper cuts down its two families to equal size).
    """

    yes_no_each: int
    what: int
    why: int
    how: int
    where: int
    most_yes_no: int
    most_open: int
    equal: bool
    max_answer_words: int

    def open(self) -> dict[str, int]:
        """Open questions by family."""
        return {"what": self.what, "why": self.why, "how": self.how, "where": self.where}

    def fewer(self) -> Wanted:
        """One of each kind at most, for a model that cannot cope with more."""
        what, why, how, where = (min(count, 1) for count in self.open().values())
        return replace(self, yes_no_each=1, what=what, why=why, how=how, where=where)


class LlmAsker:
    """Asks with the model of some options, all descriptions of a call in flight together."""

    def __init__(self, options: ModelOptions, wanted: Wanted, rules: Rules) -> None:
        self._options, self._wanted, self._rules = options, wanted, rules

    def open(self) -> None:
        """Load the model or reach the endpoint."""
        self._model = language_model(self._options)

    @property
    def author(self) -> str:
        """The model's name."""
        return self._options.author

    def __call__(self, rows: Sequence[tuple[ImageRecord, Voice, int]]) -> list[list[Pair] | None]:
        """The chosen pairs for each row, its voice and its seed, in their order; None for a row that has failed.

        A row fails when one of its descriptions gets no valid reply. Raises EngineDied.
        """
        wishes = [self._wishes(row, seed) for row, _, seed in rows]
        granted = iter(climb(self._model, [wish for some in wishes for wish in some], self._options.temperatures))
        return [
            self._taken(row, voice, [next(granted) for _ in some])
            for (row, voice, _), some in zip(rows, wishes, strict=True)
        ]

    def _taken(self, row: ImageRecord, voice: Voice, ends: Sequence[Granted[Pairs]]) -> list[Pair] | None:
        note(row, "question", ends)
        failed = next((end for end in ends if end.value is None), None)
        if failed is not None:
            row.end("failed", "question", failed.reason or "no reply")
            return None
        return chosen([pair for end in ends for pair in end.value or ()], self._wanted, voice)

    def _wishes(self, row: ImageRecord, seed: int) -> list[Wish[Pairs]]:
        wishes = []
        for number, description in enumerate(row.descriptions):
            entities = entities_of(description)
            if entities or not self._rules.boxed_only:
                asked = _About(description, entities, self._wanted, self._rules)
                if self._wanted.most_yes_no > 1 and self._wanted.yes_no_each:
                    wishes.append(self._wish(asked.yes_no_ask, asked.read_yes_no, seed + 2 * number))
                if self._wanted.most_open and any(self._wanted.open().values()):
                    wishes.append(self._wish(asked.open_ask, asked.read_open, seed + 2 * number + 1))
        return wishes

    def _wish(self, ask: Callable[[Wanted, int, int], Ask], read: Callable[[Reply], Pairs], seed: int) -> Wish[Pairs]:
        most = self._options.max_tokens
        return Wish(ask(self._wanted, most, seed), read, shorter=ask(self._wanted.fewer(), most, seed))


@dataclass(frozen=True)
class _About:
    """What is asked on one description, and how the replies are read."""

    description: Description
    entities: Sequence[Entity]
    wanted: Wanted
    rules: Rules

    def yes_no_ask(self, wanted: Wanted, max_tokens: int, seed: int) -> Ask:
        schema = self._yes_no(wanted).model_json_schema()
        return self._ask("yes_no", schema, max_tokens, seed, most=wanted.yes_no_each)

    def open_ask(self, wanted: Wanted, max_tokens: int, seed: int) -> Ask:
        most = {**wanted.open(), "where": wanted.where if self.entities else 0}
        schema, words = self._open(wanted).model_json_schema(), wanted.max_answer_words
        return self._ask("open", schema, max_tokens, seed, most=most, max_answer_words=words)

    def read_yes_no(self, reply: Reply) -> Pairs:
        return yes_no_pairs(self._yes_no(self.wanted).model_validate_json(reply.text), self.entities, self.rules)

    def read_open(self, reply: Reply) -> Pairs:
        return open_pairs(self._open(self.wanted).model_validate_json(reply.text), self.entities, self.rules)

    def _yes_no(self, wanted: Wanted) -> type[YesNoReply]:
        return yes_no_shape(len(self.entities), wanted.yes_no_each, boxed_only=self.rules.boxed_only)

    def _open(self, wanted: Wanted) -> type[OpenReply]:
        words = wanted.max_answer_words
        return open_shape(len(self.entities), wanted.open(), most_words=words, boxed_only=self.rules.boxed_only)

    def _ask(self, prompt: str, schema: Mapping[str, object], max_tokens: int, seed: int, **values: object) -> Ask:
        user = render(
            PACKAGE,
            prompt,
            text=numbered_text(self.description, self.entities),
            entities=self.entities,
            contradicted=self.description.contradicted,
            boxed_only=self.rules.boxed_only,
            **values,
        )
        return Ask(system=render(PACKAGE, "system"), user=user, schema=schema, max_tokens=max_tokens, seed=seed)


def chosen(candidates: Sequence[Pair | Refused], wanted: Wanted, voice: Voice) -> list[Pair]:
    """The pairs that an image keeps: consistent, as many yes as no, and of each kind no more than wanted."""
    pairs = voice.shuffled([pair for pair in consistent(candidates) if isinstance(pair, Pair)])
    closed = balanced_yes_no([pair for pair in pairs if pair.family == "yes-no"], wanted.most_yes_no)
    others = varied([pair for pair in pairs if pair.family != "yes-no"], wanted.most_open)
    if wanted.equal:
        size = min(len(closed), len(others))
        size -= size % 2
        closed, others = closed[:size], others[:size]
    return [*voice.shuffled(closed), *others]

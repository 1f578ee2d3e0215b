"""A vocabulary for each image, proposed by a language model that sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from manifests.records import ImageRecord
from stages.detect.captions import clean
from stages.mllm.ask import Ask, Reply
from stages.mllm.connect import language_model
from stages.mllm.families import family_of, show
from stages.mllm.ladder import Wish, climb, note
from stages.mllm.options import ModelOptions
from stages.mllm.templates import prompt_texts, render
from stages.pixels import upright_rgb

PACKAGE = "stages.detect"
MOST_CHARACTERS = 40

Name = Annotated[str, StringConstraints(min_length=2, max_length=MOST_CHARACTERS, pattern=r"^[a-zA-Z][a-zA-Z' -]*$")]


class Proposer:
    """Asks the model of some options for the things in an image, all images of a call in flight together."""

    def __init__(self, options: ModelOptions, most: int) -> None:
        self._options, self._most = options, most
        self._reply = create_model(
            "Things", __config__=ConfigDict(extra="forbid"), things=(list[Name], Field(min_length=1, max_length=most))
        )

    def open(self) -> None:
        """Load the model or reach the endpoint."""
        self._model = language_model(self._options)
        self._family = family_of(self._options)

    def prompts(self) -> Mapping[str, str]:
        """What the model is asked."""
        return prompt_texts(PACKAGE)

    def __call__(self, stage: str, rows: Sequence[ImageRecord], seed: int) -> list[list[str]]:
        """Distinct names for each row, in the model's order. A row without a valid reply fails. Raises EngineDied."""
        ends = climb(self._model, [self._wish(row, seed) for row in rows], self._options.temperatures)
        for row, end in zip(rows, ends, strict=True):
            note(row, stage, [end])
            if end.value is None:
                row.end("failed", stage, f"no vocabulary was proposed: {end.reason}")
        return [end.value or [] for end in ends]

    def _wish(self, row: ImageRecord, seed: int) -> Wish[list[str]]:
        shown = show(upright_rgb(row), self._family, self._options.max_pixels)
        ask = Ask(
            system="You name the things in photographs.",
            user=render(PACKAGE, "propose", most=self._most),
            images=(shown.content,),
            schema=self._reply.model_json_schema(),
            max_tokens=self._options.max_tokens,
            seed=seed,
        )
        return Wish(ask, lambda reply: names_of(reply, self._reply))


def names_of(reply: Reply, schema: type[BaseModel]) -> list[str]:
    """The distinct names of a reply as prompts. Raises ValueError for a reply that is not one."""
    things: list[str] = schema.model_validate_json(reply.text).model_dump()["things"]
    return list(dict.fromkeys(name for name in map(clean, things) if name))

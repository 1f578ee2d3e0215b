"""Who grades texts with 0-4 (LLM-Score and Acc(W) of GIQA-Bench): a language model, or a stand-in that counts words.

The paper asks Llama3 with a prompt that it does not print. Ours is in `prompts/`; its digest stands in every report,
because two judges' scores do not compare.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from annotate.evaluate.answers import words
from manifests.errors import InputError
from stages.mllm.ask import Ask, EngineDied, LanguageModel, Reply
from stages.mllm.connect import language_model
from stages.mllm.ladder import Wish, climb
from stages.mllm.options import ModelOptions
from stages.mllm.templates import prompt_texts, render

BEST = 4
STAND_IN = "stand-in"

_PACKAGE = "annotate.evaluate"
_REPLY_TOKENS = 64


@dataclass(frozen=True)
class Case:
    """A text to grade against its reference, both without coordinates."""

    kind: Literal["description", "answer"]
    question: str
    reference: str
    prediction: str


class Judge(Protocol):
    """Grades texts; `name` says in every report who did."""

    name: str

    def __call__(self, cases: Sequence[Case]) -> list[int | None]:
        """An integer 0-4 per case, in order; None where no grade was to be had."""


class StandInJudge:
    """Not a language model: the share of words in common (F1 of the two bags of words), rounded to 0-4.

    Deterministic and offline. It knows neither synonyms nor negation: good for tests and for comparing models that
    learnt one way of speaking, and for nothing that is compared with published figures.
    """

    name = "stand-in (words in common; not a language model)"

    def __call__(self, cases: Sequence[Case]) -> list[int | None]:
        """An integer 0-4 per case."""
        return [round(BEST * word_f1(case.prediction, case.reference)) for case in cases]


class Grade(BaseModel):
    """A model judge's reply."""

    model_config = ConfigDict(extra="forbid")

    score: int = Field(ge=0, le=BEST)


class ModelJudge:
    """A language model, in vLLM or at an endpoint, at temperature 0; replies that are not valid are asked for again."""

    def __init__(self, options: ModelOptions, model: LanguageModel) -> None:
        self.name = f"{options.author}, prompts {prompts_digest()}"
        self._options, self._model = options, model

    def __call__(self, cases: Sequence[Case]) -> list[int | None]:
        """An integer 0-4 per case; equal cases are asked once. Raises InputError when the engine dies."""
        different = list(dict.fromkeys(cases))
        try:
            granted = climb(self._model, [_wish(case) for case in different], self._options.temperatures)
        except EngineDied as error:
            raise InputError(f"--judge {self.name}: the engine died ({error}); see its log above") from error
        grades = {
            case: None if end.value is None else end.value.score for case, end in zip(different, granted, strict=True)
        }
        return [grades[case] for case in cases]


def judge_of(wanted: str, served_model: str | None = None, api_key_env: str | None = None) -> Judge:
    """The judge of that name: `stand-in`, the address of an endpoint, or a model for vLLM. Raises AnnotateError."""
    if wanted == STAND_IN:
        return StandInJudge()
    try:
        if "://" in wanted:
            options = ModelOptions(endpoint=wanted, served_model=served_model, api_key_env=api_key_env)
        else:
            options = ModelOptions(model=wanted, served_model=served_model)
        if options.endpoint is not None and served_model is None:
            raise InputError(f"--judge {wanted} may serve many models; name one with --judge-model")
        return ModelJudge(options, language_model(options))
    except (ValueError, ConnectionError, ImportError) as error:
        raise InputError(f"--judge {wanted}: {' '.join(str(error).split())}") from error


def prompts_digest() -> str:
    """First 8 hex digits of the SHA-256 of all of the judge's prompts."""
    return hashlib.sha256(json.dumps(dict(prompt_texts(_PACKAGE))).encode()).hexdigest()[:8]


def word_f1(prediction: str, reference: str) -> float:
    """Harmonic mean of the shares of words in common, 0-1, repeated words counted as often as they come."""
    said, wanted = Counter(words(prediction)), Counter(words(reference))
    common = (said & wanted).total()
    return 2 * common / (said.total() + wanted.total()) if common else 0.0


def _wish(case: Case) -> Wish[Grade]:
    material = json.dumps(
        {"question": case.question, "reference": case.reference, "prediction": case.prediction}, ensure_ascii=False
    )
    ask = Ask(
        system=render(_PACKAGE, "system"),
        user=render(_PACKAGE, case.kind, material=material),
        schema=Grade.model_json_schema(),
        max_tokens=_REPLY_TOKENS,
    )
    return Wish(ask, _read)


def _read(reply: Reply) -> Grade:
    return Grade.model_validate_json(reply.text)

"""The reader in a language model: guided, validated triples of each text, or none and the reason."""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import Phrase
from stages.extract.extractor import GivenText, Unread
from stages.extract.phrases import STAGE, TripleRules, phrases_of
from stages.extract.triples import Triples, triples_shape
from stages.mllm.ask import Ask, Reply
from stages.mllm.connect import language_model
from stages.mllm.ladder import Wish, climb, note
from stages.mllm.options import ModelOptions
from stages.mllm.templates import render

PACKAGE = "stages.extract"


class LlmExtractor:
    """Reads texts with the model of some options, all texts of a call in flight together."""

    def __init__(self, options: ModelOptions, *, most: int, rules: TripleRules) -> None:
        """`most`: objects that the model is asked for at most, of one text."""
        self._options, self._most, self._rules = options, most, rules

    def open(self) -> None:
        """Load the model or reach the endpoint."""
        self._model = language_model(self._options)

    def __call__(self, texts: Sequence[GivenText]) -> list[list[Phrase] | Unread]:
        """The phrases of each text; those of a text that gets no valid reply are unread. Raises EngineDied."""
        granted = climb(self._model, [self._wish(text) for text in texts], self._options.temperatures)
        found: list[list[Phrase] | Unread] = []
        for text, end in zip(texts, granted, strict=True):
            note(text.row, STAGE, [end])
            if end.value is None:
                found.append(Unread(end.reason or "no reply"))
            else:
                found.append(phrases_of(end.value, text.text, text.passage, self._rules))
        return found

    def _wish(self, text: GivenText) -> Wish[Triples]:
        def read(reply: Reply) -> Triples:
            return triples_shape(self._most).model_validate_json(reply.text)

        return Wish(self._ask(text, self._most), read, shorter=self._ask(text, max(self._most // 3, 1)))

    def _ask(self, text: GivenText, most: int) -> Ask:
        return Ask(
            system=render(PACKAGE, "system"),
            user=render(PACKAGE, "triples", text=text.text, max_phrases=most),
            schema=triples_shape(most).model_json_schema(),
            max_tokens=self._options.max_tokens,
            seed=text.seed,
        )

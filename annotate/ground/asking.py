"""Ask a model all questions, and keep what it said: `readings.jsonl`, which every temperature and segmenter shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from rich.console import Console

from annotate.console import count_progress
from annotate.evaluate.command import say_without_reply
from annotate.evaluate.models import ModelChoice, open_model
from annotate.evaluate.predict import Asking, asks_of
from annotate.evaluate.prediction_log import PredictionLog
from annotate.ground.items import Items
from annotate.ground.reading import Read, Reading, read_places
from annotate.ground.told import read_told
from annotate.ground.words import PositionWords
from stages.mllm.ask import Ask, LanguageModel, NoReply
from stages.mllm.spell import Speller

READINGS = "readings"

Reader: TypeAlias = Callable[[Sequence[Ask]], Sequence[Reading | NoReply]]


def read_all(
    console: Console, items: Items, log: PredictionLog, choice: ModelChoice, asking: Asking, read: Read
) -> dict[str, Reading]:
    """Readings by the question's id, those of the log and those that were missing. Raises AnnotateError."""
    rows = [row for row in items.rows if row.id not in log.done]
    console.print(f"{len(rows)} of {len(items.rows)} questions to ask", markup=False)
    if rows:
        model = open_model(choice)
        try:
            ask = reader_of(model, choice, read)
            failed: Counter[str] = Counter()
            with count_progress("asking") as on_progress:
                for start in range(0, len(rows), choice.at_once()):
                    part = rows[start : start + choice.at_once()]
                    found = ask(asks_of(part, asking, items.read_image))
                    failed.update(each.reason for each in found if isinstance(each, NoReply))
                    named = zip(part, found, strict=True)
                    log.append(each.line(row.id) for row, each in named if isinstance(each, Reading))
                    if on_progress:
                        on_progress(start + len(part), len(rows))
            say_without_reply(failed)
        finally:
            model.close()
    return {line["id"]: Reading.of_line(line) for line in log.lines()}


def reader_of(model: LanguageModel, choice: ModelChoice, read: Read) -> Reader:
    """How places are read from this engine. Raises InputError for a tokenizer that cannot tell the words apart."""
    if choice.chosen_engine() != "transformers":
        return lambda asks: read_told(model, asks)
    speller = cast(Speller, model)
    words = PositionWords.of(speller.tokenizer)
    return lambda asks: read_places(speller, words, asks, read)

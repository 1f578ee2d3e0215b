"""Ask a model every question of a benchmark: the question as it stands there, with its image, answered greedily."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from annotate.evaluate.bench import Bench, TextRow
from annotate.evaluate.images import ReadImage, png_for_model, reader_of
from annotate.evaluate.models import IN_FLIGHT
from annotate.evaluate.predictions import Prediction
from manifests.errors import InputError
from stages.mllm.ask import Ask, EngineDied, LanguageModel, NoReply, Reply

MAX_TOKENS = 512
MAX_PIXELS = 1_048_576


@dataclass(frozen=True)
class Asking:
    """How questions are put."""

    max_tokens: int = MAX_TOKENS
    """Longest answer in tokens; one that is cut off there counts as it stands."""
    max_pixels: int = MAX_PIXELS
    """Larger images are shrunk to about so many pixels; all others reach the model's processor as they are."""


def predict(
    bench: Bench,
    model: LanguageModel,
    asking: Asking | None = None,
    *,
    done: Collection[str] = (),
    at_once: int = IN_FLIGHT,
    read_image: ReadImage | None = None,
    on_answers: Callable[[Sequence[Prediction]], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_no_reply: Callable[[Counter[str]], None] | None = None,
) -> list[Prediction]:
    """Predictions for the benchmark's texts, in order, but for the ids in `done` and those that got no reply.

    `on_answers` hears of every batch as it comes, `on_no_reply` at the end why rows got none, with counts. Raises
    InputError when an image cannot be read, when nothing gets a reply from the start, and when the engine dies.
    """
    asking = asking or Asking()
    rows = [row for row in bench.texts if row.id not in done]
    read = read_image or reader_of(bench)
    found: list[Prediction] = []
    failed: Counter[str] = Counter()
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        answers = replies_of(model, asks_of(part, asking, read))
        said = [
            Prediction(id=row.id, prediction=answer.text)
            for row, answer in zip(part, answers, strict=True)
            if isinstance(answer, Reply)
        ]
        failed.update(answer.reason for answer in answers if isinstance(answer, NoReply))
        if failed.total() == start + len(part) and not done:
            raise InputError(f"{model.name}: no question got a reply: {failed.most_common(1)[0][0]}")
        found += said
        if on_answers:
            on_answers(said)
        if on_progress:
            on_progress(start + len(part), len(rows))
    if failed and on_no_reply:
        on_no_reply(failed)
    return found


def asks_of(rows: Sequence[TextRow], asking: Asking, read: ReadImage) -> list[Ask]:
    """One request per row; rows of one image share its bytes. Raises InputError."""
    images: dict[str, bytes] = {}
    for row in rows:
        if row.image_id not in images:
            images[row.image_id] = png_for_model(read(row), row.id, asking.max_pixels)
    return [Ask("", row.question, (images[row.image_id],), max_tokens=asking.max_tokens) for row in rows]


def replies_of(model: LanguageModel, asks: Sequence[Ask]) -> list[Reply | NoReply]:
    """All replies. Raises InputError when the engine dies."""
    try:
        return model(asks)
    except EngineDied as error:
        raise InputError(f"{model.name}: the engine died ({error}); see its log above") from error

"""`annotate ground`: words to points to masks for many questions, gone on with, scored where the truth is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias, cast, get_args

from rich.console import Console

from annotate import __version__
from annotate.console import count_progress
from annotate.evaluate.baselines import constant_baselines
from annotate.evaluate.bench import Bench, TextRow
from annotate.evaluate.command import digest_of, say_without_reply
from annotate.evaluate.judge import StandInJudge
from annotate.evaluate.metrics import Evaluation, evaluate
from annotate.evaluate.models import ModelChoice, open_model
from annotate.evaluate.names import WordSimilarity
from annotate.evaluate.predict import Asking
from annotate.evaluate.prediction_log import ASKED, PredictionLog
from annotate.evaluate.report import Report, print_report, write_report
from annotate.ground.figures import place_figures
from annotate.ground.grounding import TAU, Grounded, places_of_model, places_of_truth, with_masks
from annotate.ground.items import Items, items_of_bench, items_of_image, items_of_run
from annotate.ground.output import draw_overlays, write_points
from annotate.ground.reading import Read, Reading, read_places
from annotate.ground.segmenters import Kind, Segmenter, segmenter_of
from annotate.ground.sources import Source
from annotate.ground.told import read_told
from annotate.ground.words import PositionWords
from manifests.errors import InputError
from stages.mllm.ask import Ask, LanguageModel, NoReply
from stages.mllm.spell import Speller

_TRUTHS_AT_ONCE = 8

Readings: TypeAlias = Sequence[Reading | NoReply]
Places: TypeAlias = Callable[[Sequence[TextRow]], Sequence[Grounded | NoReply]]


@dataclass(frozen=True)
class GroundRequest:
    """Options of `annotate ground`: one of `bench`, `run`, and `image` with `question`."""

    out: Path
    bench: Path | None = None
    run: Path | None = None
    image: Path | None = None
    question: str | None = None
    source: Source = "model"
    model: ModelChoice | None = None
    asking: Asking = field(default_factory=Asking)
    read: Read = "auto"
    tau: float = TAU
    segmenter: Kind = "auto"
    sam: str | None = None
    draw: bool = False
    fresh: bool = False
    seed: int = 0


def ground_request(**said: Any) -> GroundRequest:
    """The request that a command's options make. Raises InputError for a word that an option does not know."""
    for option, name, allowed in (
        ("--points", "source", get_args(Source)),
        ("--read", "read", get_args(Read)),
        ("--segmenter", "segmenter", get_args(Kind)),
    ):
        if said[name] not in allowed:
            raise InputError(f"{option} {said[name]}: should be one of {', '.join(allowed)}")
    if said["tau"] <= 0:
        raise InputError(f"--tau {said['tau']:g}: must be above 0")
    return GroundRequest(**said)


def run_ground(console: Console, request: GroundRequest) -> Report | None:
    """Ground what is not grounded yet, write points and overlays, score where the truth is known.

    Returns the report, or None where there is no truth. Raises AnnotateError.
    """
    choice = _choice(request)
    items = _items(request)
    segmenter = segmenter_of(request.segmenter, request.sam, "auto" if choice is None else choice.device)
    log = PredictionLog(request.out, _asked(request, choice, segmenter, items), items.bench.ids(), fresh=request.fresh)
    rows = [row for row in items.rows if row.id not in log.done]
    console.print(f"{len(rows)} of {len(items.rows)} questions to ground", markup=False)
    if rows:
        failed: Counter[str] = Counter()
        with _places(request, choice, items) as places, count_progress("grounding") as on_progress:
            at_once = _TRUTHS_AT_ONCE if choice is None else choice.at_once()
            for start in range(0, len(rows), at_once):
                found = places(rows[start : start + at_once])
                failed.update(each.reason for each in found if isinstance(each, NoReply))
                placed = [each for each in found if isinstance(each, Grounded)]
                log.append(each.line() for each in with_masks(placed, segmenter, items.read_image))
                if on_progress:
                    on_progress(start + len(found), len(rows))
        say_without_reply(failed)
    lines = log.lines()
    points = write_points(request.out, items, lines)
    if request.draw:
        draw_overlays(request.out, items, lines)
    console.print(f"{_counted(lines)}; {log.path}, {points}", markup=False, soft_wrap=True)
    if not items.bench.masks:
        console.print(json.dumps(lines[0]) if lines else "{}", markup=False, soft_wrap=True)
        return None
    return _report(console, request, items, log, lines)


def _choice(request: GroundRequest) -> ModelChoice | None:
    """The model, in transformers unless another engine is named; None where points come from the truth.

    Raises InputError.
    """
    if request.source != "model":
        if request.image is not None:
            raise InputError(f"--points {request.source}: --image has no truth; give --model")
        return None
    if request.model is None:
        raise InputError("who is to be asked? give --model FOLDER or ORG/NAME, or --endpoint URL with --served-model")
    choice = request.model
    if choice.endpoint is None and choice.engine == "auto":
        choice = replace(choice, engine="transformers")
    if request.read == "forced" and choice.chosen_engine() != "transformers":
        raise InputError(
            f"--read forced: {choice.endpoint or 'vLLM'} cannot be made to go on with our words; leave it out, or give "
            "--model with --engine transformers"
        )
    return choice


def _items(request: GroundRequest) -> Items:
    given = [name for name in ("bench", "run", "image") if getattr(request, name) is not None]
    if len(given) != 1:
        raise InputError("give one of --bench DIR, --from RUN, and --image FILE with --question TEXT")
    if request.bench is not None:
        return items_of_bench(request.bench)
    if request.run is not None:
        return items_of_run(request.run)
    if request.image is None or not request.question:
        raise InputError("--image: what is to be found? add --question TEXT")
    return items_of_image(request.image, request.question)


def _asked(request: GroundRequest, choice: ModelChoice | None, segmenter: Segmenter, items: Items) -> dict[str, Any]:
    """All that decides the masks, as plain values."""
    of_model = (
        {**choice.identity(), **asdict(request.asking), "read": request.read, "tau": request.tau} if choice else {}
    )
    return {"points": request.source, **of_model, **segmenter.identity(), "questions_sha256": digest_of(items.bench)}


@contextmanager
def _places(request: GroundRequest, choice: ModelChoice | None, items: Items) -> Iterator[Places]:
    """Who says where things are, for as long as it is needed."""
    if choice is None:
        truth = items.truth()
        yield lambda rows: places_of_truth(request.source, rows, truth)
        return
    model = open_model(choice)
    try:
        ask = _reader(model, choice, request.read)
        yield lambda rows: places_of_model(ask, rows, items.read_image, request.asking, request.tau)
    finally:
        model.close()


def _reader(model: LanguageModel, choice: ModelChoice, read: Read) -> Callable[[Sequence[Ask]], Readings]:
    """How places are read from this engine. Raises InputError for a tokenizer that cannot tell the words apart."""
    if choice.chosen_engine() != "transformers":
        return lambda asks: read_told(model, asks)
    speller = cast(Speller, model)
    words = PositionWords.of(speller.tokenizer)
    return lambda asks: read_places(speller, words, asks, read)


def _counted(lines: Sequence[Mapping[str, Any]]) -> str:
    counts = Counter(line["point"]["read"] for line in lines)
    return ", ".join(f"{count} {how}" for how, count in sorted(counts.items())) or "nothing grounded"


def _report(
    console: Console, request: GroundRequest, items: Items, log: PredictionLog, lines: Sequence[Mapping[str, Any]]
) -> Report:
    """Masks and points against the truth, written beside the predictions and printed; the last line is JSON."""
    only_masks = Bench((), items.bench.masks)
    judge, alike = StandInJudge(), WordSimilarity()
    scored = evaluate(only_masks, log.done, judge, alike, request.seed)
    figures = {**scored.figures, **place_figures(lines, items.truth(), request.seed)}
    asked = json.loads((request.out / ASKED).read_text(encoding="utf-8"))
    report = Report(
        Evaluation(figures, scored.counts),
        constant_baselines(only_masks, judge, alike, request.seed),
        {**{name: value for name, value in asked.items() if "weights" not in name}, "version": __version__},
    )
    write_report(request.out, report)
    print_report(console, report)
    headline = {name: figure.value for name, figure in report.evaluation.figures.items()}
    console.print(json.dumps({**report.facts, **headline}), markup=False, soft_wrap=True)
    return report

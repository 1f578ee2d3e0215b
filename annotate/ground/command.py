"""`annotate ground`: words to points to masks for many questions, gone on with, scored where the truth is known."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from annotate import __version__
from annotate.console import count_progress
from annotate.evaluate.baselines import constant_baselines
from annotate.evaluate.bench import Bench
from annotate.evaluate.command import digest_of
from annotate.evaluate.judge import StandInJudge
from annotate.evaluate.metrics import Evaluation, evaluate
from annotate.evaluate.models import ModelChoice
from annotate.evaluate.names import WordSimilarity
from annotate.evaluate.predict import Asking
from annotate.evaluate.prediction_log import PredictionLog
from annotate.evaluate.report import Report, print_report, write_report
from annotate.ground.asking import READINGS, read_all
from annotate.ground.figures import most_frequent_words, place_figures
from annotate.ground.grounding import Grounded, places_of_readings, places_of_truth, with_masks
from annotate.ground.items import Items, items_of_bench, items_of_image, items_of_run
from annotate.ground.output import draw_overlays, write_points
from annotate.ground.place import Taus, taus_for
from annotate.ground.reading import Read, Reading
from annotate.ground.segmenters import Kind, Segmenter, segmenter_of
from annotate.ground.sources import Source
from manifests.errors import InputError

_SEGMENTED_AT_ONCE = 8

_LASTING = frozenset({"points", "questions_sha256", "model", "weights_sha256"})
"""What must not change under masks that are there; for another temperature or segmenter they are made anew."""


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
    tau: float | None = None
    """Temperature of both axes; None: what the model's own sureness asks for (`place.taus_for`)."""
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
    return GroundRequest(**{**said, "tau": _tau(said["tau"])})


def _tau(said: str) -> float | None:
    try:
        tau = None if said == "auto" else float(said)
    except ValueError:
        tau = 0.0
    if tau is not None and not 0 < tau < math.inf:
        raise InputError(f"--tau {said}: should be auto, or a number above 0")
    return tau


def run_ground(console: Console, request: GroundRequest) -> Report | None:
    """Ground what is not grounded yet, write points and overlays, score where the truth is known.

    Returns the report, or None where there is no truth. Raises AnnotateError.
    """
    choice = _choice(request)
    items = _items(request)
    segmenter = segmenter_of(request.segmenter, request.sam, "auto" if choice is None else choice.device)
    asked: dict[str, Any] = {"points": request.source, "questions_sha256": digest_of(items.bench)}
    if choice is None:
        placed = places_of_truth(request.source, items.rows, items.truth())
    else:
        asked |= {**choice.identity(), **asdict(request.asking), "read": request.read}
        kept = PredictionLog(request.out, asked, items.bench.ids(), fresh=request.fresh, name=READINGS)
        readings = read_all(console, items, kept, choice, request.asking, request.read)
        taus = _taus(request, list(readings.values()))
        asked |= {"tau_horizontal": taus.horizontal, "tau_vertical": taus.vertical}
        placed = places_of_readings(items.rows, readings, taus)
    ids, about = items.bench.ids(), {**asked, **segmenter.identity()}
    log = PredictionLog(request.out, about, ids, fresh=request.fresh, lasting=_LASTING)
    _segment_all(items, [each for each in placed if each.row.id not in log.done], segmenter, log)
    lines = log.lines()
    points = write_points(request.out, items, lines)
    if request.draw:
        draw_overlays(request.out, items, lines)
    console.print(f"{_counted(lines)}; {log.path}, {points}", markup=False, soft_wrap=True)
    if not items.bench.masks:
        console.print(json.dumps(lines[0]) if lines else "{}", markup=False, soft_wrap=True)
        return None
    return _report(console, request, items, log, lines, about)


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


def _taus(request: GroundRequest, readings: Sequence[Reading]) -> Taus:
    if request.tau is not None:
        return Taus(request.tau, request.tau)
    return taus_for([reading.chi for reading in readings if reading.chi is not None])


def _segment_all(items: Items, placed: Sequence[Grounded], segmenter: Segmenter, log: PredictionLog) -> None:
    with count_progress("segmenting") as on_progress:
        for start in range(0, len(placed), _SEGMENTED_AT_ONCE):
            part = placed[start : start + _SEGMENTED_AT_ONCE]
            log.append(each.line() for each in with_masks(part, segmenter, items.read_image))
            if on_progress:
                on_progress(start + len(part), len(placed))


def _counted(lines: Sequence[Mapping[str, Any]]) -> str:
    counts = Counter(line["point"]["read"] for line in lines)
    return ", ".join(f"{count} {how}" for how, count in sorted(counts.items())) or "nothing grounded"


def _report(
    console: Console,
    request: GroundRequest,
    items: Items,
    log: PredictionLog,
    lines: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any],
) -> Report:
    """Masks and points against the truth, written beside the predictions and printed; the last line is JSON."""
    only_masks = Bench((), items.bench.masks)
    judge, alike = StandInJudge(), WordSimilarity()
    scored = evaluate(only_masks, log.done, judge, alike, request.seed)
    figures = {**scored.figures, **place_figures(lines, items.truth(), request.seed)}
    report = Report(
        Evaluation(figures, scored.counts),
        {
            **constant_baselines(only_masks, judge, alike, request.seed),
            "most frequent words": most_frequent_words(items.truth(), request.seed),
        },
        {**about, "version": __version__},
    )
    write_report(request.out, report)
    print_report(console, report)
    headline = {name: figure.value for name, figure in report.evaluation.figures.items()}
    console.print(json.dumps({**report.facts, **headline}), markup=False, soft_wrap=True)
    return report

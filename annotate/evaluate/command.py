"""`annotate eval`: read a benchmark, read predictions or ask a model for them, score, write the report."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from annotate import __version__
from annotate.console import console as messages
from annotate.console import count_progress
from annotate.evaluate.baselines import constant_baselines
from annotate.evaluate.bench import Bench, read_bench
from annotate.evaluate.bleu import SIGNATURE
from annotate.evaluate.judge import STAND_IN, judge_of
from annotate.evaluate.metrics import evaluate
from annotate.evaluate.models import ModelChoice, open_model
from annotate.evaluate.names import name_similarity
from annotate.evaluate.predict import Asking, predict
from annotate.evaluate.prediction_log import PredictionLog
from annotate.evaluate.predictions import read_predictions
from annotate.evaluate.report import Report, print_report, write_report
from manifests.atomic import sha256_of
from manifests.errors import InputError


@dataclass(frozen=True)
class EvalRequest:
    """Options of `annotate eval`: predictions, or a model to ask for them."""

    bench: Path
    out: Path
    predictions: Path | None = None
    model: ModelChoice | None = None
    asking: Asking = field(default_factory=Asking)
    fresh: bool = False
    judge: str = STAND_IN
    judge_model: str | None = None
    judge_key_env: str | None = None
    similarity: str = "auto"
    seed: int = 0


def run_eval(console: Console, request: EvalRequest) -> Report:
    """Score the predictions, write the report into `out`, print it; the last line is JSON. Raises AnnotateError."""
    if (request.predictions is None) == (request.model is None):
        raise InputError("give either --predictions FILE, or --model or --endpoint to ask for them")
    bench = read_bench(request.bench)
    path = request.predictions or _ask(console, request, bench)
    predictions = read_predictions(path, bench.ids())
    judge = judge_of(request.judge, request.judge_model, request.judge_key_env)
    alike = name_similarity(request.similarity)
    report = Report(
        evaluate(bench, predictions, judge, alike, request.seed),
        constant_baselines(bench, judge, alike, request.seed),
        {
            "bench": request.bench.name,
            "bench_rows_sha256": digest_of(bench),
            "predictions": path.name,
            "predictions_sha256": sha256_of(path),
            **({"answered_by": asked_of(request.model, request.asking, bench)} if request.model else {}),
            "judge": judge.name,
            "name_similarity": alike.name,
            "bleu": SIGNATURE,
            "seed": request.seed,
            "version": __version__,
        },
    )
    written = write_report(request.out, report)
    print_report(console, report)
    console.print(f"judge: {judge.name}\nnames: {alike.name}", markup=False, soft_wrap=True)
    console.print(f"report in {', '.join(map(str, written))}", markup=False, soft_wrap=True)
    headline = {name: figure.value for name, figure in report.evaluation.figures.items()}
    console.print(json.dumps({**report.facts, **headline}), markup=False, soft_wrap=True)
    return report


def asked_of(choice: ModelChoice, asking: Asking, bench: Bench) -> dict[str, Any]:
    """All that decides a model's predictions, as plain values."""
    return {**choice.identity(), **asdict(asking), "bench_rows_sha256": digest_of(bench)}


def digest_of(bench: Bench) -> str:
    """SHA-256 over all rows: equal benchmarks have equal digests, wherever they lie."""
    return hashlib.sha256(repr((bench.texts, bench.masks)).encode()).hexdigest()


def say_without_reply(failed: Counter[str]) -> None:
    """Say how many rows got no reply, and why."""
    for reason, count in failed.most_common():
        messages.print(f"{count} x no reply: {reason}; the same command asks again", markup=False, soft_wrap=True)


def _ask(console: Console, request: EvalRequest, bench: Bench) -> Path:
    """Ask the model for what is not answered yet; the file of all its answers."""
    assert request.model is not None
    asked = asked_of(request.model, request.asking, bench)
    log = PredictionLog(request.out, asked, bench.ids(), fresh=request.fresh)
    missing = log.missing([row.id for row in bench.texts])
    console.print(
        f"{asked['model']} ({asked['engine']}): {len(missing)} of {len(bench.texts)} questions to ask",
        markup=False,
        soft_wrap=True,
    )
    if not missing:
        return log.path
    model = open_model(request.model)
    try:
        with count_progress("asking") as on_progress:
            predict(
                bench,
                model,
                request.asking,
                done=log.done,
                at_once=request.model.at_once(),
                on_answers=lambda said: log.append(answer.model_dump(exclude_defaults=True) for answer in said),
                on_progress=on_progress,
                on_no_reply=say_without_reply,
            )
    finally:
        model.close()
    return log.path

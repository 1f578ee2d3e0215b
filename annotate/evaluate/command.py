"""`annotate eval`: read a benchmark and predictions, score, write the report."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from annotate import __version__
from annotate.evaluate.baselines import constant_baselines
from annotate.evaluate.bench import Bench, read_bench
from annotate.evaluate.bleu import SIGNATURE
from annotate.evaluate.judge import STAND_IN, judge_of
from annotate.evaluate.metrics import evaluate
from annotate.evaluate.names import name_similarity
from annotate.evaluate.predictions import read_predictions
from annotate.evaluate.report import Report, print_report, write_report
from manifests.atomic import sha256_of


@dataclass(frozen=True)
class EvalRequest:
    """Options of `annotate eval`."""

    bench: Path
    predictions: Path
    out: Path
    judge: str = STAND_IN
    judge_model: str | None = None
    judge_key_env: str | None = None
    similarity: str = "auto"
    seed: int = 0


def run_eval(console: Console, request: EvalRequest) -> Report:
    """Score the predictions, write the report into `out`, print it; the last line is JSON. Raises AnnotateError."""
    bench = read_bench(request.bench)
    predictions = read_predictions(request.predictions, bench.ids())
    judge = judge_of(request.judge, request.judge_model, request.judge_key_env)
    alike = name_similarity(request.similarity)
    report = Report(
        evaluate(bench, predictions, judge, alike, request.seed),
        constant_baselines(bench, judge, alike, request.seed),
        {
            "bench": request.bench.name,
            "bench_rows_sha256": _digest(bench),
            "predictions": request.predictions.name,
            "predictions_sha256": sha256_of(request.predictions),
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


def _digest(bench: Bench) -> str:
    """SHA-256 over all rows: equal benchmarks have equal digests, wherever they lie."""
    return hashlib.sha256(repr((bench.texts, bench.masks)).encode()).hexdigest()

"""`annotate ablate`: plan the points, do those that are missing as Ray tasks, write table, plot and report."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from annotate import __version__
from annotate.ablate.fit import PowerLaw
from annotate.ablate.points import Budget, Point, points_of, subset, tasks_of
from annotate.ablate.table import Curve, curves_of, table_of
from annotate.ablate.work import Done, Work, do, read_done
from annotate.console import console as messages
from annotate.engine import ray_engine
from annotate.evaluate.models import ModelChoice
from annotate.evaluate.report import METRICS
from annotate.train.batches import batch_plan, held_out_images
from annotate.train.examples import Selection, read_examples
from annotate.train.folder import differences
from annotate.train.settings import load_settings
from manifests.atomic import Disk, make_folder, write_bytes, write_json
from manifests.errors import AnnotateError, OutputError

ASKED, TABLE, REPORT, PLOT, SUMMARY = "ablate.json", "ablate.csv", "ablate.md", "ablate.png", "curves.json"


@dataclass(frozen=True)
class AblateRequest:
    """Options of `annotate ablate`; `data` are folders of runs by name."""

    data: Mapping[str, Sequence[Path]]
    scales: Sequence[float]
    model: str
    bench: Path
    out: Path
    recipe: str
    overrides: tuple[str, ...] = ()
    families: str | None = None
    budgets: Sequence[Budget] = ("steps",)
    seeds: Sequence[int] = (0,)
    vary: Mapping[str, Sequence[str]] = field(default_factory=dict)
    max_steps: int | None = None
    judged: ModelChoice = field(default_factory=ModelChoice)
    """How a trained model is asked; each point puts its own model in."""
    max_tokens: int = 64
    jobs: int = 1
    gpus: float = 0.0
    threads: int | None = None
    address: str | None = None


def run_ablate(console: Console, request: AblateRequest) -> list[Curve]:
    """Do what is missing, write what there is; the last line is JSON. Raises AnnotateError."""
    points = points_of(list(request.data), request.scales, request.budgets, request.seeds, request.vary)
    _begin(request)
    supplies: dict[tuple[str, str, str], _Supply] = {}
    works = []
    for point in points:
        kind = (point.data, point.tasks, point.boxes)
        supplies[kind] = supplies.get(kind) or _supply(request, point)
        works.append(_work(request, point, supplies[kind]))
    missing = [work for work in works if read_done(work.folder) is None]
    messages.print(f"{len(works)} points, {len(works) - len(missing)} are there", markup=False)
    failed = _do_all(request, missing) if missing else []
    done = [found for work in works if (found := read_done(work.folder)) is not None]
    curves = _report(console, request, done) if done else []
    if failed:
        raise AnnotateError(f"{len(failed)} of {len(works)} points failed, the others are kept; first {failed[0]}")
    return curves


def _begin(request: AblateRequest) -> None:
    """Make the folder, or check that it holds points of the same ablation; scales, seeds and axes may be added."""
    asked = {
        "data": {name: [str(run.resolve()) for run in runs] for name, runs in request.data.items()},
        "model": request.model,
        "bench": str(request.bench.resolve()),
        "recipe": load_settings(request.recipe, request.overrides).asked(),
        "families": request.families,
        "max_steps": request.max_steps,
        "max_tokens": request.max_tokens,
    }
    make_folder(Disk(), request.out)
    path = request.out / ASKED
    if path.exists():
        if differing := differences(json.loads(path.read_text(encoding="utf-8")), json.loads(json.dumps(asked))):
            raise OutputError(f"--out {request.out}: holds another ablation ({'; '.join(differing)}); choose another")
    elif any(request.out.iterdir()):
        raise OutputError(f"--out {request.out}: is not empty and no ablation; choose another folder")
    else:
        write_json(Disk(), path, asked)


@dataclass(frozen=True)
class _Supply:
    """What a data set holds for a task: its images, and the steps that all of them take in the recipe's epochs."""

    image_ids: frozenset[str]
    steps: int


def _supply(request: AblateRequest, point: Point) -> _Supply:
    chosen = Selection.parse(tasks_of(point), request.families, None, (request.bench,), point.boxes)
    examples = read_examples(tuple(request.data[point.data]), chosen).examples
    settings = load_settings(request.recipe, request.overrides)
    batch_plan(settings, 1)
    ids = frozenset(example.image_id for example in examples)
    largest = subset(ids, max(request.scales))
    trained = largest - held_out_images(iter(largest), settings)
    each = math.ceil(sum(example.image_id in trained for example in examples) / settings.batch)
    return _Supply(ids, request.max_steps or math.ceil(settings.epochs * each))


def _work(request: AblateRequest, point: Point, supply: _Supply) -> Work:
    return Work(
        point=point,
        out=request.out,
        runs=tuple(request.data[point.data]),
        image_ids=subset(supply.image_ids, point.scale),
        model=request.model,
        recipe=request.recipe,
        overrides=request.overrides,
        families=request.families,
        bench=request.bench,
        max_steps=supply.steps,
        judged=request.judged,
        max_tokens=request.max_tokens,
        threads=request.threads,
    )


def _do_all(request: AblateRequest, works: Sequence[Work]) -> list[str]:
    """Each point in a process of its own, at most `jobs` at once; why points failed, one line each."""
    import ray

    failed: list[str] = []
    with ray_engine(request.address, workers=request.jobs * (request.threads or 1)):
        task: Any = ray.remote(num_cpus=request.threads or 1, num_gpus=request.gpus, max_calls=1)(_one)
        waiting: dict[Any, Work] = {}
        left = list(works)
        while left or waiting:
            while left and len(waiting) < request.jobs:
                work = left.pop(0)
                waiting[task.remote(work)] = work
            (ready,), _ = ray.wait(list(waiting), num_returns=1)
            work = waiting.pop(ready)
            try:
                error = ray.get(ready)
            except ray.exceptions.RayError as died:
                error = f"its process died: {str(died).splitlines()[0][:200]}"
            messages.print(f"{work.point.name}: {error or 'done'}", markup=False, soft_wrap=True)
            failed += [f"{work.point.name}: {error}"] if error else []
    return failed


def _one(work: Work) -> str | None:
    """The reason why a point failed, if it did."""
    try:
        do(work)
    except Exception as error:
        # Whatever stops one training must not stop the others.
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return None


def _report(console: Console, request: AblateRequest, done: Sequence[Done]) -> list[Curve]:
    table, curves, baselines = table_of(done), curves_of(done), done[-1].baselines
    write_bytes(Disk(), request.out / TABLE, table.to_csv(index=False, lineterminator="\n").encode())
    lines = [f"# Ablation of {request.model} on {request.bench.name}", ""]
    lines += [_budget_words(budget) for budget in request.budgets]
    lines += ["", "| curve | metric | " + " | ".join(f"{scale:g}" for scale in sorted(request.scales)) + " | |"]
    lines += ["| --- | --- |" + " --- |" * (len(request.scales) + 1)]
    for curve in curves:
        known = dict(zip(curve.scales, curve.figures, strict=True))
        cells = " | ".join(str(known.get(scale, "-")) for scale in sorted(request.scales))
        lines.append(f"| {curve.label} | {METRICS.get(curve.metric, curve.metric)} | {cells} | {curve.verdict()} |")
    lines += [
        "",
        "95 % bootstrap intervals over the benchmark's images, or photos if named; a band holds those of all seeds.",
    ]
    for name, figures in baselines.items():
        said = ", ".join(f"{METRICS.get(metric, metric)} {figure}" for metric, figure in figures.items())
        lines.append(f"- baseline {name}: {said}")
    laws = {f"{curve.label} {curve.metric}": curve.law() for curve in curves}
    lines += ["", *(f"- {name}: {_law_words(law)}" for name, law in laws.items())]
    write_bytes(Disk(), request.out / REPORT, ("\n".join(lines) + "\n").encode())
    found = {name: law.as_json() if isinstance(law, PowerLaw) else law for name, law in laws.items()}
    write_json(Disk(), request.out / SUMMARY, {"laws": found, "version": __version__})
    _draw(request, curves, baselines)
    console.print("\n".join(lines), markup=False, soft_wrap=True)
    headline = {f"{curve.label} {curve.metric}": curve.figures[-1].value for curve in curves}
    console.print(json.dumps({"ablate": request.model, "points": len(done), **headline}), markup=False, soft_wrap=True)
    return curves


def _draw(request: AblateRequest, curves: Sequence[Curve], baselines: Any) -> None:
    try:
        from annotate.ablate.plot import draw

        draw(request.out / PLOT, curves, baselines)
    except ImportError:
        messages.print("no plot: pip install 'annotate[eval]'", markup=False)


def _budget_words(budget: Budget) -> str:
    if budget == "steps":
        return (
            "- steps: every point takes as many optimiser steps as the largest, so smaller ones see images more often."
        )
    return "- epochs: every point takes the same number of epochs, so smaller ones take fewer steps."


def _law_words(law: PowerLaw | str) -> str:
    if isinstance(law, str):
        return law
    return f"error = {law.a:.3g} x images^-{law.b:.3g} + {law.c:.3g} (exponent {law.b_low:.2g} to {law.b_high:.2g})"

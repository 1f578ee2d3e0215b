"""One point: train on a subset, put the benchmark to the model, keep the figures; again, it goes on or does nothing."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from annotate.ablate.points import Point, tasks_of
from annotate.bench.planted.figures import Figure
from annotate.evaluate.bench import TextRow
from annotate.evaluate.models import ModelChoice
from annotate.train.boxes import BoxForm
from manifests.atomic import Disk, write_bytes, write_json
from manifests.geometry import box_of_grid_cells_for_scoring
from manifests.markup import parse_grid_links

RESULT = "point.json"


@dataclass(frozen=True)
class Work:
    """All that one process needs for a point; plain values, so that Ray can carry it."""

    point: Point
    out: Path
    runs: tuple[Path, ...]
    image_ids: frozenset[str]
    model: str
    recipe: str
    overrides: tuple[str, ...]
    families: str | None
    bench: Path
    max_steps: int | None
    judged: ModelChoice
    max_tokens: int
    threads: int | None
    """Threads of torch; None: as many as Ray gives the process."""

    @property
    def folder(self) -> Path:
        """Where the point's training and evaluation lie."""
        return self.out / "points" / self.point.name


@dataclass(frozen=True)
class Done:
    """A finished point: figures and baselines by metric, and the training's own result."""

    point: Point
    images: int
    train: dict[str, Any]
    figures: dict[str, Figure]
    baselines: dict[str, dict[str, Figure]]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "point": self.point.as_json(),
            "images": self.images,
            "train": self.train,
            "figures": {name: figure.as_json() for name, figure in self.figures.items()},
            "baselines": {
                name: {metric: figure.as_json() for metric, figure in figures.items()}
                for name, figures in self.baselines.items()
            },
        }


def read_done(folder: Path) -> Done | None:
    """A point that was finished earlier, if it was."""
    try:
        said = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Done(
        Point(**said["point"]),
        said["images"],
        said["train"],
        {name: Figure(**figure) for name, figure in said["figures"].items()},
        {
            name: {metric: Figure(**figure) for metric, figure in figures.items()}
            for name, figures in said["baselines"].items()
        },
    )


def do(work: Work) -> Done:
    """Train and evaluate; a finished point is read, a killed one goes on. Raises AnnotateError."""
    there = read_done(work.folder)
    if there is not None:
        return there
    from annotate.evaluate.command import EvalRequest, run_eval
    from annotate.train.request import TrainRequest
    from annotate.train.trainer import train

    _limit(work.threads)
    silent = Console(file=io.StringIO())
    point, trained = work.point, work.folder / "train"
    result = train(
        TrainRequest(
            data=work.runs,
            model=work.model,
            out=trained,
            recipe=work.recipe,
            overrides=work.overrides,
            tasks=tasks_of(point),
            families=work.families,
            image_ids=work.image_ids,
            exclude=(work.bench,),
            boxes=point.boxes,
            max_steps=work.max_steps if point.budget == "steps" else None,
            seed=point.seed,
            merge=True,
        ),
        silent,
    )
    answers = work.folder / "predictions.jsonl"
    _ask(work, result.model, answers)
    report = run_eval(silent, EvalRequest(bench=work.bench, out=work.folder / "eval", predictions=answers))
    done = Done(
        point,
        result.images,
        result.as_json(trained),
        dict(report.evaluation.figures),
        {name: dict(figures) for name, figures in report.baselines.items()},
    )
    write_json(Disk(), work.folder / RESULT, done.as_json())
    return done


def _ask(work: Work, model: Path | None, answers: Path) -> None:
    """Put the benchmark's questions to a model, with boxes as it was taught them, and keep its answers as stored."""
    from annotate.evaluate.bench import read_bench
    from annotate.evaluate.models import open_model
    from annotate.evaluate.predict import Asking, predict

    bench, form = read_bench(work.bench), BoxForm.parse(work.point.boxes)
    texts = tuple(replace(row, question=_in_form(row, form)) for row in bench.texts)
    choice = replace(work.judged, model=str(model))
    opened = open_model(choice)
    try:
        said = predict(
            replace(bench, texts=texts), opened, Asking(max_tokens=work.max_tokens), at_once=choice.at_once()
        )
    finally:
        opened.close()
    rows = {row.id: row for row in bench.texts}
    lines = [{"id": each.id, "prediction": _as_stored(each.prediction, rows[each.id], form)} for each in said]
    write_bytes(Disk(), answers, "".join(f"{json.dumps(line)}\n" for line in lines).encode())


def _in_form(row: TextRow, form: BoxForm) -> str:
    if form.as_stored or row.family is None:
        return form.rewrite_hint(row.question)
    cells = [each for link in parse_grid_links(row.question) for each in link.cells]
    boxes = [box_of_grid_cells_for_scoring(each, row.width, row.height) for each in cells]
    return form.rewrite(row.question, boxes, row.width, row.height)


def _as_stored(text: str, row: TextRow, form: BoxForm) -> str:
    """What cannot be read stays as it is, and counts as malformed."""
    try:
        return form.to_stored(text, row.width, row.height)
    except ValueError:
        return text


def _limit(threads: int | None) -> None:
    if threads is not None:
        import torch

        torch.set_num_threads(threads)

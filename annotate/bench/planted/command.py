"""`annotate bench planted`: plant, annotate blind, compare, report."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from annotate import __version__
from annotate.bench.blind import annotate_blind
from annotate.bench.planted.honesty import Honesty, observe_honesty
from annotate.bench.planted.plant import PlantOptions, plant_images
from annotate.bench.planted.report import print_summary, write_report
from annotate.bench.planted.scorers import installed_scorers
from annotate.bench.planted.sheet import SHEET_NAME, draw_sheet
from annotate.bench.planted.summary import Summary, summarise
from annotate.bench.planted.truth import ORIGINALS, TRUTH, Truth, read_truth
from annotate.console import console as messages
from annotate.console import count_progress
from annotate.engine import local_cores
from annotate.gallery.dataset import RunFolder
from annotate.prepare import prepare
from manifests.errors import InputError

IMAGES_FOLDER, TRUTH_FOLDER, RUN_FOLDER = "images", "truth", "run"


@dataclass(frozen=True)
class PlantedRequest:
    """Options of `annotate bench planted`. Either `images` is given, or `run` and `truth` are."""

    out: Path
    images: str | None = None
    plant: PlantOptions = field(default_factory=PlantOptions)
    recipe: str = "embedded"
    overrides: tuple[str, ...] = ()
    keep: Path | None = None
    run: Path | None = None
    truth: Path | None = None
    scores: bool = True


def bench_planted(console: Console, request: PlantedRequest) -> None:
    """Do the whole benchmark, or score an existing run; the last line is JSON. Raises AnnotateError."""
    if request.run is not None and request.truth is not None:
        _score(console, request, request.run, read_truth(request.truth))
        return
    if request.images is None:
        raise InputError("give --images SRC, or --from RUN with --truth FILE to score an existing run")
    prepare(request.recipe, request.overrides, None)
    with tempfile.TemporaryDirectory(prefix="annotate-planted-") as scratch:
        folder = request.keep or Path(scratch)
        run, truth = folder / RUN_FOLDER, folder / TRUTH_FOLDER
        if (folder / IMAGES_FOLDER).exists():
            raise InputError(
                f"--keep {folder}: holds a benchmark already; score it with --from {run} --truth {truth / TRUTH}, "
                "or choose another folder"
            )
        with count_progress("planting") as on_progress:
            table = plant_images(request.images, folder / IMAGES_FOLDER, truth, request.plant, on_progress)
        annotate_blind(folder / IMAGES_FOLDER, run, request.recipe, request.overrides)
        _score(console, request, run, read_truth(table))


def _score(console: Console, request: PlantedRequest, run: Path, truth: Truth) -> None:
    folder = RunFolder.read(run)
    records = {record.image_id: record for shard in folder.manifests for record in folder.records(shard)}
    if not truth.images.keys() & records.keys():
        raise InputError(f"--from {run}: none of its images is in the truth; give the run over the planted images")
    images = Path(folder.file.run.root)
    there = all((images / truth.images[image_id].file).is_file() for image_id in truth.images.keys() & records.keys())
    if not there:
        messages.print(f"the images are no longer in {images}: no contact sheet, no scores", markup=False)
    honesty, left_out = _honesty(truth, images) if request.scores and there else ([], {})
    summary = summarise(truth, records, honesty, left_out)
    request.out.mkdir(parents=True, exist_ok=True)
    if there:
        draw_sheet(request.out / SHEET_NAME, truth, records, images)
    facts = _facts(folder, truth)
    write_report(request.out, summary, truth, facts, SHEET_NAME if there else None)
    counts = summary.counts
    title = f"{counts.annotated} images of {counts.photos} photos: {counts.planted} planted, {counts.untouched} not"
    print_summary(console, summary, title)
    console.print(f"report in {request.out}", markup=False, soft_wrap=True)
    print(json.dumps({**facts, **headline(summary)}))


def _honesty(truth: Truth, images: Path) -> tuple[list[Honesty], dict[str, str]]:
    if not (truth.folder / ORIGINALS).is_dir():
        messages.print(f"no {ORIGINALS} beside the truth: no scores", markup=False)
        return [], {}
    scorers, left_out = installed_scorers()
    with count_progress("scoring") as on_progress:
        return observe_honesty(truth, images, scorers, on_progress), left_out


def _facts(folder: RunFolder, truth: Truth) -> dict[str, Any]:
    """What a figure must be reported with."""
    run, settings = folder.file.run, truth.settings
    return {
        "bench": "planted",
        "photos_folder": settings["folder"],
        "photos": settings["photos"],
        "n": settings["count"],
        "seed": settings["seed"],
        "untouched_share": settings["untouched"],
        "megapixels": settings["megapixels"],
        "recipe": run.recipe["recipe"],
        "fingerprint": run.fingerprint,
        "version": __version__,
        "versions": run.versions,
        "cores": local_cores(),
    }


def headline(summary: Summary) -> dict[str, Any]:
    """The figures by name: clear ones end in `_clear`; scorers' rank correlations begin with `score_` and `added_`."""
    clear = {f"{metric}_clear": figure.value for metric, figure in summary.clear.items()}
    overall = {metric: figure.value for metric, figure in summary.overall.items()}
    scores = {f"score_{score['scorer']}": score["severity"].value for score in summary.scores}
    added = {f"added_{score['scorer']}": score["rise"].value for score in summary.scores}
    constant = {"always_yes": summary.always_yes.value, "always_no": summary.always_no.value}
    return {**overall, **clear, **constant, **scores, **added}

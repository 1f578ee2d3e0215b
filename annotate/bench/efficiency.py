"""How much of the machine a run turns into work: the whole command against the same stages in bare loops.

Three figures are taken in one go on the same photos: one bare single-process loop, as many bare loops at once as there
are cores (what the hardware gives when nothing is shared), and the whole command, its start excluded.
"""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path

from rich.console import Console
from rich.table import Table

from annotate import __version__
from annotate.bench.photos import make_photos
from annotate.engine import local_cores
from annotate.prepare import prepare
from manifests.plan import make_plan, planned_records
from manifests.sessions import read_sessions
from manifests.sources import list_inputs
from stages.chain import Chain


def bench_efficiency(
    console: Console, *, images: str, count: int, megapixels: float, recipe: str, overrides: Sequence[str], seed: int
) -> None:
    """Measure and print; the last line is JSON. Raises AnnotateError."""
    cores = local_cores()
    with tempfile.TemporaryDirectory(prefix="annotate-bench-") as scratch:
        photos, out = Path(scratch) / "photos", Path(scratch) / "run"
        photos.mkdir()
        make_photos(images, photos, count=count, megapixels=megapixels, seed=seed)
        alone = _bare_loops(photos, recipe, overrides, processes=1)
        together = _bare_loops(photos, recipe, overrides, processes=cores)
        command = [sys.executable, "-m", "annotate", "run", "--images", str(photos), "--out", str(out)]
        settings = [option for override in overrides for option in ("--set", override)]
        start = time.perf_counter()
        subprocess.run([*command, "--recipe", recipe, *settings], check=True, stdout=subprocess.DEVNULL)
        seconds_total = time.perf_counter() - start
        figures = read_sessions(out)[-1]
    throughput = figures["images_per_second"]
    headline = {
        "bench": "efficiency",
        "photos": count,
        "megapixels": megapixels,
        "cores": cores,
        "version": __version__,
        "bare_loop_images_per_second": round(alone, 3),
        "bare_loops_together_images_per_second": round(together, 3),
        "command_images_per_second": throughput,
        "efficiency": round(throughput / (cores * alone), 3),
        "efficiency_against_loops_together": round(throughput / together, 3),
        "command_seconds_total": round(seconds_total, 2),
        "command_seconds_startup": figures["seconds_startup"],
        "seconds_to_first_shard": figures["seconds_to_first_shard"],
    }
    table = Table(title=f"{count} photos of {megapixels:g} megapixels, {cores} cores", show_header=False)
    for name, value in headline.items():
        table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    print(json.dumps(headline))


def _bare_loops(photos: Path, recipe: str, overrides: Sequence[str], *, processes: int) -> float:
    """Images per second of all photos once through the chain, dealt to so many processes that share nothing."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes + 1)
    workers = [
        context.Process(target=_loop, args=(photos, recipe, tuple(overrides), number, processes, barrier))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    barrier.wait()
    start = time.perf_counter()
    barrier.wait()
    seconds = time.perf_counter() - start
    for worker in workers:
        worker.join()
    return len(list(photos.iterdir())) / seconds


def _loop(photos: Path, recipe: str, overrides: tuple[str, ...], number: int, processes: int, barrier: Barrier) -> None:
    """One process: open the models, wait for the others, run every n-th photo, and say that it is done."""
    chain = Chain(prepare(recipe, overrides, None).stages)
    inputs = list_inputs(photos)
    plan = make_plan(inputs)
    rows = planned_records(plan.table.slice(0, plan.images), inputs.root)[number::processes]
    chain.open()
    barrier.wait()
    for row in rows:
        chain([row])
    barrier.wait()

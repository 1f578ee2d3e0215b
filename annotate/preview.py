"""`annotate plan`: what a run would do, with an estimate measured on a few of its own images."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from annotate.console import clock, count_progress, native_chatter_hidden
from annotate.doctor import missing_requirements, missing_weights
from annotate.engine import local_cores
from annotate.inputs import given_inputs
from annotate.prepare import Prepared, prepare
from manifests.plan import Plan, Take, make_plan, planned_records
from manifests.sources import Inputs
from stages.chain import Chain
from stages.stage import Stage


@dataclass(frozen=True)
class PreviewRequest:
    """Options of `annotate plan`."""

    images: str
    recipe: str
    descriptions: Path | None
    overrides: tuple[str, ...]
    take: str | None
    shard_size: int | None
    seed: int | None
    workers: int | None
    sample: int


def preview(request: PreviewRequest, console: Console) -> None:
    """Print counts, reasons and the estimate; nothing is written. Raises InputError or RecipeError."""
    prepared = prepare(request.recipe, request.overrides, request.seed)
    workers = request.workers or local_cores()
    inputs = given_inputs(request.images, request.descriptions, prepared.stages, request.recipe).inputs
    with count_progress("reading") as on_progress:
        plan = make_plan(
            inputs,
            take=Take.parse(request.take) if request.take else None,
            shard_size=request.shard_size,
            workers=workers,
            max_megapixels=prepared.max_megapixels,
            untrusted=prepared.untrusted,
            on_progress=on_progress,
        )
    console.print(_counts(inputs, plan))
    for reason, count in plan.refusals()[:10]:
        console.print(f"  failed: {count:,} x {reason}", markup=False, soft_wrap=True)
    lacking = _lacking(prepared.stages, request.recipe)
    if lacking:
        console.print(f"no estimate, and no run, before {' and '.join(lacking)}", markup=False, soft_wrap=True)
    elif request.sample and plan.images:
        console.print(_estimate(prepared, inputs, plan, workers, request.sample), soft_wrap=True)


def _lacking(stages: Sequence[Stage], recipe: str) -> list[str]:
    """What must be installed and fetched on this machine before the recipe can run, as commands."""
    extras = sorted(set(missing_requirements(stages).values()))
    weights = missing_weights(stages)
    commands = [f"pip install 'annotate[{','.join(extras)}]'"] if extras else []
    if weights:
        commands.append(f"annotate fetch --recipe {recipe} (the weights {weights[0]} are not on this machine)")
    return commands


def _counts(inputs: Inputs, plan: Plan) -> Table:
    counts = plan.counts()
    table = Table(title=f"Plan of {inputs.root}", show_header=False)
    table.add_row("inputs", f"{counts['inputs']:,}")
    table.add_row("images to annotate", f"{counts['images']:,} in {plan.shards:,} shards of up to {plan.shard_size}")
    table.add_row("beyond --take", f"{counts['not_taken']:,}")
    table.add_row("duplicates", f"{counts['duplicate']:,}")
    table.add_row("refused by the decode gate", f"{counts['failed']:,}")
    ignored = ", ".join(f"{count:,} {what}" for what, count in inputs.ignored.items())
    table.add_row("other files", ignored or "none")
    return table


def _estimate(prepared: Prepared, inputs: Inputs, plan: Plan, workers: int, sample: int) -> str:
    """Run the chain on images spread over the plan, here and alone, and scale up."""
    step = max(plan.images // sample, 1)
    chosen = plan.table.slice(0, plan.images).take(list(range(0, plan.images, step))[:sample])
    rows = planned_records(chosen, inputs.root)
    chain = Chain(prepared.stages)
    with native_chatter_hidden():
        chain.open()
    start = time.perf_counter()
    chain(rows)
    each = (time.perf_counter() - start) / len(rows)
    seconds = each * plan.images / workers
    return (
        f"estimate  {each:.2f} s per image and worker, measured on {len(rows)} of the images here; "
        f"{plan.images:,} images with {workers} workers: about {clock(seconds)} and the start of Ray (some 10 s)"
    )

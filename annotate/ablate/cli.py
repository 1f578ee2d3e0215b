"""The command `annotate ablate` with its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from annotate.options import BatchSize, Debug, EngineName, MaxTokens, OutFolder


def ablate(
    data: Annotated[
        list[str],
        typer.Option(
            "--data",
            metavar="[NAME=]RUN",
            help="A finished run; runs of one NAME are one data set; several names are compared (raw=A refined=B).",
        ),
    ],
    model: Annotated[
        str, typer.Option("--model", metavar="DIR|ORG/NAME|small", help="What every training starts from.")
    ],
    bench: Annotated[
        Path, typer.Option("--bench", metavar="DIR", help="A folder of `bench make`; none of its images.")
    ],
    out: OutFolder,
    scales: Annotated[
        str, typer.Option("--scales", metavar="LIST", help="Shares of the images, nested by content id.")
    ] = "0.0625,0.125,0.25,0.5,1",
    budget: Annotated[
        str,
        typer.Option("--budget", metavar="steps|epochs|both", help="Same optimiser steps at every scale, or epochs."),
    ] = "steps",
    seeds: Annotated[str, typer.Option("--seeds", metavar="LIST", help="Seeds of order and weights.")] = "0",
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="AXIS=LIST", help="tasks=des,vqa,both or boxes=grid,grid:10,continuous."),
    ] = None,
    recipe: Annotated[str, typer.Option("--recipe", metavar="NAME|FILE", help="A training recipe.")] = "train-lora",
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one option of the recipe.")
    ] = None,
    families: Annotated[
        str | None, typer.Option("--families", metavar="LIST", help="Train on these families of questions alone.")
    ] = None,
    max_steps: Annotated[
        int | None, typer.Option("--max-steps", min=1, help="Steps of the budget `steps` (default: by the recipe).")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Points at once, each a task of Ray.")] = 1,
    gpus: Annotated[float, typer.Option("--gpus", min=0, help="GPUs of a point.")] = 0,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Cores of a point on a CPU (default: 1).")
    ] = None,
    engine: EngineName = "auto",
    batch: BatchSize = 32,
    max_tokens: MaxTokens = 64,
    address: Annotated[
        str | None,
        typer.Option("--address", metavar="HOST:PORT", help="A running Ray cluster (default: this machine)."),
    ] = None,
    debug: Debug = False,
) -> None:
    """How much data is worth: train on nested subsets, judge on one benchmark, draw the curve (extras `train`, `eval`).

    The same command again does the points that are missing; a killed training goes on from its checkpoint.
    """
    from annotate.ablate.command import AblateRequest, run_ablate
    from annotate.ablate.points import budgets_of, named_data, scales_of, seeds_of, varied_of
    from annotate.evaluate.models import ModelChoice, model_choice
    from manifests.errors import Interrupted

    request = AblateRequest(
        data={name: [Path(run) for run in runs] for name, runs in named_data(data).items()},
        scales=scales_of(scales),
        model=model,
        bench=bench,
        out=out,
        recipe=recipe,
        overrides=tuple(overrides or ()),
        families=families,
        budgets=budgets_of(budget),
        seeds=seeds_of(seeds),
        vary=varied_of(vary or ()),
        max_steps=max_steps,
        judged=model_choice(model=model, endpoint=None, engine=engine, batch=batch) or ModelChoice(),
        max_tokens=max_tokens,
        jobs=jobs,
        gpus=gpus,
        threads=threads,
        address=address,
    )
    try:
        run_ablate(Console(highlight=False), request)
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on from here ({out} keeps what is done)") from None

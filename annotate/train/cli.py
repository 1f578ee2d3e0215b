"""The command `annotate train` with its options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from annotate.options import Debug, OutFolder, Revision


def train(
    data: Annotated[
        list[Path], typer.Option("--data", metavar="RUN", help="A finished run to learn from; may be repeated.")
    ],
    model: Annotated[
        str, typer.Option("--model", metavar="DIR|ORG/NAME", help="What to start from: a folder, or a fetched model.")
    ],
    out: OutFolder,
    recipe: Annotated[
        str,
        typer.Option("--recipe", metavar="NAME|FILE", help="train-giqa, train-lora, train-small, or a .yaml file."),
    ] = "train-lora",
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override one option, e.g. learning_rate=1e-5, lora.rank=16."),
    ] = None,
    tasks: Annotated[
        str, typer.Option("--tasks", metavar="des,vqa", help="Descriptions, questions, or both.")
    ] = "des,vqa",
    families: Annotated[
        str | None, typer.Option("--families", metavar="LIST", help="Only these families of questions: yes-no,what,...")
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            "--exclude",
            metavar="BENCH",
            help="A folder of `bench make`: leave out its images and what looks like them; may be repeated.",
        ),
    ] = None,
    boxes: Annotated[
        str,
        typer.Option("--boxes", metavar="grid|grid:N|continuous", help="How boxes are written (grid: 20x20 ids)."),
    ] = "grid",
    max_steps: Annotated[
        int | None, typer.Option("--max-steps", min=1, help="So many steps instead of the recipe's epochs.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of order and weights (default: the recipe's).")
    ] = None,
    revision: Revision = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="With adapters: write the model with them merged into it, too.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw away what an earlier training left there.")] = False,
    debug: Debug = False,
) -> None:
    """Fine-tune a vision-language model on finished runs: TRL and PEFT, full or with adapters (extra `train`).

    The same command again goes on from the newest checkpoint, to the same weights.
    """
    from annotate.train.request import TrainRequest
    from annotate.train.trainer import train as run_training
    from manifests.errors import Interrupted

    request = TrainRequest(
        data=tuple(data),
        model=model,
        out=out,
        revision=revision,
        recipe=recipe,
        overrides=tuple(overrides or ()),
        tasks=tasks,
        families=families,
        exclude=tuple(exclude or ()),
        boxes=boxes,
        max_steps=max_steps,
        seed=seed,
        merge=merge,
        fresh=fresh,
        debug=debug,
    )
    try:
        result = run_training(request)
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on from the newest checkpoint in {out}") from None
    typer.echo(json.dumps(result.as_json(out)))

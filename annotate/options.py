"""Options that several commands take, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Images = Annotated[
    str,
    typer.Option(
        "--images",
        metavar="SRC",
        help="A folder (searched recursively), a glob in quotes, a text file of paths, "
        "or a Parquet file with a `uri` or an `image` column.",
    ),
]
DescriptionsFile = Annotated[
    Path | None,
    typer.Option(
        "--descriptions",
        metavar="FILE",
        help="Given descriptions (JSONL, CSV or Parquet with `image` and `text`; Q-Instruct's or DQ-495K's JSON): "
        "only described images are annotated.",
    ),
]
RecipeName = Annotated[
    str, typer.Option("--recipe", metavar="NAME|FILE", help="A shipped recipe by name, or a .yaml file.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one option of the recipe, e.g. score.metric=piqe."),
]
Take = Annotated[
    str | None,
    typer.Option(
        "--take",
        metavar="N|P%",
        help="Annotate only the first N images, or P percent, in the order of their content ids: "
        "every smaller set is a subset of every larger one.",
    ),
]
ShardSize = Annotated[
    int | None, typer.Option("--shard-size", min=1, help="Images per shard (default: by itself, at most 64).")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of every random choice (default: the recipe's).")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Cores to use on this machine (default: all of them).")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the stack trace of an error.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Output folder; the same again goes on there.")]
RunFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")]

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
ModelName = Annotated[
    str | None,
    typer.Option("--model", metavar="DIR|ORG/NAME", help="A model to ask: a folder, or ORG/NAME that was fetched."),
]
EndpointAddress = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="An OpenAI-compatible server to ask, http://HOST:PORT/v1."),
]
ServedModel = Annotated[
    str | None, typer.Option("--served-model", metavar="NAME", help="The model's name at the endpoint.")
]
KeyVariable = Annotated[
    str | None, typer.Option("--key-env", metavar="VARIABLE", help="Variable that holds the endpoint's key.")
]
Revision = Annotated[
    str | None, typer.Option("--revision", metavar="REVISION", help="Branch, tag or commit of the model at the hub.")
]
EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="auto|vllm|transformers",
        help="What the model runs in; auto: vLLM where there is a GPU and it knows the model, else transformers.",
    ),
]
DeviceName = Annotated[
    str, typer.Option("--device", metavar="auto|cpu|cuda", help="Where transformers computes (default: a GPU if any).")
]
NumberType = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="auto|float32|bfloat16|float16",
        help="Numbers to compute with; auto: as saved, on a CPU float32.",
    ),
]
BatchSize = Annotated[int, typer.Option("--batch", min=1, help="Most questions in one forward pass of transformers.")]
MaxModelLen = Annotated[
    int | None,
    typer.Option("--max-model-len", min=64, help="Longest request of vLLM in tokens (default: the model's own)."),
]
MaxTokens = Annotated[int, typer.Option("--max-tokens", min=1, help="Longest answer in tokens.")]
MaxPixels = Annotated[
    int, typer.Option("--max-pixels", min=3136, help="Larger images are shrunk to about so many pixels.")
]
FreshPredictions = Annotated[bool, typer.Option("--fresh", help="Throw away what a model answered before.")]

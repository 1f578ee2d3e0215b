"""The command `annotate eval` with its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from annotate.options import (
    BatchSize,
    Debug,
    DeviceName,
    EndpointAddress,
    EngineName,
    FreshPredictions,
    KeyVariable,
    MaxModelLen,
    MaxPixels,
    MaxTokens,
    ModelName,
    NumberType,
    Revision,
    ServedModel,
)


def evaluate(
    bench: Annotated[
        Path,
        typer.Option("--bench", metavar="DIR|FILE", help="A folder of `bench make`, or one Parquet file."),
    ],
    predictions: Annotated[
        Path | None, typer.Option("--predictions", metavar="FILE", help='JSONL of {"id": ..., "prediction": ...}.')
    ] = None,
    model: ModelName = None,
    endpoint: EndpointAddress = None,
    served_model: ServedModel = None,
    key_env: KeyVariable = None,
    revision: Revision = None,
    engine: EngineName = "auto",
    device: DeviceName = "auto",
    dtype: NumberType = "auto",
    batch: BatchSize = 8,
    max_model_len: MaxModelLen = None,
    max_tokens: MaxTokens = 512,
    max_pixels: MaxPixels = 1_048_576,
    fresh: FreshPredictions = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the report goes.")] = Path("runs/eval"),
    judge: Annotated[
        str,
        typer.Option(
            "--judge",
            metavar="stand-in|URL|MODEL",
            help="Who grades texts: words in common (no model), an OpenAI-compatible endpoint, or a model in vLLM.",
        ),
    ] = "stand-in",
    judge_model: Annotated[
        str | None, typer.Option("--judge-model", metavar="NAME", help="The judge's name at its endpoint.")
    ] = None,
    judge_key_env: Annotated[
        str | None, typer.Option("--judge-key-env", metavar="VARIABLE", help="Variable that holds the endpoint's key.")
    ] = None,
    similarity: Annotated[
        str,
        typer.Option(
            "--similarity",
            metavar="auto|words|DIR",
            help="Similarity of names: MiniLM if it is here else words, words alone, or the folder of an encoder.",
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option("--seed", help="Seed of the intervals.")] = 0,
    debug: Debug = False,
) -> None:
    """Score predictions, or a model, by the metrics of GIQA-Bench and IQA-Spider.

    Figures come with intervals and constant baselines. A model is asked every question of the benchmark; its answers
    stand in predictions.jsonl beside the report, and the same command again asks only what is missing.
    """
    from annotate.evaluate.command import EvalRequest, run_eval
    from annotate.evaluate.models import model_choice
    from annotate.evaluate.predict import Asking

    request = EvalRequest(
        bench,
        out,
        predictions,
        model_choice(
            model=model,
            endpoint=endpoint,
            served_model=served_model,
            key_env=key_env,
            revision=revision,
            engine=engine,
            device=device,
            dtype=dtype,
            batch=batch,
            max_model_len=max_model_len,
        ),
        Asking(max_tokens, max_pixels),
        fresh=fresh,
        judge=judge,
        judge_model=judge_model,
        judge_key_env=judge_key_env,
        similarity=similarity,
        seed=seed,
    )
    run_eval(Console(highlight=False), request)

"""The command `annotate ground` with its options."""

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


def ground(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where predictions, points and pictures go.")],
    bench: Annotated[
        Path | None,
        typer.Option("--bench", metavar="DIR", help="A folder of `bench make --tasks spider`: ask its questions."),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option("--from", metavar="RUN", help="A run of `spider-synthetic`: ask its grounding questions."),
    ] = None,
    image: Annotated[Path | None, typer.Option("--image", metavar="FILE", help="One image, with --question.")] = None,
    question: Annotated[str | None, typer.Option("--question", metavar="TEXT", help="What to find in it.")] = None,
    model: ModelName = None,
    endpoint: EndpointAddress = None,
    served_model: ServedModel = None,
    key_env: KeyVariable = None,
    revision: Revision = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            metavar="auto|vllm|transformers",
            help="What the model runs in; auto: transformers, which gives every logit.",
        ),
    ] = "auto",
    device: DeviceName = "auto",
    dtype: NumberType = "auto",
    batch: BatchSize = 8,
    max_model_len: MaxModelLen = None,
    max_tokens: MaxTokens = 128,
    max_pixels: MaxPixels = 1_048_576,
    read: Annotated[
        str,
        typer.Option(
            "--read",
            metavar="auto|answer|forced",
            help='Where the logits are read: where the answer says the words; in "It is at the ..." put behind it; '
            "or the first, and the second where the answer names no place.",
        ),
    ] = "auto",
    tau: Annotated[
        str,
        typer.Option(
            "--tau",
            metavar="auto|NUMBER",
            help="Temperature of the softmax over two words; auto: for each axis, so that the model's median sureness "
            "makes 0.7.",
        ),
    ] = "auto",
    segmenter: Annotated[
        str,
        typer.Option(
            "--segmenter",
            metavar="auto|sam|segments|disc",
            help="What draws the mask; auto: SAM if --sam is given, else the graph segment around the point.",
        ),
    ] = "auto",
    sam: Annotated[
        str | None, typer.Option("--sam", metavar="DIR|ORG/NAME", help="Weights of a SAM for transformers.")
    ] = None,
    points: Annotated[
        str,
        typer.Option(
            "--points",
            metavar="model|centre|words|box|pole",
            help="Where points come from: the model, or, to judge a segmenter, the image's centre or the truth.",
        ),
    ] = "model",
    draw: Annotated[bool, typer.Option("--draw", help="Draw every mask and point into overlays/.")] = False,
    fresh: FreshPredictions = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the intervals.")] = 0,
    debug: Debug = False,
) -> None:
    """Ask a model where, turn the logits of its position words into a point, and the point into a mask (IQA-Spider).

    Masks are scored where the truth is known. The same command again grounds only what is missing.
    """
    from annotate.evaluate.models import model_choice
    from annotate.evaluate.predict import Asking
    from annotate.ground.command import ground_request, run_ground

    request = ground_request(
        out=out,
        bench=bench,
        run=run,
        image=image,
        question=question,
        source=points,
        model=model_choice(
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
        asking=Asking(max_tokens, max_pixels),
        read=read,
        tau=tau,
        segmenter=segmenter,
        sam=sam,
        draw=draw,
        fresh=fresh,
        seed=seed,
    )
    run_ground(Console(highlight=False), request)

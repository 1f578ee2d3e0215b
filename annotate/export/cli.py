"""The command `annotate export` with its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from annotate.options import Debug
from manifests.errors import InputError


def export(
    runs: Annotated[
        list[Path], typer.Option("--from", metavar="RUN", help="Output folder of a finished run; may be repeated.")
    ],
    form: Annotated[
        str,
        typer.Option("--format", metavar="ms-swift|llama-factory|llava|trl", help="The trainer that is to read it."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder.")],
    tasks: Annotated[
        str, typer.Option("--tasks", metavar="des,vqa", help="Descriptions, questions, or both.")
    ] = "des,vqa",
    families: Annotated[
        str | None,
        typer.Option("--families", metavar="NAMES", help="Only questions of these families, e.g. yes-no,what."),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            "--exclude", metavar="BENCH", help="A benchmark whose images, and what looks like them, stay out."
        ),
    ] = None,
    boxes: Annotated[
        str,
        typer.Option("--boxes", metavar="grid|grid:N|continuous", help="How boxes stand in texts; grid: as stored."),
    ] = "grid",
    held_out: Annotated[
        float,
        typer.Option("--held-out", min=0.0, max=0.9, help="Share of the images for held-out.*, at most 200; 0: none."),
    ] = 0.01,
    keep_turned: Annotated[
        bool, typer.Option("--keep-turned", help="Keep images that are stored turned where the trainer ignores it.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write finished runs for ms-swift, LLaMA-Factory, LLaVA or TRL: texts, and images byte for byte.

    The folder's README holds the command that trains on it.
    """
    from annotate.export.export import ExportRequest
    from annotate.export.export import export as write
    from annotate.export.formats import FORMAT_NAMES
    from annotate.train.examples import Selection

    if form not in FORMAT_NAMES:
        raise InputError(f"--format {form}: should be one of {', '.join(FORMAT_NAMES)}")
    selection = Selection.parse(tasks, families, None, exclude or (), boxes)
    request = ExportRequest(tuple(runs), form, out, selection, held_out, keep_turned)
    write(Console(highlight=False), request)

"""The command line. Every error that a user can mend is one line; a stack trace only with `--debug`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from annotate import __version__
from annotate.ablate.cli import ablate
from annotate.bench.commands import bench
from annotate.console import console
from annotate.evaluate.cli import evaluate
from annotate.export.cli import export
from annotate.ground.cli import ground
from annotate.options import (
    Debug,
    DescriptionsFile,
    Images,
    OutFolder,
    Overrides,
    RecipeName,
    RunFolder,
    Seed,
    ShardSize,
    Take,
    Workers,
)
from annotate.train.cli import train
from manifests.errors import AnnotateError, Interrupted, Stalled

EXIT_CODES = """Exit codes: 0 all inputs ok, filtered or duplicate; 1 internal error; 2 usage or input error;
3 finished with failed rows; 4 locked by another driver; 130 interrupted (the same command goes on)."""

app = typer.Typer(
    name="annotate",
    help="Turn a folder of images into a grounded image-quality dataset.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(bench)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"annotate {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Turn a folder of images into a grounded image-quality dataset."""


@app.command()
def run(
    images: Images,
    out: OutFolder,
    recipe: RecipeName = "embedded",
    descriptions: DescriptionsFile = None,
    take: Take = None,
    shard_size: ShardSize = None,
    seed: Seed = None,
    overrides: Overrides = None,
    workers: Workers = None,
    address: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="RAY", help="Address of a running Ray cluster (default: Ray on this machine)."
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw away what an earlier run left in the folder.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Do the shards again that hold failed rows.")
    ] = False,
    extend: Annotated[
        bool,
        typer.Option("--extend", help="Add the images that came since, or that a larger --take takes; keep all else."),
    ] = False,
    reuse: Annotated[
        Path | None,
        typer.Option("--reuse", metavar="RUN", help="Take over what the stages before the first change made."),
    ] = None,
    embed_images: Annotated[
        bool,
        typer.Option("--embed-images", help="Put the image files, without their metadata, into `annotations`."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Annotate images: plan, run the recipe's stages on Ray, commit shards, finish with a dataset card.

    The same command again does only what is missing.
    """
    from annotate.run import RunRequest, run_annotate

    request = RunRequest(
        images=images,
        out=out,
        recipe=recipe,
        descriptions=descriptions,
        overrides=tuple(overrides or ()),
        take=take,
        shard_size=shard_size,
        seed=seed,
        workers=workers,
        address=address,
        fresh=fresh,
        retry_failed=retry_failed,
        extend=extend,
        reuse=reuse,
        embed_images=embed_images,
        debug=debug,
    )
    try:
        exit_code = run_annotate(request, Console(highlight=False))
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on from here ({out} keeps what is committed)") from None
    raise typer.Exit(exit_code)


@app.command()
def plan(
    images: Images,
    recipe: RecipeName = "embedded",
    descriptions: DescriptionsFile = None,
    take: Take = None,
    shard_size: ShardSize = None,
    seed: Seed = None,
    overrides: Overrides = None,
    workers: Workers = None,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Images to try on this machine for the estimate; 0: no estimate.")
    ] = 4,
    debug: Debug = False,
) -> None:
    """Say what a run would do: inputs, duplicates, refusals, shards, and an estimate measured on a few images."""
    from annotate.preview import PreviewRequest, preview

    request = PreviewRequest(
        images=images,
        recipe=recipe,
        descriptions=descriptions,
        overrides=tuple(overrides or ()),
        take=take,
        shard_size=shard_size,
        seed=seed,
        workers=workers,
        sample=sample,
    )
    preview(request, Console(highlight=False))


@app.command()
def status(
    folder: RunFolder,
    yields: Annotated[
        bool, typer.Option("--yields", help="Text-first runs: from texts to things, boxes and labels.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Say how far a run is: shards, outcomes, reasons, records per table, who holds the lock."""
    from annotate.status import print_status
    from annotate.yields import print_yields

    print_status(folder, Console(highlight=False))
    if yields:
        print_yields(folder, Console(highlight=False))


@app.command()
def verify(folder: RunFolder, debug: Debug = False) -> None:
    """Read everything again: digests, sums, schemas, texts, boxes, points. Exit code 3 when a promise is broken."""
    from annotate.verify import print_verification

    raise typer.Exit(print_verification(folder, Console(highlight=False)))


@app.command()
def view(
    folder: RunFolder,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Show only the first images.")] = None,
    debug: Debug = False,
) -> None:
    """Write a gallery as static HTML into DIR/gallery: every image with its boxes, texts and dropped regions."""
    from annotate.console import count_progress
    from annotate.gallery import render

    with count_progress("drawing") as on_progress:
        page = render(folder, limit=limit, on_progress=on_progress)
    typer.echo(page)


app.command(name="eval")(evaluate)
app.command()(ground)
app.command()(train)
app.command()(ablate)
app.command()(export)


@app.command()
def stages(recipe: RecipeName = "embedded", overrides: Overrides = None, debug: Debug = False) -> None:
    """List the stages of a recipe with what they need and add, and every option with its value."""
    from annotate.stages_listing import print_stages

    print_stages(recipe, tuple(overrides or ()), Console(highlight=False))


@app.command()
def doctor(debug: Debug = False) -> None:
    """Say what this machine can run, which extras are missing, and which licences apply."""
    from annotate import doctor as diagnosis

    diagnosis.report(Console(highlight=False))
    raise typer.Exit(0 if diagnosis.ok() else 1)


@app.command()
def fetch(
    recipe: Annotated[
        str | None, typer.Option("--recipe", metavar="NAME|FILE", help="A shipped recipe by name, or a .yaml file.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="ORG/NAME[@REVISION]",
            help="A model that no recipe names, for `eval`, `ground` and `train`; may be repeated.",
        ),
    ] = None,
    overrides: Overrides = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights", metavar="DIR", help="Where weights are kept (default: $ANNOTATE_WEIGHTS, or the user's cache)."
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Download nothing; verify what is there.")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Look up anew what revisions that are not commits stand for.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Download weights of a recipe, or models by name, pinned and with digests: nothing else ever downloads."""
    from annotate.fetch import FetchRequest
    from annotate.fetch import fetch as fetch_weights

    request = FetchRequest(
        recipe, tuple(overrides or ()), tuple(models or ()), weights=weights, check=check, update=update
    )
    fetch_weights(request, Console(highlight=False))


@app.command(name="train-recogniser")
def train_recogniser(
    images: Annotated[
        list[Path],
        typer.Option("--images", metavar="PHOTOS", help="A folder of good photos, or one photo; may be repeated."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where weights and report are written.")],
    seed: Annotated[int, typer.Option("--seed", help="Seed of every view, distortion and weight.")] = 0,
    samples: Annotated[int, typer.Option("--samples", min=8, help="Planted views to teach the network.")] = 20000,
    passes: Annotated[int, typer.Option("--passes", min=1, help="How often the network sees each of them.")] = 10,
    views: Annotated[int, typer.Option("--views", min=8, help="Planted views to teach the verifiers.")] = 10200,
    folds: Annotated[
        int,
        typer.Option(
            "--folds", min=2, help="Groups of photos, each of which is shown to a network that was taught without it."
        ),
    ] = 3,
    most_alarms: Annotated[
        float,
        typer.Option(
            "--most-alarms", min=0, max=1, help="Share of untouched photos of another kind that may raise an alarm."
        ),
    ] = 0.06,
    bfloat16: Annotated[
        bool,
        typer.Option("--bfloat16/--float32", help="Learn in bfloat16: twice as fast where the processor has it (AMX)."),
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Cores to use on this machine.")] = 2,
    debug: Debug = False,
) -> None:
    """Train what `measure` recognises distortions with, on distortions planted in photos (extra `train`).

    The photos are split by content: most are taught, the others are for the report. Verifiers and thresholds learn from
    what networks propose on photos of series that they did not see. A training that was interrupted goes on with what
    lies in DIR/networks.
    """
    from stages.measure.recogniser.training import TrainingPlan, photos_in, train

    plan = TrainingPlan(
        photos=photos_in(images),
        out=out,
        seed=seed,
        samples=samples,
        passes=passes,
        views=views,
        folds=folds,
        most_alarms=most_alarms,
        bfloat16=bfloat16,
        workers=workers,
        say=lambda line: console.print(line, markup=False, highlight=False),
    )
    train(plan)
    typer.echo(out / "report.md")


def main() -> None:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, _interrupt)
    debug = "--debug" in sys.argv[1:]
    try:
        app(standalone_mode=True)
    except AnnotateError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code, at_once=isinstance(error, Interrupted | Stalled))
    except Exception as error:
        if debug:
            raise
        _fail(f"internal error: {type(error).__name__}: {' '.join(str(error).split())[:300]} (--debug shows where)", 1)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """SIGTERM is what a cluster sends before it takes the machine away: stop as on Ctrl-C."""
    raise KeyboardInterrupt


def _fail(message: str, exit_code: int, *, at_once: bool = False) -> None:
    console.print(f"annotate: {message}", markup=False, soft_wrap=True)
    sys.stdout.flush()
    sys.stderr.flush()
    if at_once:
        # Ray's threads may outlive an interrupt by seconds; everything that matters is committed by now.
        os._exit(exit_code)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()

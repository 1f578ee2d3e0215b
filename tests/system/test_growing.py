"""A run that grows, and a run that takes from another what it would only repeat."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow.parquet as pq

Annotate = Callable[..., CompletedProcess[str]]
USAGE_ERROR = 2
TABLES = ("annotations", "descriptions", "points", "regions", "vqa")


def parts_of(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.glob("*/part-*.parquet")}


def rows_of(out: Path, table: str) -> list[dict[str, object]]:
    return [row for path in sorted((out / table).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_a_changed_author_re_uses_every_stage_before_it_and_ends_in_the_same_bytes(
    annotate: Annotate, finished_run: Path, photos: Path, tmp_path: Path
) -> None:
    command = ["run", "--images", photos, "--shard-size", 5, "--set", "describe.local_passages=1"]
    annotate(*command, "--out", tmp_path / "anew")
    said = annotate(*command, "--out", tmp_path / "reused", "--reuse", finished_run)
    assert parts_of(tmp_path / "reused") == parts_of(tmp_path / "anew")
    assert "re-using load to merge" in said.stderr
    figures = json.loads((tmp_path / "reused" / "ledger" / "session-0001.json").read_text())
    assert figures["reused"] == figures["images"] == len(rows_of(finished_run, "annotations"))
    worked = set(figures["stage_images_per_second"])
    assert {"describe", "check", "fuse", "question", "point", "commit"} == worked


def test_a_changed_filter_detects_and_measures_nothing_again(
    annotate: Annotate, finished_run: Path, photos: Path, tmp_path: Path
) -> None:
    command = ["run", "--images", photos, "--take", 6, "--set", "filter.max_salient=1"]
    annotate(*command, "--out", tmp_path / "anew")
    annotate(*command, "--out", tmp_path / "reused", "--reuse", finished_run)
    assert parts_of(tmp_path / "reused") == parts_of(tmp_path / "anew")
    figures = json.loads((tmp_path / "reused" / "ledger" / "session-0001.json").read_text())
    assert not {"detect", "measure", "score"} & set(figures["stage_images_per_second"])


def test_a_run_with_nothing_in_common_cannot_be_re_used(
    annotate: Annotate, finished_run: Path, photos: Path, tmp_path: Path
) -> None:
    command = ["run", "--images", photos, "--out", tmp_path / "out", "--reuse", finished_run]
    assert "its seed is 0, not 3" in annotate(*command, "--seed", 3, code=USAGE_ERROR).stderr
    other = annotate(*command, "--set", "load.min_side_px=64", code=USAGE_ERROR)
    assert "shares no stage" in other.stderr
    nothing = annotate(*command[:-1], tmp_path, code=USAGE_ERROR)
    assert "no run there" in nothing.stderr


def test_a_grown_folder_is_taken_in_by_extend_and_old_shards_stay(
    annotate: Annotate, photos: Path, tmp_path: Path
) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    images.mkdir()
    for name in ("cat.png", "beach.jpg", "citrus.jpg"):
        shutil.copy(photos / name, images / name)
    command = ["run", "--images", images, "--out", out, "--shard-size", 2]
    annotate(*command)
    before = parts_of(out)
    shutil.copy(photos / "pagoda.jpg", images / "a-new-one.jpg")
    shutil.copy(photos / "cat.png", images / "a-copy.png")

    assert "--extend adds what is new" in " ".join(annotate(*command).stderr.split())
    assert parts_of(out) == before
    said = annotate(*command, "--extend")
    assert "1 image is added" in said.stderr
    after = parts_of(out)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + len(TABLES)
    success = json.loads((out / "_SUCCESS").read_text())
    assert (success["inputs"], success["outcomes"]) == (5, {"ok": 4, "duplicate": 1})
    again = annotate(*command)
    assert "nothing to do" in again.stdout
    assert "it keeps to its plan" not in again.stderr

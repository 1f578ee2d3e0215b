"""One image cannot take a run with it, however it makes a stage fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow.parquet as pq
import pytest
from PIL import Image

FINISHED_WITH_FAILED_ROWS = 3
INTERNAL_ERROR = 1
REASONS = {
    "raises": "ValueError: cannot stand this image",
    "hangs": "DeadlineExceeded: took more than 2 s",
    "is-killed": "WorkerDied: 3 workers died of it",
    "crashes": "WorkerDied: 3 workers died of it",
    "eats-memory": "MemoryError",
}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number, name in enumerate([*REASONS, *(f"good-{count}" for count in range(9))]):
        Image.new("RGB", (64, 64), (number, 0, 0)).save(folder / f"{name}.png")
    return folder


def test_each_poisoned_image_fails_with_its_reason_and_its_neighbours_are_unharmed(
    poisoned: Callable[..., CompletedProcess[str]], images: Path, recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = poisoned("run", "--images", images, "--out", out, "--recipe", recipe, "--shard-size", 5)
    assert said.returncode == FINISHED_WITH_FAILED_ROWS, said.stderr
    rows = {row["uri"]: row for part in out.glob("annotations/*") for row in pq.read_table(part).to_pylist()}
    assert len(rows) == len(REASONS) + 9
    for name, reason in REASONS.items():
        row = rows.pop(f"{name}.png")
        assert (row["outcome"], row["stage"]) == ("failed", "poison")
        assert row["reason"].startswith(reason)
    assert {row["outcome"] for row in rows.values()} == {"ok"}
    assert not list(out.glob("ledger/inflight-*"))


def test_a_run_in_which_nothing_moves_ends_and_says_where_it_stood(
    poisoned: Callable[..., CompletedProcess[str]], images: Path, recipe: Path, tmp_path: Path
) -> None:
    for name in REASONS:
        if name != "hangs":
            (images / f"{name}.png").unlink()
    out = tmp_path / "out"
    patience = ["--set", "execution.poison.deadline_s=null", "--set", "stalled_after_minutes=0.1"]
    command = ["run", "--images", images, "--out", out, "--recipe", recipe, "--shard-size", 5]
    said = poisoned(*command, *patience, "--set", "execution.poison.batch_size=1")
    assert said.returncode == INTERNAL_ERROR
    assert "nothing has moved for 0.1 minutes: poison has " in said.stderr
    assert "the same command goes on" in said.stderr
    assert not (out / "run.lock").exists()
    resumed = poisoned(*command)
    assert resumed.returncode == FINISHED_WITH_FAILED_ROWS, resumed.stderr

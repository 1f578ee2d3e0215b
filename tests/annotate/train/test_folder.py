"""The output folder of a training: what may go on there, and which checkpoint counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotate.train.folder import TrainFolder
from manifests.errors import OutputError

ASKED: dict[str, Any] = {"recipe": {"seed": 0, "betas": (0.9, 0.999)}, "data": {"tasks": ["des"]}}


def checkpoint(folder: TrainFolder, step: int, *, whole: bool = True) -> Path:
    path = folder.out / "checkpoints" / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    if whole:
        folder.mark_whole(step)
    return path


def test_the_same_training_goes_on(tmp_path: Path) -> None:
    for _ in range(2):
        TrainFolder(tmp_path / "out").begin(ASKED, {"licences": {}}, fresh=False)


def test_another_training_is_refused_with_what_differs(tmp_path: Path) -> None:
    folder = TrainFolder(tmp_path)
    folder.begin(ASKED, {}, fresh=False)
    with pytest.raises(OutputError, match=r"holds another training \(recipe.seed: 0 -> 3; data.tasks: \['des'\] -> "):
        folder.begin({**ASKED, "recipe": {**ASKED["recipe"], "seed": 3}, "data": {"tasks": ["vqa"]}}, {}, fresh=False)


def test_fresh_throws_the_other_training_away_and_nothing_else(tmp_path: Path) -> None:
    folder = TrainFolder(tmp_path)
    folder.begin(ASKED, {}, fresh=False)
    checkpoint(folder, 4)
    (tmp_path / "notes.txt").write_text("mine")
    folder.begin({"recipe": {"seed": 1}}, {}, fresh=True)
    assert folder.newest_checkpoint() is None
    assert json.loads((tmp_path / "train.json").read_text())["asked"] == {"recipe": {"seed": 1}}
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_of_something_else_is_refused_even_with_fresh(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(OutputError, match="is not empty and no training"):
        TrainFolder(tmp_path).begin(ASKED, {}, fresh=True)
    assert (tmp_path / "photo.jpg").exists()


def test_the_newest_whole_checkpoint_counts_and_broken_ones_go(tmp_path: Path) -> None:
    folder = TrainFolder(tmp_path)
    older, newest = checkpoint(folder, 8), checkpoint(folder, 12)
    torn, cut = checkpoint(folder, 16, whole=False), checkpoint(folder, 20)
    (cut / "model.safetensors").write_bytes(b"weig")
    assert folder.newest_checkpoint() == newest
    assert older.exists()
    assert not torn.exists()
    assert not cut.exists()


def test_a_checkpoint_of_step_100_is_newer_than_one_of_step_20(tmp_path: Path) -> None:
    folder = TrainFolder(tmp_path)
    checkpoint(folder, 20)
    assert folder.newest_checkpoint() != checkpoint(folder, 100) == folder.newest_checkpoint()


def test_a_train_json_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text("{")
    with pytest.raises(OutputError, match="not a training of this tool"):
        TrainFolder(tmp_path).begin(ASKED, {}, fresh=False)

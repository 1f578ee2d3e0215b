"""What the command refuses before it spends anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from annotate.bench.planted.command import PlantedRequest, bench_planted
from annotate.bench.planted.truth import write_truth
from manifests.errors import InputError, OutputError, RecipeError


def refusal(kind: type[Exception], **options: object) -> str:
    with pytest.raises(kind) as said:
        bench_planted(Console(), PlantedRequest(**options))
    assert "\n" not in str(said.value)
    return str(said.value)


def test_a_kept_benchmark_is_not_overwritten(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "kept" / "images").mkdir(parents=True)
    said = refusal(InputError, out=tmp_path / "report", images=str(photos), keep=tmp_path / "kept")
    assert "holds a benchmark already; score it with --from" in said
    assert not (tmp_path / "report").exists()


def test_photos_or_a_run_with_its_truth_must_be_given(tmp_path: Path) -> None:
    assert "give --images SRC, or --from RUN with --truth FILE" in refusal(InputError, out=tmp_path)
    assert "--truth FILE" in refusal(InputError, out=tmp_path, run=tmp_path)


def test_a_recipe_that_does_not_hold_is_refused_before_planting(photos: Path, tmp_path: Path) -> None:
    refusal(RecipeError, out=tmp_path, images=str(photos), recipe="no-such-recipe", keep=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_folder_without_a_run_is_not_scored(tmp_path: Path) -> None:
    settings = {"seed": 0, "folder": "photos", "photos": 0, "count": 0, "untouched": 0.25, "megapixels": 1.0}
    truth = write_truth(tmp_path, [], settings)
    assert "no run here" in refusal(OutputError, out=tmp_path, run=tmp_path, truth=truth)

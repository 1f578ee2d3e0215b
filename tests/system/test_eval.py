"""From a real run to a benchmark, to a reviewed one, to a report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest


def test_a_run_becomes_a_benchmark_that_is_reviewed_and_scored(
    annotate: Callable[..., object], finished_run: Path, tmp_path: Path
) -> None:
    made, reviewed, report = tmp_path / "made", tmp_path / "reviewed", tmp_path / "report"
    annotate("bench", "make", "--from", finished_run, "--out", made, "--images", 10)
    rows = [row for name in ("descriptions", "vqa") for row in pq.read_table(made / f"{name}.parquet").to_pylist()]
    assert len(rows) == 10 + 16
    assert {Path(row["uri"]).stem for row in rows} == {row["image_id"] for row in rows}
    assert all((made / row["uri"]).is_file() for row in rows)
    held_out = (made / "held-out.txt").read_text().split()
    assert {row["image_id"] for row in rows} <= set(held_out)

    annotate("bench", "review", "--bench", made, "--sheet", made / "review.csv", "--out", reviewed)
    predictions = tmp_path / "predictions.jsonl"
    lines = [json.dumps({"id": row["id"], "prediction": row["answer"]}) for row in rows]
    predictions.write_text("\n".join(lines[1:]) + "\n", encoding="utf-8")
    annotate("eval", "--bench", reviewed, "--predictions", predictions, "--out", report, "--similarity", "words")
    found = json.loads((report / "eval.json").read_text(encoding="utf-8"))
    assert found["figures"]["vqa_acc_total"]["value"] == 1.0
    assert found["figures"]["des_llm_score"]["value"] == 90.0
    assert found["counts"]["des"]["missing"] == 1
    assert found["baselines"]["always no"]["vqa_acc_yes_no"]["value"] == 0.6
    assert "stand-in" in (report / "eval.md").read_text(encoding="utf-8")


def test_nothing_is_left_for_a_benchmark_whose_images_were_trained_on(
    annotate: Callable[..., object], finished_run: Path, tmp_path: Path
) -> None:
    said = annotate(
        "bench",
        "make",
        "--from",
        finished_run,
        "--exclude",
        finished_run,
        "--out",
        tmp_path / "b",
        "--images",
        2,
        code=2,
    )
    assert "only 0 images" in said.stderr  # type: ignore[attr-defined]
    assert not (tmp_path / "b").exists()


def test_predictions_that_do_not_fit_are_one_line(
    annotate: Callable[..., object], project: Path, tmp_path: Path
) -> None:
    shutil.copy(project / "tests/system/golden/vqa.parquet", tmp_path / "vqa.parquet")
    predictions = tmp_path / "predictions.jsonl"
    for line, fact in (('{"id": "nobody"}', "'nobody' is not in the benchmark"), ("not JSON", "predictions.jsonl:1")):
        predictions.write_text(line, encoding="utf-8")
        said = annotate("eval", "--bench", tmp_path, "--predictions", predictions, "--out", tmp_path / "r", code=2)
        assert fact in said.stderr  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("pattern", "fact"),
    [("(", "not a regular expression"), ("jpg", "should have one group"), ("(.*)__1", "does not match")],
)
def test_a_pattern_that_names_no_photo_is_one_line(
    annotate: Callable[..., object], finished_run: Path, tmp_path: Path, pattern: str, fact: str
) -> None:
    words = ("bench", "make", "--from", finished_run, "--out", tmp_path / "b", "--images", 2, "--photo", pattern)
    said = annotate(*words, code=2)
    assert fact in said.stderr  # type: ignore[attr-defined]
    assert not (tmp_path / "b").exists()

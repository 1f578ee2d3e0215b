from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from annotate.evaluate.command import EvalRequest, run_eval
from annotate.evaluate.models import ModelChoice, model_choice, open_model
from annotate.evaluate.predict import Asking
from manifests.errors import AnnotateError, InputError, OutputError

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ({"model": "m", "endpoint": "http://h/v1"}, "name one model"),
        ({}, "name one model"),
        ({"endpoint": "http://h/v1"}, "name one with --served-model"),
        ({"endpoint": "h:1", "served_model": "m"}, "http://HOST:PORT/v1"),
        ({"endpoint": "http://127.0.0.1:9/v1", "served_model": "m"}, "nothing answers there"),
        ({"model": "no-such-folder", "engine": "transformers"}, "no-such-folder"),
    ],
)
def test_a_choice_that_cannot_be_opened_is_one_line(said: dict[str, Any], fact: str) -> None:
    with pytest.raises(AnnotateError, match=fact) as error:
        open_model(ModelChoice(**said))
    assert "\n" not in str(error.value)


def test_options_that_name_no_model_are_no_choice() -> None:
    assert model_choice(model=None, endpoint=None) is None
    with pytest.raises(InputError, match="--engine fast: should be one of auto, vllm, transformers"):
        model_choice(model="m", endpoint=None, engine="fast", device="auto", dtype="auto")


def test_without_a_gpu_auto_is_transformers(tiny_vlm: Callable[[str], Path]) -> None:
    choice = ModelChoice(model=str(tiny_vlm("qwen3-vl")))
    assert choice.chosen_engine() == "transformers"
    assert choice.identity()["model"] == "tiny-qwen3-vl"
    (digest,) = choice.identity()["weights_sha256"]
    assert re.fullmatch("[0-9a-f]{64}", digest)


def test_a_folder_that_holds_no_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(AnnotateError, match="cannot load it as image-text-to-text"):
        open_model(ModelChoice(model=str(tmp_path), engine="transformers"))


def test_a_model_is_asked_once_and_scored(asked_bench: Path, tiny_vlm: Callable[[str], Path], tmp_path: Path) -> None:
    request = EvalRequest(
        asked_bench,
        tmp_path / "report",
        model=ModelChoice(model=str(tiny_vlm("qwen3-vl")), batch=2),
        asking=Asking(max_tokens=4),
        similarity="words",
    )
    first = run_eval(Console(quiet=True), request)
    lines = (tmp_path / "report" / "predictions.jsonl").read_bytes()
    assert [json.loads(line)["id"] for line in lines.splitlines()] == ["a-d01", "a-q01", "b-q01"]
    assert first.facts["answered_by"]["engine"] == "transformers"
    assert sum(counts.missing for counts in first.evaluation.counts.values()) == 0

    second = run_eval(Console(quiet=True), request)
    assert (tmp_path / "report" / "predictions.jsonl").read_bytes() == lines
    assert second == first
    with pytest.raises(OutputError, match="max_tokens = 4, and now it is 5"):
        run_eval(Console(quiet=True), EvalRequest(**{**vars(request), "asking": Asking(max_tokens=5)}))


def test_predictions_and_a_model_are_either_or(asked_bench: Path, tmp_path: Path) -> None:
    for said in ({}, {"predictions": tmp_path / "p", "model": ModelChoice(model="m")}):
        with pytest.raises(InputError, match="either --predictions FILE, or --model or --endpoint"):
            run_eval(Console(quiet=True), EvalRequest(asked_bench, tmp_path, **said))

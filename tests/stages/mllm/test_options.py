"""Options of a language model: what is refused, what decides results and what does not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from manifests.errors import RecipeError
from manifests.recipe import StageSpec
from stages.mllm.options import ModelOptions
from stages.registry import build_stage


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"endpoint": "localhost:8000"}, "should read http://HOST:PORT/v1"),
        ({"endpoint": "http://me:secret@host/v1"}, "must not hold a key"),
        ({"engine_args": {"trust_remote_code": True}}, "code from a model's repository is never run"),
        ({"engine_args": {"dtype": "float16"}}, "it has an option of its own"),
        ({"temperatures": ()}, "at least 1 item"),
        ({"temperatures": (0.0, -1.0)}, "must not be negative"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_the_fact(options: dict[str, object], fact: str) -> None:
    with pytest.raises(ValidationError, match=fact):
        ModelOptions.model_validate(options)


def describe(**options: object) -> str:
    return build_stage(StageSpec(name="describe", options={"backend": "mllm", **options}), seed=0).identity()


def test_where_a_model_runs_and_how_fast_is_not_part_of_the_identity() -> None:
    served = {"served_model": "qwen3-vl", "endpoint": "http://127.0.0.1:8000/v1"}
    moved = {**served, "endpoint": "http://gpu-7:9000/v1", "in_flight": 3, "timeout_s": 5, "api_key_env": "KEY"}
    assert describe(**served) == describe(**moved)
    assert describe(**served) != describe(**served, temperatures=(0.3,))
    assert describe(**served) != describe(**{**served, "served_model": "another"})


def test_the_author_of_a_folder_does_not_tell_where_the_folder_lies(tmp_path: object) -> None:
    assert ModelOptions(model=f"{tmp_path}").author == str(tmp_path).rpartition("/")[2]
    assert ModelOptions(model="Qwen/Qwen3-VL-8B-Instruct").author == "Qwen/Qwen3-VL-8B-Instruct"
    assert ModelOptions(model="Qwen/Qwen3-VL-8B-Instruct", served_model="mine").author == "mine"


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({}, "asks a language model, and none is named; set describe.model"),
        ({"endpoint": "http://127.0.0.1:8000/v1"}, "in describe.served_model"),
        ({"model": "a/b", "crops": 4}, "raise it"),
    ],
)
def test_an_author_that_cannot_be_asked_is_refused_before_anything_starts(
    options: dict[str, object], fact: str
) -> None:
    with pytest.raises(RecipeError, match=fact):
        describe(**options)


def test_a_key_that_is_not_there_is_said_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    options = ModelOptions(endpoint="http://127.0.0.1:1/v1", served_model="m", api_key_env="SOME_KEY")
    with pytest.raises(RecipeError, match="the environment variable SOME_KEY should hold its key"):
        options.api_key()


def test_an_endpoint_needs_neither_weights_nor_packages() -> None:
    options = ModelOptions(endpoint="http://127.0.0.1:8000/v1", model="Qwen/Qwen3-VL-8B-Instruct")
    assert options.sources() == ()
    assert options.requires() == {}
    assert ModelOptions(model="Qwen/Qwen3-VL-8B-Instruct").requires() == {"vllm": "gpu"}

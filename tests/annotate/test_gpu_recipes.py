"""The recipes for GPUs and for endpoints, on a machine that has neither: they build, plan, and say what to fetch."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from annotate.dag import pools_of
from annotate.doctor import missing_weights
from annotate.preview import PreviewRequest, preview
from manifests.recipe import Recipe, load_recipe
from stages.mllm.options import ModelOptions
from stages.registry import build_chain
from stages.stage import Stage

RECIPES = ("gpu", "giqa-160k", "laptop")


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOTATE_WEIGHTS", str(tmp_path / "weights"))


def built(name: str, *overrides: str) -> tuple[Recipe, list[Stage]]:
    recipe = load_recipe(name, overrides)
    return recipe, build_chain(recipe)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_builds_without_its_weights_and_knows_which_are_missing(name: str) -> None:
    _, stages = built(name)
    models = {source.model for source in missing_weights(stages)}
    assert any("grounding-dino" in model for model in models)
    assert ("Qwen/Qwen3-VL-8B-Instruct" in models) == (name != "laptop")


@pytest.mark.parametrize("name", RECIPES)
def test_planning_needs_no_weights_and_names_the_command_that_fetches_them(name: str, photos: Path) -> None:
    said = Console(file=io.StringIO(), record=True, width=200)
    given = photos / "descriptions.jsonl" if name == "giqa-160k" else None
    request = PreviewRequest(
        images=str(photos), recipe=name, descriptions=given, overrides=(), take=None, shard_size=None, seed=None,
        workers=1, sample=2,
    )  # fmt: skip
    preview(request, said)
    text = said.export_text()
    assert "18 in " in text
    assert f"annotate fetch --recipe {name}" in text


@pytest.mark.parametrize(
    ("name", "together"),
    [("gpu", "describe check fuse question"), ("giqa-160k", "filter merge check fuse question")],
)
def test_neighbours_of_a_model_share_its_workers_and_its_engine(name: str, together: str) -> None:
    recipe, stages = built(name)
    pools = {tuple(stage.name for stage in pool.stages): pool.execution for pool in pools_of(recipe, stages)}
    assert tuple(together.split()) in pools
    assert pools[tuple(together.split())].shards_at_once > 1
    asking = [
        stage.config for stage in stages if stage.name in together.split() and isinstance(stage.config, ModelOptions)
    ]
    assert len({config.engine_key() for config in asking if config.model is not None}) == 1


@pytest.mark.parametrize("name", ["gpu", "giqa-160k"])
def test_one_gpu_holds_all_pools(name: str) -> None:
    recipe, stages = built(name)
    assert sum(pool.execution.gpus for pool in pools_of(recipe, stages)) <= 1


def test_the_paper_s_parameters_stand_in_its_recipe() -> None:
    recipe, _ = built("giqa-160k")
    options = {spec.name: spec.options for spec in recipe.stages}
    assert (options["merge"]["t_a"], options["merge"]["t_o"]) == (0.256, 0.95)
    assert options["detect"]["vocabulary"] == "text"
    assert (options["filter"]["agreement"], options["filter"]["only_several"]) == ("mllm", True)
    assert options["question"]["boxed_only"]
    assert options["question"]["equal"]


def test_another_language_model_is_one_option_away() -> None:
    _, stages = built("giqa-160k", "extract.model=meta-llama/Llama-3.1-8B-Instruct")
    (extract,) = [stage for stage in stages if stage.name == "extract"]
    assert [source.model for source in extract.sources()] == ["meta-llama/Llama-3.1-8B-Instruct"]


def test_the_laptop_s_author_is_named_for_the_model_and_not_for_its_address() -> None:
    recipe, stages = built("laptop", "describe.endpoint=http://127.0.0.1:11434/v1")
    (describe,) = [stage for stage in stages if stage.name == "describe"]
    assert isinstance(describe.config, ModelOptions)
    assert describe.config.author == "qwen3-vl-4b"
    assert "vllm" not in describe.requires()
    _, elsewhere = built("laptop")
    assert describe.identity() == elsewhere[[spec.name for spec in recipe.stages].index("describe")].identity()

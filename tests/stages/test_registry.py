"""Stages by name: options are checked before any model is loaded, and identities follow what decides a result."""

import pytest

from manifests.errors import RecipeError
from manifests.recipe import StageSpec, load_recipe
from stages.registry import STAGES, build_chain, build_stage, chain_fingerprint, stage_class


@pytest.mark.parametrize("name", sorted(STAGES))
def test_every_registered_stage_is_found_under_its_own_name(name: str) -> None:
    assert stage_class(name).name == name


def test_an_unknown_stage_lists_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"no stage 'detekt'; the stages are load, "):
        build_stage(StageSpec(name="detekt"), seed=0)


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"metric": "beauty"}, "metric: no such metric"),
        ({"metrik": "piqe"}, "metrik: no such option"),
        ({"min_crop_px": "wide"}, "valid integer"),
    ],
)
def test_an_option_that_a_stage_does_not_take_is_named_in_one_line(options: dict[str, object], fact: str) -> None:
    with pytest.raises(RecipeError) as caught:
        build_stage(StageSpec(name="score", options=options), seed=0)
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_embedded_chain_fits_together() -> None:
    names = [stage.name for stage in build_chain(load_recipe("embedded"))]
    assert names == [
        "load", "detect", "measure", "score", "filter", "merge", "describe", "check", "fuse", "question", "point",
    ]  # fmt: skip


def test_an_option_changes_the_fingerprint_and_execution_does_not() -> None:
    def of(*overrides: str) -> str:
        recipe = load_recipe("embedded", overrides)
        return chain_fingerprint(build_chain(recipe), recipe.seed)

    assert of() == of()
    assert of("execution.detect.batch_size=4") == of()
    assert len({of(), of("detect.min_score=0.3"), of("merge.t_a=0.1"), of("seed=1")}) == 4

"""Recipes: what a user may write, and the one line that says what is wrong with it."""

from pathlib import Path

import pytest

from manifests.errors import RecipeError
from manifests.recipe import Recipe, StageContract, check_chain, fingerprint, load_recipe, recipe_names


def write(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def contract(name: str, needs: set[str], adds: set[str]) -> StageContract:
    return StageContract(name, frozenset(needs), frozenset(adds))


def refusal(name_or_path: str, *overrides: str) -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(name_or_path, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_every_shipped_recipe_loads_under_its_own_name() -> None:
    assert "embedded" in recipe_names()
    for name in recipe_names():
        assert load_recipe(name).recipe == name


def test_the_order_of_the_stages_is_the_order_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "recipe: mine\nsummary: s\nstages:\n  - load\n  - detect: {min_score: 0.5}\n")
    recipe = load_recipe(path)
    assert [(spec.name, spec.options) for spec in recipe.stages] == [("load", {}), ("detect", {"min_score": 0.5})]


def test_overrides_reach_options_execution_and_seed() -> None:
    recipe = load_recipe("embedded", ["score.metric=piqe", "execution.score.batch_size=8", "seed=7"])
    score = next(spec for spec in recipe.stages if spec.name == "score")
    assert score.options["metric"] == "piqe"
    assert score.execution.batch_size == 8
    assert recipe.seed == 7


def test_an_override_of_a_nested_option_leaves_its_neighbours(tmp_path: Path) -> None:
    path = write(tmp_path, "recipe: mine\nsummary: s\nstages:\n  - measure: {limits: {noise: 1, blur: 2}}\n")
    (spec,) = load_recipe(path, ["measure.limits.noise=5"]).stages
    assert spec.options == {"limits": {"noise": 5, "blur": 2}}


@pytest.mark.parametrize(
    ("override", "fact"),
    [
        ("score.metric", "should read key=value"),
        ("scroe.metric=piqe", "names nothing in this recipe"),
        ("metric=piqe", "names nothing in this recipe"),
        ("score.metric=[", "not valid YAML"),
        ("execution.score.gpus=many", "valid number"),
        ("seed=tomorrow", "valid integer"),
    ],
)
def test_an_override_that_fits_nothing_says_so_in_one_line(override: str, fact: str) -> None:
    assert fact in refusal("embedded", override)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("just words", "not a recipe"),
        ("recipe: r\nsummary: s\nstages: []\n", "at least 1 item"),
        ("recipe: r\nsummary: s\nstages:\n  - load\n  - load\n", "stands twice"),
        ("recipe: r\nsummary: s\nstages:\n  - {load: {}, detect: {}}\n", "should read"),
        ("recipe: r\nsummary: s\nstages:\n  - load\nexecution: {detect: {gpus: 1}}\n", "not a stage of this recipe"),
        ("recipe: r\nstages:\n  - load\n", "summary: Field required"),
        ("recipe: r\nsummary: s\ncolour: red\nstages:\n  - load\n", "colour: no such option"),
        ("recipe: [\n", "not valid YAML"),
    ],
)
def test_a_file_that_is_not_a_recipe_says_why_in_one_line(tmp_path: Path, text: str, fact: str) -> None:
    assert fact in refusal(write(tmp_path, text))


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert "embedded" in refusal("embeded")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "gone.yaml" in refusal(str(tmp_path / "gone.yaml"))


def test_a_chain_that_lacks_a_field_says_which_stage_gives_it() -> None:
    recipe = Recipe.model_validate(
        {"recipe": "r", "summary": "s", "stages": [{"name": "load"}, {"name": "score"}, {"name": "measure"}]}
    )
    contracts = {
        "load": contract("load", {"location"}, {"content"}),
        "measure": contract("measure", {"content"}, {"attributes"}),
        "score": contract("score", {"attributes"}, {"scores"}),
    }
    with pytest.raises(RecipeError, match="stage 'score' needs attributes.*put measure before it"):
        check_chain(recipe, contracts)


def test_equal_chains_have_equal_fingerprints_and_order_matters() -> None:
    assert fingerprint(["a", "b"], 0) == fingerprint(["a", "b"], 0)
    assert len({fingerprint(["a", "b"], 0), fingerprint(["b", "a"], 0), fingerprint(["a", "b"], 1)}) == 3

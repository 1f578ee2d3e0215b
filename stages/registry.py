"""Names of stages and where they live; a stage's module is imported when a recipe names it, and not before.

A package of anyone's adds a stage with an entry point of the group `annotate.stages`, whose name is the stage's.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points

from pydantic import ValidationError

from manifests.errors import RecipeError
from manifests.recipe import Recipe, StageContract, StageSpec, check_chain, fingerprint, validation_fact
from stages.stage import Stage

STAGES = {
    "load": "stages.load:Load",
    "distort": "stages.distort:Distort",
    "extract": "stages.extract:Extract",
    "detect": "stages.detect:Detect",
    "measure": "stages.measure:Measure",
    "score": "stages.score:ScoreStage",
    "filter": "stages.filter:Filter",
    "merge": "stages.merge:Merge",
    "describe": "stages.describe:Describe",
    "check": "stages.check:Check",
    "fuse": "stages.fuse:Fuse",
    "question": "stages.question:Ask",
    "point": "stages.point:PointStage",
}


def stage_class(name: str) -> type[Stage]:
    """The class of a stage. Raises RecipeError for a name that neither annotate nor an installed package knows."""
    if name in STAGES:
        module, _, attribute = STAGES[name].partition(":")
        found: type[Stage] = getattr(import_module(module), attribute)
        return found
    plugins = entry_points(group="annotate.stages")
    if name not in plugins.names:
        raise RecipeError(f"there is no stage {name!r}; the stages are {', '.join([*STAGES, *sorted(plugins.names)])}")
    loaded: type[Stage] = plugins[name].load()
    return loaded


def build_stage(spec: StageSpec, seed: int) -> Stage:
    """The configured stage of a recipe's entry. Raises RecipeError for an option that the stage does not take."""
    found = stage_class(spec.name)
    try:
        config = found.Config.model_validate(spec.options)
    except ValidationError as error:
        options = ", ".join(found.Config.model_fields) or "none"
        raise RecipeError(
            f"stage {spec.name!r}: {validation_fact(error)}; the options of {spec.name} are {options}"
        ) from error
    return found(config, seed=seed)


def build_chain(recipe: Recipe) -> list[Stage]:
    """All stages of a recipe, with the chain checked. No model is loaded. Raises RecipeError."""
    stages = [build_stage(spec, recipe.seed) for spec in recipe.stages]
    check_chain(recipe, {stage.name: contract_of(stage) for stage in stages})
    return stages


def contract_of(stage: Stage) -> StageContract:
    """What the recipe loader may know of a stage."""
    return StageContract(stage.name, stage.needed(), stage.adds)


def chain_fingerprint(stages: Sequence[Stage], seed: int) -> str:
    """Fingerprint of a built chain."""
    return fingerprint([stage.identity() for stage in stages], seed)

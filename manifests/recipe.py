"""Recipes: a complete run as data. What decides results stands under `stages`, what decides speed under `execution`.

A recipe is a YAML file:

    recipe: embedded
    summary: one sentence
    seed: 0
    stages:
      - load:
      - detect: {min_score: 0.5}
    execution:
      detect: {cpus: 1, gpus: 0, batch_size: 1}

The order of the stages is data. Whether each finds what it needs is checked before any model is loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from manifests.errors import RecipeError

RECIPES_FOLDER = Path(__file__).parent / "recipes"

PLANNED_FIELDS = frozenset({"image_id", "uri", "location", "texts"})
"""Fields of `ImageRecord` that the plan fills, so that the first stage may need them."""


class Execution(BaseModel):
    """Resources of one stage: neighbours with equal ones share a pool of workers. Never part of the fingerprint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpus: float = Field(default=1.0, ge=0)
    gpus: float = Field(default=0.0, ge=0)
    memory_gb: float | None = Field(default=None, gt=0)
    batch_size: int = Field(default=1, ge=1)
    workers: int | Literal["auto"] = "auto"
    shards_at_once: int = Field(default=1, ge=1)
    """Shards that one worker has in hands together, for stages whose model answers many requests at once."""
    deadline_s: float | None = Field(default=900.0, gt=0)
    """What one image may take in this stage; a batch may take as long as its images together. Null: no limit."""

    def resources(self) -> tuple[object, ...]:
        """What decides which stages can share workers."""
        return (self.cpus, self.gpus, self.memory_gb, self.batch_size, self.workers, self.shards_at_once)


class StageSpec(BaseModel):
    """A stage's name, its options (checked by the stage itself) and its resources."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    options: dict[str, Any] = {}
    execution: Execution = Execution()


class Recipe(BaseModel):
    """A run as data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: str
    summary: str
    seed: int = 0
    stalled_after_minutes: float = Field(default=30.0, gt=0)
    """A run in which nothing moves for so long ends with an error."""
    stages: tuple[StageSpec, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _stages_stand_once(self) -> Recipe:
        names = [spec.name for spec in self.stages]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"stage {name!r} stands twice")
        return self

    def resolved(self) -> dict[str, Any]:
        """The recipe as plain data, all defaults of its own filled in."""
        return self.model_dump(mode="json")


@dataclass(frozen=True)
class StageContract:
    """What a stage says of itself: the fields it needs and those it adds."""

    name: str
    needs: frozenset[str]
    adds: frozenset[str]


def recipe_names() -> list[str]:
    """Names of the recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES_FOLDER.glob("*.yaml"))


def load_recipe(name_or_path: str, overrides: Iterable[str] = ()) -> Recipe:
    """Read a shipped recipe by name, or a file by path, and apply `key=value` overrides.

    Raises RecipeError, in one line, for an unknown name, a file that is not a recipe or an override that fits nothing.
    """
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"}:
        path = RECIPES_FOLDER / f"{name_or_path}.yaml"
        if not path.is_file():
            raise RecipeError(
                f"--recipe {name_or_path}: no such recipe; there are {', '.join(recipe_names())}, "
                "or give the path of a .yaml file"
            )
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"--recipe {path}: cannot be read ({error.strerror}); check the path") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not valid YAML ({_first_line(error)}); mend the file") from error
    normal = _normalise(path, data)
    for override in overrides:
        _apply_override(normal, override)
    return _validate(path, normal)


def fingerprint(identities: Sequence[str], seed: int) -> str:
    """sha256 of the chain: equal fingerprints mean equal results for equal images."""
    return hashlib.sha256(json.dumps([seed, *identities]).encode()).hexdigest()


def check_chain(recipe: Recipe, contracts: Mapping[str, StageContract]) -> None:
    """Check that each stage finds the fields it needs. Raises RecipeError saying which stage lacks what."""
    there = set(PLANNED_FIELDS)
    for spec in recipe.stages:
        contract = contracts[spec.name]
        lacking = sorted(contract.needs - there)
        if lacking:
            givers = sorted(name for name, other in contracts.items() if lacking[0] in other.adds and name != spec.name)
            remedy = f"put {' or '.join(givers)} before it" if givers else "add a stage that fills it"
            raise RecipeError(
                f"recipe {recipe.recipe}: stage {spec.name!r} needs {', '.join(lacking)}, "
                f"which no stage before it adds; {remedy}"
            )
        there |= contract.adds


def _first_line(error: object) -> str:
    return " ".join(str(error).split())[:200]


def _normalise(path: Path, data: Any) -> dict[str, Any]:
    """The file's short form as the fields of `Recipe`, with `execution` still beside `stages`."""
    if not isinstance(data, dict) or not isinstance(data.get("stages"), list):
        raise RecipeError(f"{path}: not a recipe; it needs the keys 'recipe', 'summary' and a list 'stages'")
    stages: dict[str, dict[str, Any]] = {}
    for entry in data["stages"]:
        name, options = next(iter(entry.items())) if isinstance(entry, dict) and len(entry) == 1 else (entry, None)
        if not isinstance(name, str) or not isinstance(options, dict | None):
            raise RecipeError(f"{path}: stage {entry!r} should read '- name:' or '- name: {{option: value}}'")
        if name in stages:
            raise RecipeError(f"{path}: stage {name!r} stands twice; each stage stands once")
        stages[name] = dict(options or {})
    execution = {name: dict(options or {}) for name, options in (data.get("execution") or {}).items()}
    return {**data, "stages": stages, "execution": execution}


def _apply_override(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise RecipeError(f"--set {override}: should read key=value, for example score.metric=piqe")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"--set {override}: the value is not valid YAML ({_first_line(error)})") from error
    match key.split("."):
        case ["seed" | "stalled_after_minutes" as own]:
            data[own] = value
        case ["execution", stage, *option] if option and stage in data["stages"]:
            data["execution"].setdefault(stage, {})[".".join(option)] = value
        case [stage, *option] if option and stage in data["stages"]:
            _set_nested(data["stages"][stage], option, value)
        case _:
            raise RecipeError(
                f"--set {override}: {key!r} names nothing in this recipe; "
                f"use STAGE.OPTION, execution.STAGE.OPTION, seed or stalled_after_minutes, "
                f"with a stage of {', '.join(data['stages'])}"
            )


def _set_nested(options: dict[str, Any], path: list[str], value: Any) -> None:
    *folders, last = path
    for folder in folders:
        inner = options.get(folder)
        options[folder] = dict(inner) if isinstance(inner, dict) else {}
        options = options[folder]
    options[last] = value


def _validate(path: Path, data: dict[str, Any]) -> Recipe:
    execution = data.pop("execution")
    stages = data.pop("stages")
    for name in execution:
        if name not in stages:
            raise RecipeError(f"{path}: execution names {name!r}, which is not a stage of this recipe")
    specs = [{"name": name, "options": opts, "execution": execution.get(name, {})} for name, opts in stages.items()]
    try:
        return Recipe.model_validate({**data, "stages": specs})
    except ValidationError as error:
        raise RecipeError(f"recipe {path.stem}: {validation_fact(error)}") from error


def validation_fact(error: ValidationError) -> str:
    """The first complaint of pydantic in one line: where, what, and what was given."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    given = "" if first["type"] in {"missing", "extra_forbidden"} else f" (given: {first['input']!r})"
    message = "no such option" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}{given}" if where else message

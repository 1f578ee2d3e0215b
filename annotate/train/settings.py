"""Training recipes: everything about a training that is not its data or its model, as YAML.

Each of `annotate/train/recipes/*.yaml` is a complete training; `--set key=value` changes one of its options.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from manifests.errors import RecipeError
from manifests.recipe import validation_fact

RECIPES_FOLDER = Path(__file__).parent / "recipes"
DEFAULT_RECIPE = "train-lora"


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LoraSettings(_Options):
    """Low-rank adapters on the linear layers of the language model."""

    rank: int = Field(default=64, ge=1)
    alpha: float = Field(default=128, gt=0)
    dropout: float = Field(default=0.05, ge=0, lt=1)
    rest: Literal["full", "frozen"] = "full"
    """What is done to the vision tower and the projector."""


class TrainSettings(_Options):
    """A training as data. Steps are steps of the optimiser."""

    recipe: str
    summary: str
    seed: int = 0
    method: Literal["full", "lora"]
    lora: LoraSettings | None = None
    vision: Literal["full", "frozen"] = "full"
    """What a full training does to the vision tower and the projector; with adapters, `lora.rest` says it."""
    epochs: float = Field(gt=0)
    batch: int = Field(ge=1)
    """Examples per step, over all devices and accumulated passes."""
    device_batch: int = Field(ge=1)
    """Most examples in one pass of one device."""
    learning_rate: float = Field(gt=0)
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    warmup_ratio: float = Field(default=0.03, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic; weights are float32 throughout. `auto`: bfloat16 on a GPU that has it, else float32."""
    gradient_checkpointing: bool = False
    max_pixels: int = Field(default=1_048_576, ge=3136)
    held_out: float = Field(default=0.01, ge=0, lt=1)
    """Share of the images that are not trained on; the loss on them is the held-out loss."""
    held_out_most: int = Field(default=200, ge=1)
    """Most images that are held out."""
    evaluate_every: int = Field(default=250, ge=1)
    checkpoint_every: int = Field(default=250, ge=1)
    keep_checkpoints: int = Field(default=2, ge=2)
    log_every: int = Field(default=10, ge=1)
    loaders: int = Field(default=0, ge=0)
    """Processes that decode images beside each device's own; 0: none. Decides no result."""

    @model_validator(mode="after")
    def _lora_stands_with_its_method(self) -> TrainSettings:
        if self.method == "full" and self.lora is not None:
            raise ValueError("lora options stand only with method: lora")
        if self.method == "lora" and self.vision == "frozen":
            raise ValueError("vision stands only with method: full; with adapters it is lora.rest")
        for beta in self.betas:
            if not 0 <= beta < 1:
                raise ValueError("betas must be from 0 to below 1")
        return self

    @property
    def adapters(self) -> LoraSettings:
        """Options of the adapters, the defaults where the recipe names none."""
        return self.lora or LoraSettings()

    def asked(self) -> dict[str, Any]:
        """All that decides the result, as plain values."""
        return self.model_dump(mode="json", exclude={"summary", "loaders", "keep_checkpoints"})


def training_recipe_names() -> list[str]:
    """Names of the training recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES_FOLDER.glob("*.yaml"))


def load_settings(name_or_path: str, overrides: Iterable[str] = (), seed: int | None = None) -> TrainSettings:
    """A shipped training recipe by name, or a file by path, with `key=value` overrides and another seed.

    Raises RecipeError, in one line, for an unknown name, a file that is no training recipe, or an override that fits
    nothing.
    """
    path = _recipe_path(name_or_path)
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"--recipe {path}: cannot be read ({error.strerror}); check the path") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not valid YAML ({' '.join(str(error).split())[:200]}); mend the file") from error
    if not isinstance(data, dict) or "method" not in data:
        raise RecipeError(f"{path}: not a training recipe; it needs the keys of {RECIPES_FOLDER.name}/train-lora.yaml")
    for override in overrides:
        _apply(data, override)
    if seed is not None:
        data["seed"] = seed
    try:
        return TrainSettings.model_validate(data)
    except ValidationError as error:
        raise RecipeError(f"recipe {path.stem}: {validation_fact(error)}") from error


def _recipe_path(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        return path
    shipped = RECIPES_FOLDER / f"{name_or_path}.yaml"
    if not shipped.is_file():
        raise RecipeError(
            f"--recipe {name_or_path}: no such training recipe; there are {', '.join(training_recipe_names())}, "
            "or give the path of a .yaml file"
        )
    return shipped


def _apply(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    first, _, inner = key.partition(".")
    nested = first == "lora" and bool(inner)
    if not equals or (first not in TrainSettings.model_fields) or (inner and not nested) or first == "recipe":
        raise RecipeError(
            f"--set {override}: should read key=value with a key of the training recipe, for example "
            "learning_rate=1e-5 or lora.rank=16"
        )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"--set {override}: the value is not valid YAML; mend it") from error
    if nested:
        data["lora"] = {**(data.get("lora") or {}), inner: value}
    else:
        data[first] = value

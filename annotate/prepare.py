"""What `annotate run`, `plan` and `stages` share: options become a checked recipe and its stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manifests.jail import JailLimits
from manifests.recipe import Recipe, load_recipe
from stages.load import Load, LoadConfig
from stages.registry import build_chain, chain_fingerprint
from stages.stage import Stage


@dataclass(frozen=True)
class Prepared:
    """A recipe that fits its stages; no model is loaded yet."""

    recipe: Recipe
    stages: tuple[Stage, ...]
    fingerprint: str

    @property
    def max_megapixels(self) -> float:
        """The limit of the load stage, which the plan applies to headers already."""
        return self._load.max_megapixels

    @property
    def untrusted(self) -> JailLimits | None:
        """What decoding one image may take, if the recipe says that strangers made the files."""
        return self._load.jail()

    @property
    def _load(self) -> LoadConfig:
        return next(stage.config for stage in self.stages if isinstance(stage, Load))


def prepare(name_or_path: str, overrides: Sequence[str], seed: int | None) -> Prepared:
    """Load and check a recipe with its overrides. Raises RecipeError."""
    seeded = [*overrides, *([f"seed={seed}"] if seed is not None else [])]
    recipe = load_recipe(name_or_path, seeded)
    stages = build_chain(recipe)
    return Prepared(recipe, tuple(stages), chain_fingerprint(stages, recipe.seed))

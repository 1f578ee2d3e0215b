"""What a training is asked to do, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from annotate.train.examples import Selection
from annotate.train.settings import DEFAULT_RECIPE


@dataclass(frozen=True)
class TrainRequest:
    """Options of `annotate train`.

    `data`: folders of finished runs; `model`: a folder, or ORG/NAME that was fetched; `image_ids` keeps only those
    images of the runs. `max_steps` takes the place of the recipe's epochs, `seed` that of its seed. `merge`: with
    adapters, write the model with the adapters merged into it too.
    """

    data: tuple[Path, ...]
    model: str
    out: Path
    revision: str | None = None
    recipe: str = DEFAULT_RECIPE
    overrides: tuple[str, ...] = ()
    tasks: str = "des,vqa"
    families: str | None = None
    image_ids: frozenset[str] | None = None
    exclude: tuple[Path, ...] = ()
    boxes: str = "grid"
    max_steps: int | None = None
    seed: int | None = None
    merge: bool = False
    fresh: bool = False
    debug: bool = False

    def selection(self) -> Selection:
        """Which rows of the runs are taken. Raises InputError."""
        return Selection.parse(self.tasks, self.families, self.image_ids, self.exclude, self.boxes)


@dataclass(frozen=True)
class TrainResult:
    """A finished training; losses are nats per token of the answer, None where nothing was held out.

    `model` is a folder that transformers and vLLM load (None: adapters alone), `adapter` one that PEFT loads (None:
    trained in full). `seconds` is the time of the last session.
    """

    model: Path | None
    adapter: Path | None
    steps: int
    epochs: float
    examples: int
    images: int
    held_out_examples: int
    held_out_images: int
    first_loss: float | None
    last_loss: float | None
    first_held_out_loss: float | None
    last_held_out_loss: float | None
    seconds: float
    resumed_from: int | None

    def as_json(self, out: Path) -> dict[str, Any]:
        """Plain values, folders by their names in `out`."""
        folders = {
            name: None if path is None else path.relative_to(out).as_posix()
            for name, path in (("model", self.model), ("adapter", self.adapter))
        }
        return {**asdict(self), **folders}

    @classmethod
    def of_json(cls, said: Mapping[str, Any], out: Path) -> TrainResult:
        """Inverse of `as_json`."""
        folders = {name: None if said[name] is None else out / said[name] for name in ("model", "adapter")}
        return cls(**{**said, **folders})

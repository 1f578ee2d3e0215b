"""The contract of a stage: read some fields of image records, add others, own one model.

A stage is picklable and configured by one frozen pydantic model. Workers call `open` once and then the stage itself
with lists of live records (rows that already have an outcome are not shown to it). It changes the records in place
and returns the same records in the same order. A row that it cannot process gets an outcome and a reason through
`ImageRecord.end`; what it raises instead is turned into `failed` for the row that caused it (`stages.pool`).
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from manifests.records import ImageRecord
from manifests.weights import WeightSource, weight_digests


class StageConfig(BaseModel):
    """Base of every stage's options: frozen, unknown options are errors, a string under an option is its meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Stage(ABC):
    """One verb of the chain. Subclasses set the class variables and implement `__call__`."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]]
    """Fields of `ImageRecord` that must have been filled by an earlier stage."""
    adds: ClassVar[frozenset[str]]
    """Fields of `ImageRecord` that this stage fills or extends."""
    Config: ClassVar[type[StageConfig]] = StageConfig
    changes_content: ClassVar[bool] = False
    """Whether the encoded image is replaced: the dataset then carries the image as the labels know it."""

    def __init__(self, config: StageConfig | None = None, *, seed: int = 0) -> None:
        self.config = config if config is not None else self.Config()
        self.seed = seed

    def open(self) -> None:
        """Load the model; called once per worker process, before the first call."""

    @abstractmethod
    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Process live rows: the same rows in the same order, with more fields filled."""

    def undo(self, row: ImageRecord) -> None:
        """Take back what the stage did to a row that ended `ok`: the row is then as the stage before left it.

        Another run's rows are re-used up to the first stage that differs. The default empties the fields that the
        stage adds; a stage that extends what an earlier one filled says more.
        """
        for name in self.adds:
            setattr(row, name, ImageRecord.model_fields[name].get_default(call_default_factory=True))

    def undoable(self) -> bool:
        """Whether `undo` leads back to what was there before, or this configuration throws something away."""
        return True

    def needed(self) -> frozenset[str]:
        """`needs` of this configuration; fewer where the chosen backend reads less."""
        return self.needs

    def concurrent(self) -> bool:
        """Whether several threads of a worker may call the stage at once, each with other rows."""
        return False

    def sources(self) -> Sequence[WeightSource]:
        """Weights that do not come with a package; `open` finds them with `manifests.weights.local_path`."""
        return ()

    def weights(self) -> Mapping[str, str]:
        """Names and sha256 of the weight files that decide the result; of `sources`, those on this machine."""
        return weight_digests(self.sources())

    def prompts(self) -> Mapping[str, str]:
        """Names and texts of prompts, question pools and grammars that decide the result."""
        return {}

    def requires(self) -> Mapping[str, str]:
        """Optional packages that this configuration imports, each with the extra that installs it."""
        return {}

    def licences(self) -> Mapping[str, str]:
        """Code and weights beyond annotate's own and its core packages that this configuration runs, with licences."""
        return {}

    def options(self) -> Mapping[str, Any]:
        """The options that decide the result; fewer where the chosen backend does not read all of them."""
        return self.config.model_dump(mode="json")

    def identity(self) -> str:
        """sha256 over all that decides this stage's result, except the image and the stages before it."""
        said = {
            "stage": self.name,
            "version": self.version,
            "config": dict(self.options()),
            "prompts": dict(self.prompts()),
            "weights": dict(self.weights()),
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def random(self, image_id: str) -> np.random.Generator:
        """The random generator of this stage for one image: hash(seed, image_id, stage), whatever the batch."""
        digest = hashlib.sha256(f"{self.seed}/{image_id}/{self.name}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "little"))

"""run.json: what a run was asked to make and with what. Written once, when the plan stands; never changed.

A run that grew has run-0002.json beside it, and so on: the newest one holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from manifests.errors import OutputError
from manifests.layout import FIRST_VERSION, latest_version, run_path
from manifests.shards import shard_slice

LAYOUT_VERSION = 3
"""Raised when an output folder's files change their names or their meaning."""


class StageIdentity(BaseModel):
    """A stage of the recipe and the hash of all that decides its result."""

    model_config = ConfigDict(extra="forbid")

    name: str
    identity: str


class RunInfo(BaseModel):
    """What the application knows of a run before it begins; two runs are the same if `asked` is equal.

    `images` is the source as an absolute path or pattern, `root` the folder that uris are relative to. `descriptions`
    says how many texts were given, with their digest. `versions`,
    `weights` (name to sha256) and `licences` (package, model or photo set to licence) tell what the run touched.
    """

    model_config = ConfigDict(extra="forbid")

    recipe: dict[str, Any]
    fingerprint: str
    stages: list[StageIdentity]
    seed: int
    take: str | None = None
    embed_images: bool = False
    images: str
    root: str
    descriptions: str | None = None
    ignored: dict[str, int] = {}
    versions: dict[str, str] = {}
    weights: dict[str, str] = {}
    licences: dict[str, str] = {}
    started: str | None = None

    def asked(self) -> dict[str, Any]:
        """What must be equal for a run to go on in the same folder, flattened to dotted keys."""
        said = {
            "images": self.images,
            "descriptions": self.descriptions,
            "take": self.take,
            "seed": self.seed,
            "embed_images": self.embed_images,
            "fingerprint": self.fingerprint,
            "stages": [stage.name for stage in self.stages],
            "identity": {stage.name: stage.identity for stage in self.stages},
            "recipe": {key: value for key, value in self.recipe.items() if key not in NOT_ASKED},
            "options": _options_by_stage(self.recipe),
        }
        return dict(_flat("", said))


class PlanFacts(BaseModel):
    """The plan in numbers, kept in run.json so that a resume need not read the plan. `inputs` is the sum.

    `versions` holds the images that each version of the plan added; `images` is their sum.
    """

    model_config = ConfigDict(extra="forbid")

    inputs: int
    images: int
    versions: list[int]
    not_taken: int
    duplicate: int
    failed: int
    shards: int
    shard_size: int
    sha256: str
    refusals: list[tuple[str, int]]

    def rows_of(self, shard: int) -> int:
        """Images of one shard."""
        return shard_slice(self.versions, self.shard_size, shard)[1]


class RunFile(BaseModel):
    """The content of run.json."""

    model_config = ConfigDict(extra="forbid")

    layout: int = LAYOUT_VERSION
    version: int = FIRST_VERSION
    run: RunInfo
    plan: PlanFacts


def read_run(out: Path) -> RunFile | None:
    """The newest run.json of an output folder; None if there is none. Raises OutputError for one of another kind."""
    path = run_path(out, latest_version(out))
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["layout"] != LAYOUT_VERSION:
            raise OutputError(f"{path}: layout {said['layout']}, not {LAYOUT_VERSION}; choose another --out")
        return RunFile.model_validate(said)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror}); check --out") from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise OutputError(f"{path}: not a run of this tool; choose another --out") from error


NOT_ASKED = frozenset({"stages", "stalled_after_minutes"})
"""Keys of a recipe that are compared elsewhere, or decide no result."""

GROWS = frozenset({"images", "take", "descriptions"})
"""Keys that may differ when a run is extended, if the root of its uris is the same."""


def difference(there: RunInfo, asked: RunInfo, *, extend: bool = False) -> list[str]:
    """One line for each key in which two runs differ, `key: there -> asked`; empty if a run can go on."""
    old, new = there.asked(), asked.asked()
    grows = GROWS if extend and there.root == asked.root else frozenset()
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key) and key not in grows]
    if len(keys) > 1:
        keys = [key for key in keys if key != "fingerprint"]
    return [f"{key}: {_short(old.get(key))} -> {_short(new.get(key))}" for key in keys]


def _options_by_stage(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Options of each stage by its name; how stages are executed decides no result and is left out."""
    stages = recipe.get("stages")
    if not isinstance(stages, list | tuple):
        return {}
    return {
        stage["name"]: {key: value for key, value in stage.items() if key not in {"name", "execution"}}
        for stage in stages
    }


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    else:
        yield prefix, value


def _short(value: Any) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

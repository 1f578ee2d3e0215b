"""What a training was made of, as plain values: what must be equal to go on, and what is only written down."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from annotate import __version__
from annotate.train.examples import TrainingData
from annotate.train.request import TrainRequest
from annotate.train.settings import TrainSettings
from annotate.train.small.start import SMALL, small_identity
from manifests.weights import WeightSource, digests

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate")


def asked_of(request: TrainRequest, settings: TrainSettings, data: TrainingData, model: Path) -> dict[str, Any]:
    """All that decides the result: recipe, model by its files' digests, and what is learned from by its digest."""
    selection = request.selection()
    return {
        "recipe": settings.asked(),
        "max_steps": request.max_steps,
        "model": small_identity() if request.model == SMALL else _model(request),
        "data": {
            "examples_sha256": data.sha256(),
            "runs": [run.out.resolve().name for run in data.runs],
            "fingerprints": [run.file.run.fingerprint for run in data.runs],
            "tasks": list(selection.tasks),
            "families": None if selection.families is None else sorted(selection.families),
            "boxes": str(selection.boxes),
            "images": len(data.shards),
        },
        "merge": request.merge,
    }


def _model(request: TrainRequest) -> dict[str, Any]:
    source = WeightSource(request.model, request.revision)
    name = request.model if source.is_hub_model else Path(request.model).name
    return {"name": name, "revision": request.revision, "files": dict(digests(source))}


def facts_of(data: TrainingData) -> dict[str, Any]:
    """Licences of the data, images left out, and versions: written down, never compared."""
    licences = {what: licence for run in data.runs for what, licence in run.file.run.licences.items()}
    return {
        "licences": dict(sorted(licences.items())),
        "left_out": dict(sorted(data.left_out.items())),
        "versions": {"annotate": __version__, **{name: said for name in PACKAGES if (said := _version(name))}},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

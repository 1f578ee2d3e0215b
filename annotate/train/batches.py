"""How a global batch is made of passes, and which images are held out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from annotate.train.settings import TrainSettings
from manifests.errors import RecipeError


@dataclass(frozen=True)
class BatchPlan:
    """`devices` x `per_device` x `accumulation` examples make one step of the optimiser."""

    devices: int
    per_device: int
    accumulation: int


def batch_plan(settings: TrainSettings, devices: int) -> BatchPlan:
    """The largest passes that the recipe allows and that make up its batch exactly. Raises RecipeError."""
    if settings.batch % devices:
        raise RecipeError(
            f"batch {settings.batch} cannot be shared by {devices} devices; --set batch= a multiple of {devices}"
        )
    share = settings.batch // devices
    per_device = max(size for size in range(1, min(settings.device_batch, share) + 1) if share % size == 0)
    return BatchPlan(devices, per_device, share // per_device)


def held_out_images(image_ids: Iterable[str], settings: TrainSettings) -> frozenset[str]:
    """Images that are not trained on: those whose digests come first, whatever the seed; none if there is just one."""
    ordered = sorted(set(image_ids), key=lambda image_id: hashlib.sha256(f"held-out:{image_id}".encode()).hexdigest())
    if settings.held_out == 0 or len(ordered) < 2:
        return frozenset()
    wanted = max(1, round(settings.held_out * len(ordered)))
    return frozenset(ordered[: min(wanted, settings.held_out_most, len(ordered) - 1)])

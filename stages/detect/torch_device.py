"""Where a torch network runs: a GPU, if the worker has one, else one core of the CPU."""

from __future__ import annotations

import torch

from manifests.errors import RecipeError


def pick_device(wanted: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`; on a CPU torch keeps to one core. Raises RecipeError without a GPU."""
    has_gpu = torch.cuda.is_available()
    if wanted == "cuda" and not has_gpu:
        raise RecipeError(
            "detect: device is cuda, and this worker has no GPU; set execution.detect.gpus, or device=auto"
        )
    device = torch.device("cuda" if has_gpu and wanted != "cpu" else "cpu")
    if device.type == "cpu":
        torch.set_num_threads(1)
    return device

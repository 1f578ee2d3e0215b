"""PIQE of crops, by pyiqa. Imported only when a recipe asks for it: the package is an extra with its own licence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyiqa
import torch

METRIC = "piqe"


class Piqe:
    """Perception based Image Quality Evaluator (Venkatanath et al., NCC 2015): 0-100, lower is better."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self._metric: Any = pyiqa.create_metric(METRIC, device=torch.device("cpu"))

    def score(self, rgb: npt.NDArray[np.uint8]) -> float:
        """PIQE of uint8 RGB [height, width, 3] at its own resolution."""
        pixels = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            return round(float(self._metric(pixels)), 4)

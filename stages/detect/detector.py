"""What every detector backend gives: boxes with a label and a confidence, judged or not by a second model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from manifests.records import BoxXYXYPx
from manifests.vocabulary import DropReason

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Detection:
    """One box of one image.

    `drop_reason` says why it must not be used, None if it may; `renamed_by` names the model that replaced the label.
    """

    label: str
    score: float
    box_xyxy_px: BoxXYXYPx
    drop_reason: DropReason | None = None
    renamed_by: str | None = None


class Detector(Protocol):
    """A model that finds objects; built without weights, opened once per worker."""

    name: str

    def open(self) -> None:
        """Load the weights. Raises when they are missing or are not the pinned ones."""

    def weights(self) -> Mapping[str, str]:
        """Names and sha256 of the weight files."""

    def __call__(self, images: list[Pixels]) -> list[list[Detection]]:
        """Detections of each upright uint8 RGB image, most confident first."""

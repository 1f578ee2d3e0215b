"""What every detector backend gives: boxes with a label and a confidence, judged or not by a second model."""

from __future__ import annotations

from collections.abc import Sequence
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
    `prompt` is the place of the prompt that it answers among those of its image, None where it answers none.
    """

    label: str
    score: float
    box_xyxy_px: BoxXYXYPx
    drop_reason: DropReason | None = None
    renamed_by: str | None = None
    prompt: int | None = None


class Detector(Protocol):
    """A model that finds objects: what words name, or what it was trained to find. Opened once per worker."""

    name: str
    """As it stands in `Region.detector`."""

    def open(self) -> None:
        """Load the weights. Raises when they are missing or are not the pinned ones."""

    def __call__(self, images: Sequence[Pixels], prompts: Sequence[Sequence[str]]) -> list[list[Detection]]:
        """Detections of each upright uint8 RGB image, most confident first, for the prompts of that image.

        Prompts are distinct, in lower case and without full stops (`stages.detect.captions.clean`). The label of a
        detection is its prompt, or, dropped, what the model said instead. A detector with fixed labels takes no
        notice of prompts.
        """

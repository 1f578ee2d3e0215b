"""Several boxes around one thing: the most confident usable one stays, the others are dropped with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from manifests.geometry import iou
from stages.detect.detector import Detection

MAX_IOU_RENAMED = 0.1
"""Overlap that two boxes of one new name may have: the detector did not know the thing, and guesses around it."""


def drop_repeats(detections: Sequence[Detection], max_iou: float) -> list[Detection]:
    """Non-maximum suppression among usable boxes of one label and prompt; the same boxes in order, some dropped.

    `detections` stand most confident first. Boxes of one label may overlap up to `max_iou`.
    """
    judged: list[Detection] = []
    for detection in detections:
        allowed = MAX_IOU_RENAMED if detection.renamed_by else max_iou
        usable = [
            other
            for other in judged
            if (other.drop_reason, other.label, other.prompt) == (None, detection.label, detection.prompt)
        ]
        repeated = any(iou(other.box_xyxy_px, detection.box_xyxy_px) > allowed for other in usable)
        judged.append(
            replace(detection, drop_reason="overlaps-better")
            if repeated and detection.drop_reason is None
            else detection
        )
    return judged

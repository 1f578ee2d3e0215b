"""Boxes against boxes: mean IoU without regard to names, and Tag-Recall with regard to them.

The paper (Grounding-IQA, arXiv 2411.17237) leaves matching open; docs/eval.md says our rules and why. All boxes are
`xyxy` pixels of one image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from manifests.geometry import iou
from manifests.records import BoxXYXYPx

SAME_PLACE_IOU = 0.5
SAME_NAME = 0.5
"""A reference is recalled above these two (the paper's thresholds, both strict)."""

Similarity = Callable[[str, str], float]
"""How alike two names are, 0-1."""


@dataclass(frozen=True)
class Tag:
    """A box with the name that a text gives it."""

    label: str
    box_xyxy_px: BoxXYXYPx


def boxes_of(tags: Sequence[Tag]) -> list[BoxXYXYPx]:
    """The different boxes of tags, in order: whatever they are called, a box counts once."""
    return list(dict.fromkeys(tag.box_xyxy_px for tag in tags))


def iou_matrix(predicted: Sequence[BoxXYXYPx], reference: Sequence[BoxXYXYPx]) -> npt.NDArray[np.float64]:
    """IoU of every predicted box (rows) with every reference (columns)."""
    values = [[iou(box, other) for other in reference] for box in predicted]
    return np.array(values, np.float64).reshape(len(predicted), len(reference))


def matched_iou(predicted: Sequence[BoxXYXYPx], reference: Sequence[BoxXYXYPx]) -> float:
    """The largest sum of IoUs that pairing boxes one to one can give."""
    matrix = iou_matrix(predicted, reference)
    return float(matrix[linear_sum_assignment(matrix, maximize=True)].sum())


def mean_iou(predicted: Sequence[BoxXYXYPx], reference: Sequence[BoxXYXYPx]) -> float:
    """`matched_iou` over the larger number of boxes: a missing box and a superfluous one each count as a pair of IoU 0.

    Raises ValueError without a reference.
    """
    return matched_iou(predicted, reference) / max(len(predicted), _counted(reference))


def mean_iou_of_references(predicted: Sequence[BoxXYXYPx], reference: Sequence[BoxXYXYPx]) -> float:
    """`matched_iou` over the references alone: superfluous boxes are free. Raises ValueError without a reference."""
    return matched_iou(predicted, reference) / _counted(reference)


def recalled(predicted: Sequence[Tag], reference: Sequence[Tag], alike: Similarity) -> int:
    """Number of references that can be paired one to one with a predicted tag of the same place and name."""
    places = iou_matrix([tag.box_xyxy_px for tag in predicted], [tag.box_xyxy_px for tag in reference])
    fits = np.zeros(places.shape)
    for row, column in np.argwhere(places > SAME_PLACE_IOU):
        fits[row, column] = alike(predicted[row].label, reference[column].label) > SAME_NAME
    return int(fits[linear_sum_assignment(fits, maximize=True)].sum())


def _counted(reference: Sequence[BoxXYXYPx]) -> int:
    if not reference:
        raise ValueError("there is no reference box to score against")
    return len(reference)

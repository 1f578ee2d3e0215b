"""From the network's maps to candidates: connected cells of one family, and facts by which they are judged."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from manifests.masks import BoolArray
from manifests.vocabulary import FAMILIES, Family
from stages.measure.grid import FloatArray
from stages.measure.recogniser.features import NAMES

LIKELY = 0.4
"""Probability from which a cell belongs to a candidate."""

_LEAST_SHARE = 0.008
"""Least share of the image's cells that a candidate has; planted regions have 0.02 and more."""
_LEAST_CELLS = 6
_LEAST_PEAK = 0.55
"""Least 90th percentile of a candidate's probabilities."""
_MOST_OF_A_FAMILY = 4
_RING_CELLS = 3
FACTS = len(FAMILIES) + 12 + 2 * len(NAMES)
"""Length of a candidate's description."""


@dataclass(frozen=True)
class Maps:
    """Answers for one image: `probability` and `severity` (0-5) [families, h, w], `features` [maps, h, w].

    A cell is 16x16 pixels; cells beyond the image's border are cut off, the last ones may lie partly outside.
    """

    probability: FloatArray
    severity: FloatArray
    features: FloatArray


@dataclass(frozen=True)
class Candidate:
    """Connected cells [h, w] of one family, their severity 1-5, and the description that the verifier judges."""

    family: Family
    cells: BoolArray
    severity: float
    facts: FloatArray


def candidates(maps: Maps) -> list[Candidate]:
    """All candidates of an image, family by family, largest first."""
    found = []
    for number, family in enumerate(FAMILIES):
        probability = maps.probability[number]
        labels, count = ndimage.label(probability >= LIKELY)
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        least = max(_LEAST_CELLS, _LEAST_SHARE * probability.size)
        ordered = sorted(
            (label for label in range(1, count + 1) if sizes[label] >= least), key=lambda n: (-sizes[n], n)
        )
        for label in ordered[:_MOST_OF_A_FAMILY]:
            cells = np.asarray(ndimage.binary_fill_holes(labels == label), np.bool_)
            if np.percentile(probability[cells], 90) >= _LEAST_PEAK:
                found.append(_candidate(number, family, cells, len(ordered), maps))
    return found


def _candidate(number: int, family: Family, cells: BoolArray, fellows: int, maps: Maps) -> Candidate:
    probability, severity = maps.probability[number], maps.severity[number]
    weight = probability * cells
    mean_severity = float((severity * weight).sum() / weight.sum())
    ring = _ring(cells)
    others = np.delete(maps.probability, number, axis=0).max(axis=0)
    rows, columns = np.nonzero(cells)
    box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    outline = cells & ~ndimage.binary_erosion(cells, border_value=1)
    at_border = cells[0].sum() + cells[-1].sum() + cells[:, 0].sum() + cells[:, -1].sum()
    shape = [
        float(probability[cells].mean()),
        float(np.percentile(probability[cells], 90)),
        float(probability[ring].mean()) if ring.any() else 0.0,
        float(others[cells].mean()),
        float(np.log2(cells.mean())),
        float(cells.sum() / box),
        float(at_border / max(int(outline.sum()) + int(at_border), 1)),
        float(fellows),
        float((probability >= LIKELY).mean()),
        mean_severity / 5,
        float(probability[ring & (probability < LIKELY)].mean()) if (ring & (probability < LIKELY)).any() else 0.0,
        float(np.abs(np.diff(probability, axis=0)).mean() + np.abs(np.diff(probability, axis=1)).mean()),
    ]
    inside = maps.features[:, cells].mean(axis=1)
    around = maps.features[:, ring].mean(axis=1) if ring.any() else inside
    facts = np.concatenate([np.eye(len(FAMILIES))[number], shape, inside, inside - around]).astype(np.float32)
    return Candidate(family, cells, float(np.clip(mean_severity, 1, 5)), facts)


def _ring(cells: BoolArray) -> BoolArray:
    """Cells around a candidate, leaving out those next to it, which may lie half inside."""
    near = ndimage.binary_dilation(cells)
    return np.asarray(ndimage.binary_dilation(near, iterations=_RING_CELLS) & ~near, np.bool_)


def pixels_of(candidate: Candidate, maps: Maps, height: int, width: int, cell_px: tuple[float, float]) -> BoolArray:
    """The candidate as pixels [height, width]: where the probability, made smooth, is likely, near its cells.

    `cell_px` is a cell's height and width in pixels of this image.
    """
    probability = maps.probability[FAMILIES.index(candidate.family)]
    near = ndimage.binary_dilation(candidate.cells)
    level = np.where(near, np.where(candidate.cells, np.maximum(probability, LIKELY + 0.05), probability), 0)
    rows, columns = level.shape
    size = max(round(columns * cell_px[1]), width), max(round(rows * cell_px[0]), height)
    smooth = cv2.resize(level.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth[:height, :width] >= LIKELY, np.bool_)

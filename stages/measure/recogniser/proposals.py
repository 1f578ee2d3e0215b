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

LEVELS = (0.4, 0.12)
"""Probabilities from which cells belong to a candidate: surely likely ones, and fainter ones that hold none of those.

Changes of tone leave no mark inside a cell; the network is never sure of them, the verifier sees their border."""

_LEAST_SHARE = 0.008
"""Least share of the image's cells that a candidate has; planted regions have 0.02 and more."""
_LEAST_CELLS = 6
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
    """Connected cells [h, w] of one family, their severity 1-5, and the description that the verifier judges.

    `level` is the probability from which they are connected.
    """

    family: Family
    cells: BoolArray
    severity: float
    level: float
    facts: FloatArray


def candidates(maps: Maps) -> list[Candidate]:
    """All candidates of an image, family by family, largest first."""
    found: list[Candidate] = []
    for number, family in enumerate(FAMILIES):
        probability = maps.probability[number]
        taken = np.zeros(probability.shape, np.bool_)
        for level in LEVELS:
            components = [cells for cells in _components(probability >= level) if not (cells & taken).any()]
            for cells in components[:_MOST_OF_A_FAMILY]:
                taken |= cells
                found.append(_candidate(number, family, cells, level, len(components), maps))
    return found


def _components(likely: BoolArray) -> list[BoolArray]:
    """Connected cells that are enough for an area, without holes, largest first."""
    labels, count = ndimage.label(likely)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    least = max(_LEAST_CELLS, _LEAST_SHARE * likely.size)
    ordered = sorted((label for label in range(1, count + 1) if sizes[label] >= least), key=lambda n: (-sizes[n], n))
    return [np.asarray(ndimage.binary_fill_holes(labels == label), np.bool_) for label in ordered]


def _candidate(number: int, family: Family, cells: BoolArray, level: float, fellows: int, maps: Maps) -> Candidate:
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
        float((probability >= level).mean()),
        mean_severity / 5,
        float(probability[ring & (probability < level)].mean()) if (ring & (probability < level)).any() else 0.0,
        float(np.abs(np.diff(probability, axis=0)).mean() + np.abs(np.diff(probability, axis=1)).mean()),
    ]
    inside = maps.features[:, cells].mean(axis=1)
    around = maps.features[:, ring].mean(axis=1) if ring.any() else inside
    facts = np.concatenate([np.eye(len(FAMILIES))[number], shape, inside, inside - around]).astype(np.float32)
    return Candidate(family, cells, float(np.clip(mean_severity, 1, 5)), level, facts)


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
    level = np.where(near, np.where(candidate.cells, np.maximum(probability, 1.1 * candidate.level), probability), 0)
    rows, columns = level.shape
    size = max(round(columns * cell_px[1]), width), max(round(rows * cell_px[0]), height)
    smooth = cv2.resize(level.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth[:height, :width] >= candidate.level, np.bool_)

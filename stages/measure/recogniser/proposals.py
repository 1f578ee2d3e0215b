"""From the network's maps to candidates: connected cells of one family, and facts by which they are judged."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from manifests.masks import BoolArray
from manifests.vocabulary import FAMILIES, Family
from stages.measure.grid import FloatArray
from stages.measure.recogniser.features import NAMES

LEVELS = (0.7, 0.5, 0.35, 0.22, 0.12, 0.06)
"""Probabilities from which cells belong to a candidate.

At which level an area is whole and yet does not run out into its surroundings differs from picture to picture, so all
are proposed. Changes of tone leave no mark inside a cell: the network is never sure of them, the verifier sees their
border."""

_LEAST_SHARE = 0.008
"""Least share of the image's cells that a candidate has; planted regions have 0.02 and more."""
_LEAST_CELLS = 6
_MOST_OF_A_LEVEL = 3
_SAME_IOU = 0.85
"""Overlap from which the area of another level is no other candidate."""
_RING_CELLS = 3
_BORDER_PLANES, _BORDER_FACTS = 10, 5
_LEAST_PAIRS = 6
_NEAR = np.ones((3, 3), np.uint8)
_SHAPE_FACTS = 14
FACTS = len(FAMILIES) + _SHAPE_FACTS + 2 * len(FAMILIES) + _BORDER_FACTS * _BORDER_PLANES + 2 * len(NAMES)
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
    """All candidates of an image, family by family, from the surest level to the faintest."""
    border = _border_planes(maps.features)
    found: list[Candidate] = []
    for number, family in enumerate(FAMILIES):
        probability = maps.probability[number]
        known: list[BoolArray] = []
        for level in LEVELS:
            components = _components(probability >= level)
            for cells in components[:_MOST_OF_A_LEVEL]:
                if all(overlap(cells, other) < _SAME_IOU for other in known):
                    known.append(cells)
                    found.append(_candidate(number, family, cells, level, len(components), maps, border))
    return found


def overlap(first: BoolArray, second: BoolArray) -> float:
    """Intersection over union of cells."""
    return float((first & second).sum() / max(int((first | second).sum()), 1))


def _components(likely: BoolArray) -> list[BoolArray]:
    """Connected cells that are enough for an area, without holes, largest first."""
    labels, count = ndimage.label(likely)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    least = max(_LEAST_CELLS, _LEAST_SHARE * likely.size)
    ordered = sorted((label for label in range(1, count + 1) if sizes[label] >= least), key=lambda n: (-sizes[n], n))
    return [_without_holes(labels == label) for label in ordered]


def _without_holes(cells: BoolArray) -> BoolArray:
    outlines, _ = cv2.findContours(cells.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cells.astype(np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, thickness=cv2.FILLED)
    return filled.astype(np.bool_)


def _candidate(
    number: int, family: Family, cells: BoolArray, level: float, fellows: int, maps: Maps, border: FloatArray
) -> Candidate:
    probability, severity = maps.probability[number], maps.severity[number]
    weight = probability * cells
    mean_severity = float((severity * weight).sum() / weight.sum())
    bits = cells.astype(np.uint8)
    ring = _ring(bits)
    likely = probability[cells]
    inside_families, inside = _means(maps, cells)
    around_families, around = _means(maps, ring) if ring.any() else (inside_families, inside)
    rows, columns = np.nonzero(cells)
    box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    outline = int((bits - cv2.erode(bits, _NEAR)).sum())
    at_border = int(cells[0].sum() + cells[-1].sum() + cells[:, 0].sum() + cells[:, -1].sum())
    shape = [
        float(likely.mean()),
        float(np.percentile(likely, 90)),
        float(np.percentile(likely, 25)),
        float(np.delete(inside_families, number).max()),
        float(np.log2(cells.mean())),
        float(cells.sum() / box),
        float(at_border / max(outline, 1)),
        float(outline / np.sqrt(cells.sum())),
        float(fellows),
        float((probability >= level).mean()),
        float(probability[~cells].max(initial=0)),
        level,
        mean_severity / 5,
        float(likely.mean() - around_families[number]),
    ]
    facts = np.concatenate(
        [
            np.eye(len(FAMILIES))[number],
            shape,
            inside_families,
            inside_families - around_families,
            _border_facts(cells, border),
            inside,
            inside - around,
        ]
    )
    return Candidate(family, cells, float(np.clip(mean_severity, 1, 5)), level, facts.astype(np.float32))


def _means(maps: Maps, cells: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Means of the probabilities and of the features over some cells."""
    weights = cells.ravel().astype(np.float32) / max(int(cells.sum()), 1)
    families = maps.probability.reshape(len(FAMILIES), -1) @ weights
    features = maps.features.reshape(len(maps.features), -1) @ weights
    return np.asarray(families, np.float32), np.asarray(features, np.float32)


def _border_facts(cells: BoolArray, planes: FloatArray) -> FloatArray:
    """How light, contrast, colour and detail step across the border of `cells` [h, w]: five facts for each plane.

    Pairs are a cell inside and the one two cells further out; the cell between them may lie half inside. A distortion
    of tone or colour steps by one amount all around and what it shows goes on across it, an object's border steps here
    by more and there by less and shows something else. The facts are the median step, the mean step over the steps'
    spread, the share of steps of the median's sign, the correlation of inside and outside, and the logarithm of the
    ratio of their spreads.
    """
    down, up = cells[:-2] & ~cells[2:], cells[2:] & ~cells[:-2]
    right, left = cells[:, :-2] & ~cells[:, 2:], cells[:, 2:] & ~cells[:, :-2]
    above, below, before, after = planes[:, :-2], planes[:, 2:], planes[:, :, :-2], planes[:, :, 2:]
    inner = np.concatenate([above[:, down], below[:, up], before[:, right], after[:, left]], axis=1)
    outer = np.concatenate([below[:, down], above[:, up], after[:, right], before[:, left]], axis=1)
    steps = inner - outer
    if steps.shape[1] < _LEAST_PAIRS:
        return np.zeros(_BORDER_FACTS * _BORDER_PLANES, np.float32)
    median = np.median(steps, axis=1)
    steady = steps.mean(axis=1) / (steps.std(axis=1) + 0.05)
    agreed = (np.sign(steps) == np.sign(median)[:, None]).mean(axis=1)
    spreads = inner.std(axis=1) + 0.02, outer.std(axis=1) + 0.02
    shared = ((inner - inner.mean(axis=1)[:, None]) * (outer - outer.mean(axis=1)[:, None])).mean(axis=1)
    facts = [
        np.clip(median, -4, 4),
        np.clip(steady, -4, 4),
        agreed,
        shared / (spreads[0] * spreads[1]),
        np.log2(spreads[0] / spreads[1]),
    ]
    return np.asarray(np.concatenate(facts), np.float32)


def _border_planes(features: FloatArray) -> FloatArray:
    """Of cells: brightness, contrast, chroma, fine and coarse detail, red, green, blue (logarithms), and extremes."""
    names = ("luma", "luma-spread", "red-green", "yellow-blue", "detail-1", "detail-4", "brightest", "darkest")
    luma, spread, red_green, yellow_blue, fine, coarse, most, least = (features[NAMES.index(name)] for name in names)
    grey, difference, other = 64 * (luma + 2), 32 * red_green, 32 * yellow_blue
    green = grey - 0.356 * difference + 0.114 * other
    levels = grey, 32 * np.hypot(red_green, yellow_blue), green + difference, green, green + difference / 2 - other
    brightness, chroma, *channels = (np.log2(np.maximum(level, 0) + 8) for level in levels)
    return np.stack([brightness, spread, chroma, fine, coarse, *channels, most, least])


def _ring(bits: npt.NDArray[np.uint8]) -> BoolArray:
    """Cells around a candidate, leaving out those next to it, which may lie half inside."""
    near = cv2.dilate(bits, _NEAR)
    return (cv2.dilate(near, _NEAR, iterations=_RING_CELLS) - near).astype(np.bool_)


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

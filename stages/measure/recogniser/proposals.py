"""From the network's maps to candidates: connected cells of one family, and facts by which they are judged."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from manifests.masks import BoolArray
from manifests.vocabulary import FAMILIES, Family
from stages.measure.grid import FloatArray, medians
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
FACTS = len(FAMILIES) + _SHAPE_FACTS + 2 * len(FAMILIES) + _BORDER_FACTS * _BORDER_PLANES + len(NAMES)
"""Length of a candidate's description. What the maps are inside alone is not in it: by that, a verifier knows its
photographs again."""


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
    planes = np.concatenate([maps.probability, maps.features]).reshape(len(FAMILIES) + len(NAMES), -1)
    found: list[Candidate] = []
    for number, family in enumerate(FAMILIES):
        probability = maps.probability[number]
        known: list[BoolArray] = []
        for level in LEVELS:
            components = _components(probability >= level)
            for cells in components[:_MOST_OF_A_LEVEL]:
                if all(overlap(cells, other) < _SAME_IOU for other in known):
                    known.append(cells)
                    found.append(_candidate(number, family, cells, level, len(components), maps, planes, border))
    return found


def overlap(first: BoolArray, second: BoolArray) -> float:
    """Intersection over union of cells."""
    return float((first & second).sum() / max(int((first | second).sum()), 1))


def _components(likely: BoolArray) -> list[BoolArray]:
    """Connected cells that are enough for an area, without holes, largest first."""
    least = max(_LEAST_CELLS, _LEAST_SHARE * likely.size)
    if np.count_nonzero(likely) < least:
        return []
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(likely.view(np.uint8), connectivity=4)
    sizes = boxes[:, cv2.CC_STAT_AREA]
    ordered = sorted((label for label in range(1, count) if sizes[label] >= least), key=lambda n: (-sizes[n], n))
    return [_without_holes(labels == label) for label in ordered]


def _without_holes(cells: BoolArray) -> BoolArray:
    outlines, _ = cv2.findContours(cells.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cells.astype(np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, thickness=cv2.FILLED)
    return filled.astype(np.bool_)


def _candidate(
    number: int,
    family: Family,
    cells: BoolArray,
    level: float,
    fellows: int,
    maps: Maps,
    planes: FloatArray,
    border: FloatArray,
) -> Candidate:
    probability, severity = maps.probability[number], maps.severity[number]
    weight = probability * cells
    mean_severity = float((severity * weight).sum() / weight.sum())
    bits = cells.astype(np.uint8)
    ring = _ring(bits)
    likely = probability[cells]
    means = _means(planes, cells, ring if ring.any() else cells)
    (inside_families, around_families), (inside, around) = means[:, : len(FAMILIES)], means[:, len(FAMILIES) :]
    rows, columns = np.nonzero(cells)
    box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    outline = int((bits - cv2.erode(bits, _NEAR)).sum())
    at_border = int(cells[0].sum() + cells[-1].sum() + cells[:, 0].sum() + cells[:, -1].sum())
    surest, least_sure = np.percentile(likely, (90, 25))
    shape = [
        float(likely.mean()),
        float(surest),
        float(least_sure),
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
            inside - around,
        ]
    )
    return Candidate(family, cells, float(np.clip(mean_severity, 1, 5)), level, facts.astype(np.float32))


def _means(planes: FloatArray, inside: BoolArray, around: BoolArray) -> FloatArray:
    """Means [2, planes] of the planes [planes, cells] inside and around."""
    chosen = np.stack([inside.ravel(), around.ravel()], dtype=np.float32)
    return np.asarray(chosen @ planes.T / chosen.sum(axis=1)[:, None], np.float32)


def _border_facts(cells: BoolArray, planes: FloatArray) -> FloatArray:
    """How light, contrast, colour and detail step across the border of `cells` [h, w]: five facts for each plane.

    Pairs are a cell inside and the one two cells further out; the cell between them may lie half inside. A distortion
    of tone or colour steps by one amount all around and what it shows goes on across it, an object's border steps here
    by more and there by less and shows something else. The facts are the median step, the mean step over the steps'
    spread, the share of steps of the median's sign, the correlation of inside and outside, and the logarithm of the
    ratio of their spreads.
    """
    pairs = _pairs(cells)
    if pairs.shape[1] < _LEAST_PAIRS:
        return np.zeros(_BORDER_FACTS * _BORDER_PLANES, np.float32)
    inner, outer = planes.reshape(len(planes), -1).take(pairs, axis=1).swapaxes(0, 1)
    steps = inner - outer
    median = medians(steps)
    sides = np.stack([steps, inner, outer])
    means = sides.mean(axis=2)
    from_mean = sides - means[..., None]
    step_spread, inner_spread, outer_spread = np.sqrt((from_mean * from_mean).mean(axis=2))
    shared = (from_mean[1] * from_mean[2]).mean(axis=1)
    facts = [
        np.clip(median, -4, 4),
        np.clip(means[0] / (step_spread + 0.05), -4, 4),
        (np.sign(steps) == np.sign(median)[:, None]).mean(axis=1),
        shared / ((inner_spread + 0.02) * (outer_spread + 0.02)),
        np.log2((inner_spread + 0.02) / (outer_spread + 0.02)),
    ]
    return np.asarray(np.concatenate(facts), np.float32)


def _pairs(cells: BoolArray) -> npt.NDArray[np.intp]:
    """Row-major numbers [2, pairs] of cells just inside and of the ones two further out, in four directions."""
    number = np.arange(cells.size).reshape(cells.shape)
    above, below, before, after = np.s_[:-2], np.s_[2:], np.s_[:, :-2], np.s_[:, 2:]
    sides = []
    for inner, outer in ((above, below), (below, above), (before, after), (after, before)):
        leaves = cells[inner] & ~cells[outer]
        sides.append((number[inner][leaves], number[outer][leaves]))
    return np.concatenate(sides, axis=1)


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

"""What the network proposes on planted views, beside the truth: for the verifier, the thresholds and the report."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from manifests.masks import BoolArray, decode_mask
from manifests.vocabulary import Family
from stages.distort.masks import MaskConfig
from stages.distort.planting import DistortConfig, PlantedRegion, plant_pixels
from stages.measure.grid import FloatArray, PixelArray
from stages.measure.recogniser.features import STRIDE_PX
from stages.measure.recogniser.infer import answers, load_network
from stages.measure.recogniser.proposals import Candidate, candidates, pixels_of
from stages.measure.recogniser.samples import companions, random_boxes, random_view, read_photo, whole_view


@dataclass(frozen=True)
class Found:
    """A candidate, with the IoU of its mask and of its box with each planted region of the view."""

    candidate: Candidate
    mask_ious: list[float]
    box_ious: list[float]
    inside_truth: float


@dataclass(frozen=True)
class Surveyed:
    """One view: `truths` holds, for each planted region, its families with their severities."""

    photo: int
    truths: list[dict[Family, int]]
    found: list[Found]
    confidences: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Scenes:
    """What is surveyed: the share of views that stay untouched and of those that are varied as in training.

    The others are whole photographs and large crops of them, with one planted region at most.
    """

    untouched: float
    varied: float


def survey(
    paths: Sequence[Path], folds: Sequence[int], networks: Sequence[Path], seed: int, scenes: Scenes, index: int
) -> Surveyed:
    """Plant in the view with this number, of the photograph `index % len(paths)`, and see what a network proposes.

    `folds` is the fold of each photograph, `networks` what is asked about those of each fold. The same arguments give
    the same answer.
    """
    rgb, regions = planted_view(paths, folds, seed, scenes, index)
    masks = [decode_mask(region.mask) for region in regions]
    maps = answers(_held(str(networks[folds[index % len(paths)]])), rgb)
    height, width = rgb.shape[:2]
    cell_px = 2.0 * STRIDE_PX, 2.0 * STRIDE_PX
    found = []
    for candidate in candidates(maps):
        inside = pixels_of(candidate, maps, height, width, cell_px)
        same = [
            mask
            for mask, region in zip(masks, regions, strict=True)
            if candidate.family in {each.family for each in region.distortions}
        ]
        covered = np.any(same, axis=0) if same else np.zeros_like(inside)
        found.append(
            Found(
                candidate,
                [_iou(inside, mask) for mask in masks],
                [_box_iou(inside, mask) for mask in masks],
                float((inside & covered).sum() / max(int(inside.sum()), 1)),
            )
        )
    truths = [{each.family: each.severity for each in region.distortions} for region in regions]
    return Surveyed(index % len(paths), truths, found)


def planted_view(
    paths: Sequence[Path], folds: Sequence[int], seed: int, scenes: Scenes, index: int
) -> tuple[PixelArray, list[PlantedRegion]]:
    """The view with this number as uint8 RGB [height, width, 3], and what was planted in it."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, index])
    photo = index % len(paths)
    rgb = read_photo(paths[photo])
    if rng.random() < scenes.varied:
        view = random_view(rgb, rng, companions(paths, folds, photo))
        config = DistortConfig(untouched=scenes.untouched, whole_image=0.05, pairs=0.15)
        return plant_pixels(view, random_boxes(view, rng), rng, config)
    config = DistortConfig(untouched=scenes.untouched, whole_image=0, pairs=0, masks=MaskConfig(regions_max=1))
    return plant_pixels(whole_view(rgb, rng), [], rng, config)


@functools.cache
def _held(path: str) -> cv2.dnn.Net:
    return load_network(Path(path))


def _iou(first: BoolArray, second: BoolArray) -> float:
    return float((first & second).sum() / max(int((first | second).sum()), 1))


def _box_iou(first: BoolArray, second: BoolArray) -> float:
    near, far = _bounds(first), _bounds(second)
    sides = np.minimum(near[2:], far[2:]) - np.maximum(near[:2], far[:2])
    shared = float(np.prod(np.maximum(sides, 0)))
    return shared / max(float(np.prod(near[2:] - near[:2]) + np.prod(far[2:] - far[:2])) - shared, 1.0)


def _bounds(inside: BoolArray) -> FloatArray:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return np.zeros(4, np.float32)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)

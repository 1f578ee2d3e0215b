"""Where to plant: regions with a mask, from detector boxes, from a segmentation, or drawn.

A source of masks is a function that proposes one mask at a time; `propose_masks` draws sources by their weight and
keeps the proposals that have the right area and lie apart. A segmenter with a model of its own (SAM) is one more
source, handed over in `sources`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from manifests.geometry import clip_box
from manifests.masks import BoolArray, mask_of_box
from manifests.records import Region
from stages.distort.pixels import Pixels
from stages.stage import StageConfig

Shape = Literal["box", "object", "segment", "ellipse", "polygon"]

_TRIES_PER_REGION = 8
_SEGMENTATION_SIDE_PX = 256
"""Longer side of the copy that is segmented."""
_COARSENESS = (30, 100, 300)
_MOSTLY = 0.5
"""Share of a segment that must lie inside a detector's box for the segment to be part of the object."""


@dataclass(frozen=True)
class PlantedMask:
    """One proposed region; `inside` is a bool array [height, width], `found` the detector's region that it covers."""

    inside: BoolArray
    shape: str
    found: Region | None = None


class ShapeMix(StageConfig):
    """How often each kind of mask is tried, relative to the others; no more in an image that has nothing for it."""

    box: float = Field(default=0.15, ge=0)
    """The box of a detected object."""
    object: float = Field(default=0.35, ge=0)
    """The segments inside the box of a detected object."""
    segment: float = Field(default=0.3, ge=0)
    """One segment of a graph segmentation of the picture (Felzenszwalb and Huttenlocher, 2004)."""
    ellipse: float = Field(default=0.1, ge=0)
    """An ellipse of random place, size and direction."""
    polygon: float = Field(default=0.1, ge=0)
    """A star-shaped polygon of five to nine corners."""

    @model_validator(mode="after")
    def _something_is_drawn(self) -> ShapeMix:
        if sum(self.model_dump().values()) <= 0:
            raise ValueError("the weights of all shapes are 0; give one of them a weight")
        return self


class MaskConfig(StageConfig):
    """Size and number of planted regions, how near they may lie, and their shapes."""

    regions_min: int = Field(default=1, ge=1)
    """Fewest regions that are tried in an image that is touched."""
    regions_max: int = Field(default=3, ge=1)
    """Most regions of an image."""
    min_area: float = Field(default=0.02, gt=0, le=1)
    """Least area of a region, as a share of the image."""
    max_area: float = Field(default=0.35, gt=0, le=1)
    """Largest area of a region, as a share of the image."""
    max_overlap: float = Field(default=0.0, ge=0, le=1)
    """Most that two regions may share, as a fraction of the smaller one."""
    gap: float = Field(default=0.02, ge=0, le=0.5)
    """Least distance between regions, as a share of the shorter side; without effect if they may overlap."""
    shapes: ShapeMix = ShapeMix()
    """How often each kind of mask is tried, relative to the others."""

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> MaskConfig:
        if self.regions_min > self.regions_max:
            raise ValueError(f"regions_min {self.regions_min} is above regions_max {self.regions_max}")
        if self.min_area > self.max_area:
            raise ValueError(f"min_area {self.min_area} is above max_area {self.max_area}")
        return self


@dataclass(frozen=True)
class Scene:
    """What a source of masks sees: uint8 RGB [height, width, 3], the detector's regions, and the limits.

    `coarseness` is Felzenszwalb's scale: larger gives larger segments.
    """

    rgb: Pixels
    regions: Sequence[Region]
    config: MaskConfig
    coarseness: float

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]

    def fits(self, inside: BoolArray) -> bool:
        """Whether the mask's area is within the limits."""
        return bool(self.config.min_area <= inside.mean() <= self.config.max_area)

    @cached_property
    def segments(self) -> npt.NDArray[np.int64]:
        """Graph segmentation of a small copy of the picture, as numbers from 0 [height, width] of the copy."""
        from skimage.segmentation import felzenszwalb

        height, width = self.size
        shrink = min(1.0, _SEGMENTATION_SIDE_PX / max(height, width))
        size = (max(round(width * shrink), 1), max(round(height * shrink), 1))
        small = cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA)
        least = math.ceil(self.config.min_area * size[0] * size[1])
        return cast("npt.NDArray[np.int64]", felzenszwalb(small, scale=self.coarseness, sigma=0.8, min_size=least))


MaskSource = Callable[[Scene, np.random.Generator], PlantedMask | None]
"""Proposes one mask, or None where the scene has nothing for it. The area is checked by the caller."""


def propose_masks(
    rgb: Pixels,
    regions: Sequence[Region],
    rng: np.random.Generator,
    config: MaskConfig,
    sources: Mapping[str, MaskSource] | None = None,
) -> list[PlantedMask]:
    """Masks of a random number of regions that lie apart; fewer where the picture has no room for more.

    `regions` are the detector's; those that are not kept are ignored. `sources` replaces the built-in ones by name
    (the fields of `ShapeMix`).
    """
    kept = [region for region in regions if region.kept]
    scene = Scene(rgb, kept, config, coarseness=float(rng.choice(_COARSENESS)))
    makers = {**SOURCES, **(sources or {})}
    weights = {name: weight for name, weight in config.shapes.model_dump().items() if weight > 0}
    wanted = int(rng.integers(config.regions_min, config.regions_max, endpoint=True))
    masks: list[PlantedMask] = []
    for _ in range(wanted * _TRIES_PER_REGION):
        if len(masks) == wanted or not weights:
            break
        shares = np.array(list(weights.values()))
        name = str(rng.choice(list(weights), p=shares / shares.sum()))
        proposal = makers[name](scene, rng)
        if proposal is None:
            del weights[name]
        elif scene.fits(proposal.inside) and _lies_apart(proposal.inside, masks, config):
            masks.append(proposal)
    return masks


def _lies_apart(inside: BoolArray, others: Sequence[PlantedMask], config: MaskConfig) -> bool:
    reach = round(config.gap * min(inside.shape)) if config.max_overlap == 0 else 0
    grown = _grow(inside, reach) if others else inside
    return all(
        (grown & other.inside).sum() <= config.max_overlap * min(inside.sum(), other.inside.sum()) for other in others
    )


def _grow(inside: BoolArray, reach_px: int) -> BoolArray:
    kernel = np.ones((2 * reach_px + 1, 2 * reach_px + 1), np.uint8)
    return cv2.dilate(inside.astype(np.uint8), kernel).astype(bool)


def _box(scene: Scene, rng: np.random.Generator) -> PlantedMask | None:
    """The whole box of one of the detected objects that have the right size."""
    height, width = scene.size
    boxes = [(region, mask_of_box(region.box_xyxy_px, width, height)) for region in scene.regions]
    fitting = [PlantedMask(inside, "box", region) for region, inside in boxes if scene.fits(inside)]
    return fitting[int(rng.integers(len(fitting)))] if fitting else None


def _object(scene: Scene, rng: np.random.Generator) -> PlantedMask | None:
    """The segments that lie mostly inside a detected object's box, cut to the box, the largest connected piece."""
    if not scene.regions:
        return None
    height, width = scene.size
    region = scene.regions[int(rng.integers(len(scene.regions)))]
    labels = scene.segments
    x1, y1, x2, y2 = clip_box(region.box_xyxy_px, width, height)
    times_x, times_y = labels.shape[1] / width, labels.shape[0] / height
    box = mask_of_box((x1 * times_x, y1 * times_y, x2 * times_x, y2 * times_y), labels.shape[1], labels.shape[0])
    inside = _enlarged(_segments_in(labels, box) & box, scene.size)
    return PlantedMask(inside & mask_of_box(region.box_xyxy_px, width, height), "object", region)


def _segment(scene: Scene, rng: np.random.Generator) -> PlantedMask | None:
    """One of the segments that have the right size."""
    labels = scene.segments
    shares = np.bincount(labels.ravel()) / labels.size
    fitting = np.flatnonzero((shares >= scene.config.min_area) & (shares <= scene.config.max_area))
    if not fitting.size:
        return None
    return PlantedMask(_enlarged(labels == fitting[int(rng.integers(fitting.size))], scene.size), "segment")


def segments_around(scene: Scene, x_px: float, y_px: float, share: float) -> BoolArray:
    """The segments that lie mostly in a disc around a point of the picture, [height, width], in one piece.

    The disc covers `share` of the picture. Where no segment lies in it, the one that holds the point.
    """
    (height, width), labels = scene.size, scene.segments
    rows, columns = labels.shape
    x, y = x_px * columns / width, y_px * rows / height
    down, across = np.ogrid[:rows, :columns]
    disc = (across + 0.5 - x) ** 2 + (down + 0.5 - y) ** 2 <= share * labels.size / math.pi
    inside = _segments_in(labels, disc)
    if not inside.any():
        inside = labels == labels[min(int(y), rows - 1), min(int(x), columns - 1)]
    return _enlarged(inside, scene.size)


def _segments_in(labels: npt.NDArray[np.int64], area: BoolArray) -> BoolArray:
    """The segments that lie mostly in an area, both [height, width] of the small copy."""
    held = np.bincount(labels[area], minlength=labels.max() + 1) / np.bincount(labels.ravel())
    return np.isin(labels, np.flatnonzero(held >= _MOSTLY))


def _enlarged(inside: BoolArray, size: tuple[int, int]) -> BoolArray:
    """The largest connected piece without its holes, at full size with a smooth outline."""
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(inside.shape, np.uint8)
    if outlines:
        largest = max(outlines, key=cv2.contourArea)
        cv2.drawContours(filled, [largest], -1, 255, thickness=cv2.FILLED)
    return cv2.resize(filled, (size[1], size[0]), interpolation=cv2.INTER_CUBIC) > 127


def _ellipse(scene: Scene, rng: np.random.Generator) -> PlantedMask | None:
    height, width = scene.size
    reach = _drawn_reach(scene, rng)
    stretch = math.exp(rng.uniform(-0.5, 0.5))
    angle = rng.uniform(0, math.pi)
    turns = np.linspace(0, 2 * math.pi, 90, endpoint=False)
    across, down = reach * stretch * np.cos(turns), reach / stretch * np.sin(turns)
    outline = np.stack(
        [across * math.cos(angle) - down * math.sin(angle), across * math.sin(angle) + down * math.cos(angle)], axis=1
    )
    return PlantedMask(_filled(outline, height, width, rng), "ellipse")


def _polygon(scene: Scene, rng: np.random.Generator) -> PlantedMask | None:
    height, width = scene.size
    corners = int(rng.integers(5, 9, endpoint=True))
    turns = (np.arange(corners) + rng.uniform(0, 0.7, corners)) * 2 * math.pi / corners
    radii = 1.2 * _drawn_reach(scene, rng) * rng.uniform(0.6, 1.2, corners)
    outline = np.stack([radii * np.cos(turns), radii * np.sin(turns)], axis=1)
    return PlantedMask(_filled(outline, height, width, rng), "polygon")


def _drawn_reach(scene: Scene, rng: np.random.Generator) -> float:
    """Radius of a disc whose area is drawn evenly, on a logarithmic scale, from those allowed."""
    height, width = scene.size
    low, high = math.log(scene.config.min_area), math.log(scene.config.max_area)
    return math.sqrt(math.exp(rng.uniform(low, high)) * height * width / math.pi)


def _filled(outline_px: npt.NDArray[np.float64], height: int, width: int, rng: np.random.Generator) -> BoolArray:
    """The area within an outline [corners, (x, y)], moved to a random place inside the image and shrunk if need be."""
    extent = np.ptp(outline_px, axis=0)
    outline_px = outline_px * min(1.0, *((np.array([width, height]) - 1) / extent))
    low, high = -outline_px.min(axis=0), np.array([width, height]) - 1 - outline_px.max(axis=0)
    placed = outline_px + low + rng.random(2) * np.maximum(high - low, 0)
    drawn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(drawn, [np.rint(placed).astype(np.int32)], 1)
    return drawn.astype(bool)


SOURCES: dict[str, MaskSource] = {
    "box": _box,
    "object": _object,
    "segment": _segment,
    "ellipse": _ellipse,
    "polygon": _polygon,
}
"""The sources that need no model, by the names of `ShapeMix`."""

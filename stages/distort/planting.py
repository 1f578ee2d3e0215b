"""Plant distortions in pixels: which regions, which distortions, how strong, and the exact truth of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from pydantic import Field, model_validator

from manifests.geometry import round_box
from manifests.masks import BoolArray, box_of_mask, encode_mask
from manifests.records import Distortion, Mask, Record, Region
from manifests.vocabulary import DISTORTIONS, FAMILIES, Family
from stages.distort.masks import MaskConfig, MaskSource, PlantedMask, propose_masks
from stages.distort.pairs import PAIR_SEVERITIES, allowed_followers
from stages.distort.pixels import Pixels
from stages.distort.region import distort_region
from stages.distort.table import FAMILY_OF
from stages.measure.phrases import AREA, area_phrase
from stages.stage import StageConfig

_DRAWS_PER_REGION = 6
WHOLE_IMAGE = "whole image"

Choice = TypeVar("Choice")
Step = tuple[str, int]
"""Name and severity of one distortion."""


class DistortConfig(StageConfig):
    """How many images are touched, where, by which distortions and how strongly."""

    untouched: float = Field(default=0.25, ge=0, le=1)
    """Share of images in which nothing is planted."""
    whole_image: float = Field(default=0.1, ge=0, le=1)
    """Share of the touched images that are distorted as a whole instead of by region."""
    pairs: float = Field(default=0.25, ge=0, le=1)
    """Share of regions with two distortions, in a combination and order that can be told apart, severity 1-3 each."""
    severity_min: int = Field(default=1, ge=1, le=5)
    """Least severity."""
    severity_max: int = Field(default=5, ge=1, le=5)
    """Greatest severity."""
    families: tuple[Family, ...] = Field(default=FAMILIES, min_length=1)
    """Families of distortions that are planted, each as often as the others."""
    min_change: float = Field(default=3.0, ge=0)
    """Least root mean square change of a region by each distortion, in 8-bit levels. A change that cannot be seen
    (blur of a plain sky, saturation of a grey wall) is no truth: another distortion is drawn."""
    soft_edges: float = Field(default=0.5, ge=0, le=1)
    """Share of regions whose distortion fades in from the edge; the others have a hard edge."""
    feather_min: float = Field(default=0.01, gt=0, le=0.5)
    """Least width of a soft edge, as a share of the image's shorter side."""
    feather_max: float = Field(default=0.03, gt=0, le=0.5)
    """Greatest width of a soft edge."""
    masks: MaskConfig = MaskConfig()
    """Where regions lie."""

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> DistortConfig:
        if self.severity_min > self.severity_max:
            raise ValueError(f"severity_min {self.severity_min} is above severity_max {self.severity_max}")
        if self.feather_min > self.feather_max:
            raise ValueError(f"feather_min {self.feather_min} is above feather_max {self.feather_max}")
        return self


class PlantedRegion(Record):
    """The truth of one planted region: all that `Region` says of it, and how it was made.

    `distortions` is in the order of application. `feather_px` is 0 for a hard edge. `changes` holds, for each
    distortion alone, the root mean square change inside the mask in 8-bit levels.
    """

    region_id: int = Field(ge=1)
    label: str
    phrase: str
    box_xyxy_px: tuple[float, float, float, float]
    mask: Mask
    shape: str
    feather_px: float
    distortions: list[Distortion]
    changes: list[float]

    def as_region(self) -> Region:
        """The region as a row of the tables holds it."""
        return Region(
            region_id=self.region_id,
            label=self.label,
            phrase=self.phrase,
            box_xyxy_px=self.box_xyxy_px,
            mask=self.mask,
            source="planted",
            distortions=self.distortions,
        )


def plant_pixels(
    rgb: Pixels,
    regions: Sequence[Region],
    rng: np.random.Generator,
    config: DistortConfig,
    sources: Mapping[str, MaskSource] | None = None,
) -> tuple[Pixels, list[PlantedRegion]]:
    """Distort uint8 RGB [height, width, 3] in places and tell what was done; the input is not changed.

    `regions` are those known before planting: a detector's give masks and names, and new numbers follow theirs.
    `sources` may replace sources of masks (`stages.distort.masks`).
    """
    height, width = rgb.shape[:2]
    if rng.random() < config.untouched:
        return rgb, []
    if rng.random() < config.whole_image:
        masks = [PlantedMask(np.ones((height, width), np.bool_), "whole-image")]
    else:
        detected = [region for region in regions if region.source == "detector"]
        masks = propose_masks(rgb, detected, rng, config.masks, sources)
    region_id = max((region.region_id for region in regions), default=0) + 1
    phrases: list[str] = []
    planted: list[PlantedRegion] = []
    for mask in masks:
        feather_px = _feather_px(mask, rng, config)
        drawn = _draw_visible(rgb, mask.inside, feather_px, rng, config)
        if drawn is None:
            continue
        rgb, steps, changes = drawn
        encoded = encode_mask(mask.inside)
        label, phrase = _words(mask, box_of_mask(encoded), phrases)
        phrases.append(phrase)
        planted.append(
            PlantedRegion(
                region_id=region_id + len(planted),
                label=label,
                phrase=phrase,
                box_xyxy_px=round_box(box_of_mask(encoded)),
                mask=encoded,
                shape=mask.shape,
                feather_px=feather_px,
                distortions=[
                    Distortion(family=FAMILY_OF[name], name=name, severity=severity) for name, severity in steps
                ],
                changes=changes,
            )
        )
    return rgb, planted


def _feather_px(mask: PlantedMask, rng: np.random.Generator, config: DistortConfig) -> float:
    """Width of the edge; the draws are made for every mask, so that one mask's edge does not move the next mask's."""
    soft, share = rng.random() < config.soft_edges, rng.uniform(config.feather_min, config.feather_max)
    return round(share * min(mask.inside.shape), 2) if soft and mask.shape != "whole-image" else 0.0


def _draw_visible(
    rgb: Pixels, inside: BoolArray, feather_px: float, rng: np.random.Generator, config: DistortConfig
) -> tuple[Pixels, list[Step], list[float]] | None:
    """Distorted pixels, steps and their changes, of the first draw whose every step shows; None if none does."""
    for steps in _draws(rng, config):
        alone = [distort_region(rgb, inside, [step], rng, feather_px=feather_px) for step in steps]
        changes = [_change(rgb, distorted, inside) for distorted in alone]
        if min(changes) >= config.min_change:
            whole = alone[0] if len(steps) == 1 else distort_region(rgb, inside, steps, rng, feather_px=feather_px)
            return whole, steps, changes
    return None


def _draws(rng: np.random.Generator, config: DistortConfig) -> Iterator[list[Step]]:
    """One or two distortions with severities, several times."""
    followers = allowed_followers(config.families)
    levels = [level for level in PAIR_SEVERITIES.values() if config.severity_min <= level <= config.severity_max]
    two = bool(followers and levels) and rng.random() < config.pairs
    for _ in range(_DRAWS_PER_REGION):
        if two:
            first = _one_of(list(followers), rng)
            pair = (first, _one_of(followers[first], rng))
            yield [(_one_of(DISTORTIONS[family], rng), _one_of(levels, rng)) for family in pair]
        else:
            family = _one_of(config.families, rng)
            severity = int(rng.integers(config.severity_min, config.severity_max, endpoint=True))
            yield [(_one_of(DISTORTIONS[family], rng), severity)]


def _one_of(choices: Sequence[Choice], rng: np.random.Generator) -> Choice:
    return choices[int(rng.integers(len(choices)))]


def _change(before: Pixels, after: Pixels, inside: BoolArray) -> float:
    difference = after[inside].astype(np.float64) - before[inside]
    return round(float(np.sqrt(np.mean(difference**2))), 4)


def _words(mask: PlantedMask, box_xyxy_px: tuple[float, float, float, float], taken: Sequence[str]) -> tuple[str, str]:
    """Label and phrase: the detector's, or where the area lies."""
    if mask.shape == "whole-image":
        return "image", WHOLE_IMAGE
    if mask.found is not None:
        return mask.found.label, mask.found.phrase
    height, width = mask.inside.shape
    return AREA, area_phrase(box_xyxy_px, width, height, taken)

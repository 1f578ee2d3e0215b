"""The measure stage: local evidence on the 20x20 grid, and what it says about the image and its regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from manifests.records import Attributes, FamilyMap, ImageRecord
from manifests.vocabulary import Family
from stages.measure.areas import (
    area_region,
    distortion,
    object_of,
    region_distortions,
    shared_by,
    strongest_first,
    united,
)
from stages.measure.evidence import Evidence, gather
from stages.measure.grid import GRID
from stages.measure.growth import Growth, GrowthLimits, grow, of_whole_image, without_echoes
from stages.measure.recogniser.growths import growths_of, in_colour, joined
from stages.measure.recogniser.infer import CARD, CARD_SHA256, Recogniser
from stages.measure.severity import Limits, family_grids, image_severities
from stages.measure.summary import attributes_of, coverage
from stages.pixels import keep_freed_memory, single_threaded, upright_rgb
from stages.stage import Stage, StageConfig

_UNLIKE_TRAINING: frozenset[Family] = frozenset({"darken", "contrast-weaken"})
"""What may be wrong with an image as a whole that leaves the network nothing that is like what it learned from."""


class MeasureConfig(StageConfig):
    """Options of `measure`; the defaults were tuned on one half of a set of photographs and checked on the other."""

    working_pixels: int = Field(default=1_000_000, ge=10_000)
    """Pixels of the view on which sharpness, light and colour are measured; larger images are shrunk to it."""
    window_px: int = Field(default=64, ge=16)
    """Longest side of a cell's native window, in which noise and blocks are measured."""
    recogniser: Literal["evidence", "net"] = "net"
    """What names the distortions of areas: thresholds on the evidence, or a small network that learned from planted
    distortions. What is wrong with the image as a whole, and every attribute, is measured either way."""
    least_severity: float = Field(default=1.5, ge=0, le=5)
    """Severity below which what the network sees is left unsaid: a slight flaw (1) is a matter of opinion."""
    limits: Limits = Limits()
    """Where evidence becomes a distortion."""
    growth: GrowthLimits = GrowthLimits()
    """Where distorted cells become an area."""
    same_area_iou: float = Field(default=0.5, gt=0, le=1)
    """Areas of two families that overlap this much are one region with two distortions."""
    same_object_iou: float = Field(default=0.6, gt=0, le=1)
    """An area that overlaps a region this much gives its distortions to it instead of becoming a region."""
    region_share: float = Field(default=0.6, gt=0, le=1)
    """Share of a region that a distortion must cover to be a distortion of the region."""
    max_areas: int = Field(default=6, ge=0)
    """Most quality-map regions of one image, strongest first."""


class Measure(Stage):
    """Fills attributes, distortions and the quality map; adds quality-map regions to `regions`.

    The units and typical ranges of the attributes stand in `stages.measure.scales`. An image with a side
    below 20 pixels has no grid: it gets empty attributes and nothing is claimed of it.
    """

    name = "measure"
    needs = frozenset({"content", "regions"})
    adds = frozenset({"quality_map", "attributes", "distortions", "regions"})
    Config = MeasureConfig
    config: MeasureConfig

    def open(self) -> None:
        """Load the network if it is asked for; OpenCV keeps to one core."""
        single_threaded()
        keep_freed_memory()
        if self.config.recogniser == "net":
            self._recogniser = Recogniser()

    def weights(self) -> Mapping[str, str]:
        """The recogniser's card, which pins its networks."""
        return {CARD: CARD_SHA256} if self.config.recogniser == "net" else {}

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Measure each row's image."""
        for row in rows:
            self._measure(row)
        return rows

    def undo(self, row: ImageRecord) -> None:
        """Take the measurements out, and the areas that they found."""
        row.attributes, row.distortions, row.quality_map = None, [], []
        row.regions = [region for region in row.regions if region.source != "quality-map"]
        for region in row.regions:
            region.attributes, region.distortions = None, []

    def _measure(self, row: ImageRecord) -> None:
        config = self.config
        rgb = upright_rgb(row)
        height, width = rgb.shape[:2]
        if min(height, width) < GRID:
            row.attributes = Attributes()
            return
        evidence = gather(rgb, working_pixels=config.working_pixels, window_px=config.window_px)
        growths = [grow(grid, config.growth) for grid in family_grids(evidence, config.limits)]
        everywhere = {**of_whole_image(growths), **image_severities(evidence, config.limits)}
        if config.recogniser == "net":
            claims = [] if _UNLIKE_TRAINING & everywhere.keys() else self._recogniser.claims(rgb)
            seen = [claim for claim in claims if claim.severity >= config.least_severity]
            growths = joined(growths_of(in_colour(seen, evidence.tone.chroma)), growths)
            everywhere = {**of_whole_image(growths), **everywhere}
        growths = without_echoes(growths, everywhere)
        row.attributes = attributes_of(evidence, np.ones((GRID, GRID), np.float32), config.limits)
        row.distortions = strongest_first([distortion(family, severity) for family, severity in everywhere.items()])
        row.quality_map = [family_map(each) for each in growths if each.severity.any()]
        for region in row.regions:
            weights = coverage(region.box_xyxy_px, width, height)
            region.attributes = attributes_of(evidence, weights, config.limits)
            inherited = [each for each in row.distortions if shared_by(each.family, region.attributes, config.limits)]
            region.distortions = region_distortions(growths, weights, config.region_share, inherited)
        _add_areas(row, evidence, growths, width, height, config)


def family_map(growth: Growth) -> FamilyMap:
    """The severities of a family as the table holds them: row-major tenths."""
    tenths = np.rint(np.clip(growth.severity, 0, 5) * 10).astype(int)
    return FamilyMap(family=growth.family, severity_tenths=tenths.ravel().tolist())


def _add_areas(
    row: ImageRecord, evidence: Evidence, growths: list[Growth], width: int, height: int, config: MeasureConfig
) -> None:
    objects = list(row.regions)
    areas = [area for growth in growths for area in growth.areas]
    for group in united(areas, config.same_area_iou)[: config.max_areas]:
        index = object_of(group, objects, width, height, config.same_object_iou)
        if index is None:
            region = area_region(row, group, width, height)
            region.attributes = attributes_of(evidence, group[0].cells.astype(np.float32), config.limits)
            row.regions.append(region)
            continue
        known = {each.family for each in objects[index].distortions}
        more = [distortion(area.family, area.severity) for area in group if area.family not in known]
        objects[index].distortions = strongest_first(objects[index].distortions + more)

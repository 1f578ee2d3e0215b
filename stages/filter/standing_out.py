"""The detect-first rule: which regions the labels may use, and each region's quality and effect.

A region stays when it has something to say: a distortion, or a score that stands out from the image's. Besides, the
most salient objects stay, so that an image with nothing wrong still has something to point at. Everything else stays
in the table with `kept=False` and a reason.
"""

from __future__ import annotations

from math import hypot

from manifests.geometry import area_px, iou
from manifests.records import ImageRecord, Region, Score
from manifests.vocabulary import DropReason, Effect
from stages.filter.config import FilterConfig
from stages.score import grades_of, quality_word

STAGE = "filter"


def filter_regions(row: ImageRecord, config: FilterConfig) -> None:
    """Decide for the regions of one image. Raises ValueError when the image has no size or no score."""
    if row.width is None or row.height is None or not row.scores:
        raise ValueError(f"{row.uri}: filter needs the size and the score of the image")
    score = row.scores[0]
    for region in row.regions:
        if region.iqa_score is not None:
            region.quality = quality_word(score.metric, region.iqa_score, score.borders)
        region.effect = _effect(region, score, config)
    for region in row.regions:
        reason = unfit(region, row.width, row.height, config)
        if region.kept and reason is not None:
            region.drop(STAGE, reason)
    _drop_doubles(row.kept_regions(), config)
    _keep_salient(row.kept_regions(), row.width, row.height, config)
    ranked = sorted(row.kept_regions(), key=lambda each: _rank(each, row.width or 1, row.height or 1, config))
    for region in ranked[config.max_regions :]:
        region.drop(STAGE, "over-limit")


def salience(region: Region, width: int, height: int) -> float:
    """How much an object draws the eye, 0-1: area x detector score x centrality.

    Area is the square root of the box's share of the image (its linear size), centrality falls linearly from 1 at the
    centre of the image to 0 in its corners.
    """
    x1, y1, x2, y2 = region.box_xyxy_px
    distance = hypot((x1 + x2) / width - 1, (y1 + y2) / height - 1) / hypot(1, 1)
    size = area_px(region.box_xyxy_px) / (width * height)
    return float(size**0.5 * (region.detector_score or 0.0) * (1 - distance))


def _effect(region: Region, score: Score, config: FilterConfig) -> Effect:
    if _distorted(region, config):
        return "negative"
    gain = _gain(region, score)
    margin = config.margin.get(score.metric)
    if abs(gain) < (grades_of(score.metric, score.borders).margin if margin is None else margin):
        return "no impact"
    return "positive" if gain > 0 else "negative"


def _gain(region: Region, score: Score) -> float:
    """By how much the region is better than the image, in the metric's unit."""
    if region.iqa_score is None:
        return 0.0
    return (score.value - region.iqa_score) if score.lower_better else (region.iqa_score - score.value)


def unfit(region: Region, width: int, height: int, config: FilterConfig) -> DropReason | None:
    """Why a box can be no label whatever it shows, or None."""
    x1, y1, x2, y2 = region.box_xyxy_px
    area = area_px(region.box_xyxy_px) / (width * height)
    if region.source == "detector" and (region.detector_score or 0.0) < config.min_detector_score:
        return "low-detector-score"
    if min(x2 - x1, y2 - y1) < config.min_side_px or area < config.min_area:
        return "too-small"
    return "whole-image" if area >= config.whole_image_area else None


def _drop_doubles(regions: list[Region], config: FilterConfig) -> None:
    """Of two objects with different labels in one place, the one that the detector is surer of stays."""
    found = sorted((each for each in regions if each.source == "detector"), key=_unsureness)
    for index, better in enumerate(found):
        for other in found[index + 1 :]:
            same_place = iou(better.box_xyxy_px, other.box_xyxy_px) > config.same_object_iou
            if better.kept and other.kept and better.label != other.label and same_place:
                other.drop(STAGE, "overlaps-better")


def _keep_salient(regions: list[Region], width: int, height: int, config: FilterConfig) -> None:
    """Drop what has nothing to say, except for the most salient objects."""
    silent = [region for region in regions if region.effect == "no impact"]
    objects = [region for region in silent if region.source != "quality-map"]
    objects.sort(key=lambda each: (-salience(each, width, height), each.region_id))
    salient = {region.region_id for region in objects[: config.max_salient]}
    for region in silent:
        if region.region_id not in salient:
            region.drop(STAGE, "not-salient")


def _rank(region: Region, width: int, height: int, config: FilterConfig) -> tuple[bool, int, float, int]:
    """Order in which regions are worth a place: distorted ones first, the worst first, then the most salient."""
    severity = max((each.severity for each in region.distortions), default=0)
    return (not _distorted(region, config), -severity, -salience(region, width, height), region.region_id)


def _distorted(region: Region, config: FilterConfig) -> bool:
    return any(each.severity >= config.min_severity for each in region.distortions)


def _unsureness(region: Region) -> tuple[float, int]:
    return (-(region.detector_score or 0.0), region.region_id)

"""Merge: Box-Merge of Grounding-IQA (arXiv 2411.17237, Algorithm 1) among regions that show one thing.

Words of the algorithm, which the paper prints without definitions, for two boxes A and B of an image of area I:

- *area(A)*: |A| / I, and A is the smaller of the two, so a pair is small when its smaller box is;
- *touch(A, B)*: the closed boxes share at least one point; boxes that only abut touch;
- *coverage(A, B)*: |A and B| / |A|, the share of the smaller box that lies in the larger one;
- *merge(A, B)*: the smallest box around both; where both have masks, the union of their masks.

Two regions merge when `area(A) < T_a and touch(A, B)`, or `coverage(A, B) > T_o`. As printed, the result depends on
the order of the boxes, and a second run may merge more. Here boxes are taken in ascending order of area (then of
coordinates), and passes go on until one changes nothing: the order of the input is irrelevant, and merging twice is
merging once.

Only kept regions of one kind merge: those found for one phrase of a given text, detector regions of one label,
quality-map regions of one main family. Planted regions are truth and stay as they are. Touching means "fragments of
one thing" for regions of a phrase and of the quality map; two detected persons who touch are two
(docs/decisions/0003-merge.md).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import shapely
from pydantic import Field

from manifests.geometry import area_px, check_box, enclosing_box
from manifests.masks import mask_area_px, union_of_masks
from manifests.records import Attributes, BoxXYXYPx, Distortion, ImageRecord, Mask, Region, Score
from manifests.vocabulary import FAMILIES, Effect, RegionSource
from stages.score import quality_word
from stages.stage import Stage, StageConfig

Word = TypeVar("Word", bound=str)


class MergeConfig(StageConfig):
    """Thresholds of Algorithm 1, and where its touch rule holds.

    The paper's behaviour for every source: `touching: [text, quality-map, detector]` and `quality_map_filled: 0`.
    """

    t_a: float = Field(default=0.256, ge=0, le=1)
    """T_a: touching boxes merge if the smaller one is less than this fraction of the image."""
    t_o: float = Field(default=0.95, ge=0, le=1)
    """T_o: boxes merge if more than this fraction of the smaller one is covered."""
    touching: tuple[RegionSource, ...] = ("text", "quality-map")
    """Kinds whose touching regions are fragments of one thing; others merge by coverage alone. `text`: regions found
    for a phrase of a given text."""
    quality_map_filled: float = Field(default=0.6, ge=0, le=1)
    """Touching quality-map regions merge only if their masks fill at least this fraction of the merged box."""


@dataclass(frozen=True)
class Fragment:
    """One or more regions seen as one: their box and mask (null if one of them is just its box)."""

    box_xyxy_px: BoxXYXYPx
    mask: Mask | None
    members: tuple[Region, ...]

    @property
    def filled(self) -> float:
        """Share of the box that the mask fills."""
        return 1.0 if self.mask is None else mask_area_px(self.mask) / area_px(self.box_xyxy_px)


class Merge(Stage):
    """Replace regions that show one thing by a new region around them; members stay, not kept, as `merged`."""

    name = "merge"
    needs = frozenset({"regions", "width", "height"})
    adds = frozenset({"regions"})
    Config = MergeConfig
    config: MergeConfig

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Merge the kept regions of each row. A box without area fails its row."""
        for row in rows:
            self._merge(row)
        return rows

    def concurrent(self) -> bool:
        """Every row is a matter of its own, so the stage can share the workers of a language model."""
        return True

    def undo(self, row: ImageRecord) -> None:
        """Take the merged regions out, and their members in again."""
        merged = {region.region_id for region in row.regions if region.merged_from}
        for phrase in row.phrases:
            phrase.region_ids = [number for number in phrase.region_ids if number not in merged]
        row.regions = [region for region in row.regions if not region.merged_from]
        for region in row.regions:
            region.take_back(self.name)

    def _merge(self, row: ImageRecord) -> None:
        width, height = row.upright_size()
        try:
            for region in row.kept_regions():
                check_box(region.box_xyxy_px)
        except ValueError as error:
            return row.end("failed", self.name, f"region #{region.region_id}: {error}")
        groups = [
            fragment
            for kind, alike in _alike(row)
            for fragment in self.merged(alike, width * height, kind)
            if len(fragment.members) > 1
        ]
        for fragment in sorted(groups, key=_order):
            score = row.scores[0] if row.scores else None
            row.regions.append(merged_region(fragment, row.next_region_id(), self.config.t_o, score))
            for member in fragment.members:
                member.drop(self.name, "merged")
            for phrase in row.phrases:
                if fragment.members[0].region_id in phrase.region_ids:
                    phrase.region_ids.append(row.regions[-1].region_id)
        return None

    def merged(self, regions: Sequence[Region], image_area_px: float, kind: RegionSource) -> list[Fragment]:
        """Box-Merge of regions of one kind: the fragments that are left, in ascending order of area."""
        left = [Fragment(region.box_xyxy_px, region.mask, (region,)) for region in regions]
        before = len(left) + 1
        while len(left) < before:
            before = len(left)
            left = self._pass(sorted(left, key=_order), image_area_px, kind)
        return left

    def _pass(self, fragments: list[Fragment], image_area_px: float, kind: RegionSource) -> list[Fragment]:
        """The double loop of Algorithm 1; the list shrinks while it is looped over."""
        i = 0
        while i < len(fragments):
            j = i + 1
            while j < len(fragments):
                if self._are_one(fragments[i], fragments[j], image_area_px, kind):
                    fragments[i] = _united(fragments[i], fragments.pop(j))
                else:
                    j += 1
            i += 1
        return fragments

    def _are_one(self, first: Fragment, second: Fragment, image_area_px: float, kind: RegionSource) -> bool:
        one, other = shapely.box(*first.box_xyxy_px), shapely.box(*second.box_xyxy_px)
        if not one.intersects(other):
            return False
        smaller = min(one.area, other.area)
        if one.intersection(other).area > self.config.t_o * smaller:
            return True
        return smaller < self.config.t_a * image_area_px and self._are_fragments(first, second, kind)

    def _are_fragments(self, first: Fragment, second: Fragment, kind: RegionSource) -> bool:
        """Whether two touching regions count as fragments of one thing."""
        if kind not in self.config.touching:
            return False
        return kind != "quality-map" or _united(first, second).filled >= self.config.quality_map_filled


def _alike(row: ImageRecord) -> list[tuple[RegionSource, list[Region]]]:
    """Kept regions by kind; those that merge with no other are left out."""
    spoken_of = {number: index for index, phrase in enumerate(row.phrases) for number in phrase.region_ids}
    kinds: dict[tuple[RegionSource, str], list[Region]] = defaultdict(list)
    for region in row.kept_regions():
        if region.region_id in spoken_of:
            kinds["text", f"#{spoken_of[region.region_id]}"].append(region)
        elif region.source == "detector":
            kinds["detector", region.label].append(region)
        elif region.source == "text":
            kinds["text", region.phrase].append(region)
        elif region.source == "quality-map" and region.distortions:
            kinds["quality-map", region.distortions[0].family].append(region)
    return [(kind, regions) for (kind, _), regions in kinds.items()]


def _order(fragment: Fragment) -> tuple[float, BoxXYXYPx, int]:
    return area_px(fragment.box_xyxy_px), fragment.box_xyxy_px, min(member.region_id for member in fragment.members)


def _united(first: Fragment, second: Fragment) -> Fragment:
    masks = [mask for mask in (first.mask, second.mask) if mask is not None]
    return Fragment(
        enclosing_box([first.box_xyxy_px, second.box_xyxy_px]),
        union_of_masks(masks) if len(masks) == 2 else None,
        first.members + second.members,
    )


def merged_region(fragment: Fragment, region_id: int, t_o: float, score: Score | None) -> Region:
    """The region that stands for the members of a fragment; `score` is the image's, in the metric of theirs.

    Attributes, IQA score and severities are means weighted by the members' areas, as if the members had been
    measured as one; a member without a family counts as severity 0, and a family whose mean is below 0.5 goes, so a
    small spoilt fragment does not spoil the whole. Words that all members share stay. Where they differ, quality is
    the grade of the mean score; effect is negative while a distortion is left of a member that was, else, like the
    label, the word for most of the area; and the phrase is the largest member's if that is nearly the whole (more
    than `t_o` of the box), else the bare label, which is true wherever the members lie. The detector score is the
    best one.
    """
    members = sorted(fragment.members, key=lambda member: member.region_id)
    weights = [_weight(member) for member in members]
    surest = max(members, key=lambda member: (member.detector_score or 0.0, -member.region_id))
    label = _word_of_most([member.label for member in members], weights) or surest.label
    iqa_score = _mean([member.iqa_score for member in members], weights)
    distortions = _distortions(members, weights)
    return Region(
        region_id=region_id,
        label=label,
        phrase=_phrase(members, fragment.box_xyxy_px, t_o) or label,
        box_xyxy_px=fragment.box_xyxy_px,
        mask=fragment.mask,
        source=surest.source,
        detector=surest.detector,
        detector_score=surest.detector_score,
        iqa_score=iqa_score,
        attributes=_attributes(members, weights),
        distortions=distortions,
        quality=_quality([member.quality for member in members], weights, iqa_score, score),
        effect=_effect([member.effect for member in members], weights, distorted=bool(distortions)),
        agreement=_mean([member.agreement for member in members], weights),
        merged_from=[member.region_id for member in members],
    )


def _weight(region: Region) -> float:
    return float(mask_area_px(region.mask)) if region.mask is not None else area_px(region.box_xyxy_px)


def _phrase(members: Sequence[Region], box_xyxy_px: BoxXYXYPx, t_o: float) -> str | None:
    if len({member.phrase for member in members}) == 1:
        return members[0].phrase
    largest = max(members, key=lambda member: area_px(member.box_xyxy_px))
    return largest.phrase if area_px(largest.box_xyxy_px) > t_o * area_px(box_xyxy_px) else None


def _quality(
    words: Sequence[str | None], weights: Sequence[float], iqa_score: float | None, score: Score | None
) -> str | None:
    if len(set(words)) > 1 and iqa_score is not None and score is not None:
        return quality_word(score.metric, iqa_score, score.borders)
    return _word_of_most(words, weights)


def _effect(words: Sequence[Effect | None], weights: Sequence[float], *, distorted: bool) -> Effect | None:
    return "negative" if distorted and "negative" in words else _word_of_most(words, weights)


def _mean(values: Sequence[float | None], weights: Sequence[float]) -> float | None:
    """Weighted mean of the values that were measured, rounded to 4 decimals; null if none was."""
    measured = [(value, weight) for value, weight in zip(values, weights, strict=True) if value is not None]
    if not measured:
        return None
    return round(sum(value * weight for value, weight in measured) / sum(weight for _, weight in measured), 4)


def _attributes(members: Sequence[Region], weights: Sequence[float]) -> Attributes | None:
    measured = [
        (member.attributes, weight) for member, weight in zip(members, weights, strict=True) if member.attributes
    ]
    if not measured:
        return None
    shares = [weight for _, weight in measured]
    return Attributes(
        **{
            field: _mean([getattr(attributes, field) for attributes, _ in measured], shares)
            for field in Attributes.model_fields
        }
    )


def _distortions(members: Sequence[Region], weights: Sequence[float]) -> list[Distortion]:
    """Families of the members at their area-weighted severity, strongest first, then in the vocabulary's order."""
    total, found = sum(weights), []
    for family in FAMILIES:
        said = [
            (distortion, weight)
            for member, weight in zip(members, weights, strict=True)
            for distortion in member.distortions
            if distortion.family == family
        ]
        mean = sum(distortion.severity * weight for distortion, weight in said) / total
        if mean >= 0.5:
            names = {distortion.name for distortion, _ in said}
            name = names.pop() if len(names) == 1 else family
            found.append((-mean, Distortion(family=family, name=name, severity=math.floor(mean + 0.5))))
    return [distortion for _, distortion in sorted(found, key=lambda each: each[0])]


def _word_of_most(words: Sequence[Word | None], weights: Sequence[float]) -> Word | None:
    """The word that is said of the largest area; of equals the first in the alphabet; null if none is said."""
    areas: dict[Word, float] = defaultdict(float)
    for word, weight in zip(words, weights, strict=True):
        if word is not None:
            areas[word] += weight
    return min(areas, key=lambda word: (-areas[word], word), default=None)

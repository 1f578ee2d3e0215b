"""What the measurements allow an author to say of a thing: a family is there, is not there, or cannot be judged.

"There" is decided by the `measure` stage (`distortions`); "not there" needs an attribute that is clearly in its good
range. Between the two nothing is said, and an attribute that is null never speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from manifests.geometry import area_px, intersection_px
from manifests.records import Attributes, Distortion, ImageRecord, Region
from manifests.vocabulary import Family
from stages.measure import scales

Virtue = Literal["sharp", "clean", "well-exposed", "contrast", "colourful"]
"""Good properties that a description may name."""

ARTEFACTS: tuple[Family, ...] = ("compression", "pixelate")
"""Families whose absence is worth a word of its own."""

ABSENCE_OF_VIRTUE: dict[Virtue, tuple[Family, ...]] = {
    "sharp": ("blur",),
    "clean": ("noise",),
    "well-exposed": ("brighten", "darken"),
    "contrast": ("contrast-weaken",),
    "colourful": ("saturation-weaken",),
}
"""The families that each virtue denies."""

NO_BLOCKS = scales.BLOCKY / 3
NO_PIXELS = scales.PIXELATED / 10
MIDDLE_CONTRAST = (scales.LOW_CONTRAST + scales.HIGH_CONTRAST) / 2
MIDDLE_SATURATION = (scales.MUTED + scales.COLOURFUL) / 2

DETAIL_OF_A_SHARP_IMAGE = 0.3
FOCUS_OF_A_SHARP_IMAGE = 0.7
"""texture and focus from which an image as a whole may be called sharp. `sharpness` tells what the sharpest part is
like: a picture with little detail, or with one thing in focus before a soft ground, is not sharp as a whole."""

CONFOUNDED_BY: dict[Family, dict[Family, int]] = {
    "blur": {
        "pixelate": 1, "noise": 1, "compression": 1, "oversharpen": 1, "quantise": 1, "darken": 4, "brighten": 4,
    },
    "noise": {"darken": 3, "brighten": 3},
}  # fmt: skip
"""Distortions, with their least severity, behind which another one cannot be denied.

Blocks and grain make steep edges that are not detail, and clipped tones hide grain.
"""

OVERLAP_THAT_COUNTS = 0.05
"""Share of a region that another region with a distortion must cover before the family counts as possible there."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one region, or of the image as a whole (`region_ids` empty).

    `possible` holds families that were found on something that overlaps: they cannot be denied.
    """

    region_ids: tuple[int, ...]
    attributes: Attributes
    distortions: tuple[Distortion, ...]
    possible: frozenset[Family] = frozenset()

    def severity(self, family: Family) -> int | None:
        """Severity 1-5 of a family that is there, or None."""
        found = [distortion.severity for distortion in self.distortions if distortion.family == family]
        return max(found, default=None)

    def families(self) -> tuple[Family, ...]:
        """Families that are there, strongest first."""
        return tuple(dict.fromkeys(distortion.family for distortion in self.distortions))

    def worst(self) -> int:
        """The highest severity, 0 when nothing is wrong."""
        return max((distortion.severity for distortion in self.distortions), default=0)

    def is_free_of(self, family: Family) -> bool:
        """True only when the measurements show that the family is not there."""
        known = family not in self.families() and family not in self.possible
        if family == "blur" and not self.region_ids and not self.is_sharp_throughout():
            return False
        return known and not self.hides(family) and measured_free(self.attributes, family)

    def is_sharp_throughout(self) -> bool:
        """Whether there is detail and most of it is in focus, wherever it is."""
        values = self.attributes
        return at_least(values.texture, DETAIL_OF_A_SHARP_IMAGE) and at_least(values.focus, FOCUS_OF_A_SHARP_IMAGE)

    def hides(self, family: Family) -> bool:
        """Whether a distortion that is there, or was measured strongly, keeps another one from being judged."""
        confounders = CONFOUNDED_BY.get(family, {})
        there = any((self.severity(other) or 0) >= least for other, least in confounders.items())
        return there or (family == "blur" and self.is_rough())

    def is_rough(self) -> bool:
        """Whether strong grain or blocks were measured, recorded as a distortion or not."""
        values = self.attributes
        return (
            at_least(values.noise, scales.NOISY)
            or at_least(values.compression, scales.BLOCKY)
            or at_least(values.pixelation, scales.PIXELATED)
        )

    def virtues(self) -> tuple[Virtue, ...]:
        """Good properties that may be named, the most telling first."""
        values = self.attributes
        found: list[Virtue] = []
        if self.is_free_of("blur"):
            found.append("sharp")
        if self.is_free_of("brighten") and self.is_free_of("darken"):
            found.append("well-exposed")
        if self.is_free_of("noise") and "compression" not in self.families():
            found.append("clean")
        colourful = self.is_free_of("saturation-weaken") and at_least(values.saturation, scales.COLOURFUL)
        if colourful and not self._is("saturation-strengthen"):
            found.append("colourful")
        if self.is_free_of("contrast-weaken") and not self._is("contrast-strengthen", "brighten", "darken"):
            found.append("contrast")
        return tuple(found)

    def judged(self) -> bool:
        """Whether anything was measured at all."""
        return any(value is not None for value in self.attributes.model_dump().values())

    def has_detail(self) -> bool:
        """Whether enough of the area holds detail to speak of it."""
        return at_least(self.attributes.texture, scales.PLAIN)

    def _is(self, *families: Family) -> bool:
        return any(family in self.families() for family in families)


def at_least(value: float | None, threshold: float) -> bool:
    """Whether a value was measured and reaches a threshold."""
    return value is not None and value >= threshold


def below(value: float | None, threshold: float) -> bool:
    """Whether a value was measured and lies under a threshold."""
    return value is not None and value < threshold


def measured_free(values: Attributes, family: Family) -> bool:
    """Whether the attributes alone show that a family is not there. Oversharpening and banding cannot be shown."""
    match family:
        case "blur":
            return at_least(values.sharpness, scales.SHARP)
        case "noise":
            return below(values.noise, scales.CLEAN)
        case "compression":
            return below(values.compression, NO_BLOCKS)
        case "brighten":
            return below(values.overexposed, scales.WELL_EXPOSED_CLIPPED) and below(values.luminance, scales.BRIGHT)
        case "darken":
            return below(values.underexposed, scales.WELL_EXPOSED_CLIPPED) and at_least(values.luminance, scales.DIM)
        case "contrast-weaken":
            return at_least(values.contrast, MIDDLE_CONTRAST)
        case "contrast-strengthen":
            return below(values.contrast, MIDDLE_CONTRAST)
        case "saturation-weaken":
            return at_least(values.saturation, MIDDLE_SATURATION)
        case "saturation-strengthen":
            return below(values.saturation, MIDDLE_SATURATION)
        case "pixelate":
            return below(values.pixelation, NO_PIXELS)
        case _:
            return False


def of_image(record: ImageRecord) -> Evidence:
    """Evidence of the image as a whole; what any of its regions shows cannot be denied of it."""
    elsewhere = {distortion.family for region in record.regions for distortion in region.distortions}
    return Evidence(
        (), record.attributes or Attributes(), tuple(record.distortions), frozenset(elsewhere - _named(record))
    )


def of_region(record: ImageRecord, region: Region) -> Evidence:
    """Evidence of one region; what a region that overlaps it shows cannot be denied of it."""
    overlapping = [
        other
        for other in record.regions
        if other.region_id != region.region_id and covered_share(region, other) >= OVERLAP_THAT_COUNTS
    ]
    possible = {distortion.family for other in overlapping for distortion in other.distortions}
    return Evidence(
        (region.region_id,),
        region.attributes or Attributes(),
        tuple(region.distortions),
        frozenset(possible),
    )


def covered_share(region: Region, other: Region) -> float:
    """Share of a region's box that another region's box covers, 0-1."""
    area = area_px(region.box_xyxy_px)
    return intersection_px(region.box_xyxy_px, other.box_xyxy_px) / area if area > 0 else 0.0


def _named(record: ImageRecord) -> set[Family]:
    return {distortion.family for distortion in record.distortions}

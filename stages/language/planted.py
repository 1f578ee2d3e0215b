"""What was planted in an image, as the authors of `spider-synthetic` read it: exact by making, never measured.

Regions are those planted and the detector's that nothing touched. A region's total degradation is the sum of the
severities that were laid on it (0 for one that nothing touched): a choice of ours, the paper gives no formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manifests.geometry import intersection_px, position_horizontal, position_vertical
from manifests.records import Distortion, ImageRecord, Region
from manifests.vocabulary import SEVERITY_WORDS
from stages.language.english import noun
from stages.measure.phrases import AREA, place

PLANTED_NAMES = {
    "blur-gaussian": "Gaussian blur",
    "blur-motion": "motion blur",
    "blur-glass": "frosted-glass blur",
    "blur-lens": "lens blur",
    "blur-zoom": "zoom blur",
    "blur-jitter": "jitter blur",
    "noise-gaussian-rgb": "Gaussian noise",
    "noise-gaussian-ycrcb": "colour noise",
    "noise-speckle": "speckle noise",
    "noise-spatially-correlated": "blotchy noise",
    "noise-poisson": "shot noise",
    "noise-impulse": "salt-and-pepper noise",
    "compression-jpeg": "JPEG compression",
    "compression-jpeg-2000": "JPEG 2000 compression",
    "brighten-shift-hsv": "brightening",
    "brighten-shift-rgb": "brightening",
    "brighten-gamma-hsv": "gamma brightening",
    "brighten-gamma-rgb": "gamma brightening",
    "darken-shift-hsv": "darkening",
    "darken-shift-rgb": "darkening",
    "darken-gamma-hsv": "gamma darkening",
    "darken-gamma-rgb": "gamma darkening",
    "contrast-weaken-scale": "contrast weakening",
    "contrast-weaken-stretch": "contrast weakening",
    "contrast-strengthen-scale": "contrast strengthening",
    "contrast-strengthen-stretch": "contrast strengthening",
    "saturation-weaken-hsv": "desaturation",
    "saturation-weaken-ycrcb": "desaturation",
    "saturation-strengthen-hsv": "oversaturation",
    "saturation-strengthen-ycrcb": "oversaturation",
    "oversharpen": "oversharpening",
    "pixelate": "pixelation",
    "quantise-otsu": "tonal quantisation",
    "quantise-median-cut": "colour quantisation",
    "quantise-histogram": "colour quantisation",
}
"""Human English for the 35 distortions; variants that look alike share their words. None takes a plural verb."""

FAMILY_NAMES = {
    "blur": "blur",
    "noise": "noise",
    "compression": "compression",
    "brighten": "brightening",
    "darken": "darkening",
    "contrast-weaken": "contrast weakening",
    "contrast-strengthen": "contrast strengthening",
    "saturation-weaken": "desaturation",
    "saturation-strengthen": "oversaturation",
    "oversharpen": "oversharpening",
    "pixelate": "pixelation",
    "quantise": "quantisation",
}
"""Words for a whole family, where regions show different variants of it."""

OWN_EFFECTS: dict[str, tuple[str, ...]] = {
    "compression-jpeg-2000": ("smear{s} fine detail", "leave{s} ripples beside edges", "turn{s} texture into smudges"),
}
"""Effects of distortions that do not show as the rest of their family: a wavelet codec makes no blocks."""

SAME_OBJECT_SHARE = 0.8
"""Share of a region inside a dropped box of its noun from which both are the same object."""


@dataclass(frozen=True)
class TrueRegion:
    """A kept region and its words; `worded` says that noun and place fit no other region of the image."""

    region: Region
    noun: str
    place: str
    quadrant: str
    whole: bool
    worded: bool

    @property
    def region_id(self) -> int:
        """Number of the region."""
        return self.region.region_id

    @property
    def distortions(self) -> list[Distortion]:
        """What was planted, in the order of application."""
        return self.region.distortions

    @property
    def total(self) -> int:
        """Sum of the severities."""
        return sum(found.severity for found in self.distortions)

    def words(self) -> str:
        """The region in words, without link: "the dog on the left"."""
        return "the whole image" if self.whole else f"the {self.noun} {self.place}"

    def linked(self) -> str:
        """The same in internal notation."""
        return f"the [whole image](#{self.region_id})" if self.whole else f"the {self._link()} {self.place}"

    def answered(self) -> str:
        """Semantic and spatial part of a grounding answer (IQA-Spider, Eq. 1, for the words of the place)."""
        return f"The [whole image](#{self.region_id})." if self.whole else f"The {self._link()} at the {self.quadrant}."

    def _link(self) -> str:
        return f"[{self.noun}](#{self.region_id})"


def true_regions(row: ImageRecord) -> list[TrueRegion]:
    """The planted and the untouched regions of an image, by number, with their words."""
    width, height = row.upright_size()
    named = {region.region_id: (_noun(region), place(region.box_xyxy_px, width, height)) for region in row.regions}
    found = []
    for region in row.kept_regions():
        words = named[region.region_id]
        rivals = [other for other in row.regions if other is not region and named[other.region_id] == words]
        horizontal = position_horizontal(region.box_xyxy_px, width)
        vertical = position_vertical(region.box_xyxy_px, height)
        found.append(
            TrueRegion(
                region=region,
                noun=words[0],
                place=words[1],
                quadrant=f"{vertical} {horizontal}",
                whole=is_whole(region, width, height),
                worded=all(_same_thing(region, other) for other in rivals),
            )
        )
    return found


def is_whole(region: Region, width: int, height: int) -> bool:
    """Whether a planted region is the whole image."""
    return region.source == "planted" and region.label == "image" and region.box_xyxy_px == (0, 0, width, height)


def named(found: Distortion) -> str:
    """A distortion without degree: "motion blur"."""
    return PLANTED_NAMES[found.name]


def graded(found: Distortion) -> str:
    """A distortion with its degree: "mild motion blur"."""
    return f"{SEVERITY_WORDS[found.severity]} {named(found)}"


def single(regions: Sequence[TrueRegion], values: Sequence[int], wanted: int) -> TrueRegion | None:
    """The one region whose value is the wanted one; None where two share it."""
    hits = [region for region, value in zip(regions, values, strict=True) if value == wanted]
    return hits[0] if len(hits) == 1 else None


def _noun(region: Region) -> str:
    if region.label == AREA:
        return AREA
    words = noun(region.label)
    return f"pair of {words.plural}" if words.number == "plural" else words.singular


def _same_thing(region: Region, other: Region) -> bool:
    """Whether a dropped box is that of the same object: nearly all of the region lies inside it."""
    if other.kept:
        return False
    x1, y1, x2, y2 = region.box_xyxy_px
    shared = intersection_px(region.box_xyxy_px, other.box_xyxy_px)
    return shared >= SAME_OBJECT_SHARE * (x2 - x1) * (y2 - y1)

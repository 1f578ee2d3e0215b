"""All that there is to say of one image: evidence of the whole, and of each kept region with its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from manifests.geometry import area_px
from manifests.records import Distortion, ImageRecord, Region
from manifests.vocabulary import QUALITY_WORDS, Family
from stages.language.evidence import ABSENCE_OF_VIRTUE, Evidence, Virtue, of_image, of_region
from stages.language.naming import Mention, RegionName, count_kinds, mention, name_regions
from stages.language.verdict import quality_of, quality_of_image
from stages.language.voice import Voice


@dataclass(frozen=True)
class Part:
    """One kept region: its name, its evidence, its share of the image (0-1), its quality in a word."""

    region: Region
    name: RegionName
    evidence: Evidence
    share: float
    quality: str | None


@dataclass(frozen=True)
class Survey:
    """The image, its parts in the order of their numbers, and how many parts each noun names."""

    image: Evidence
    quality: str | None
    parts: tuple[Part, ...]
    kinds: Mapping[str, int]

    def own(self, part: Part) -> tuple[Distortion, ...]:
        """Distortions that a part does not share with the image, or has at least one degree more of."""
        return tuple(
            found for found in part.evidence.distortions if found.severity > (self.image.severity(found.family) or 0)
        )

    def shared(self, part: Part) -> tuple[Distortion, ...]:
        """Distortions that a part has in common with the image."""
        own = self.own(part)
        return tuple(found for found in part.evidence.distortions if found not in own)

    def relief(self, part: Part) -> tuple[Virtue, ...]:
        """Virtues of a part that deny a distortion of the image as a whole."""
        spoiled = set(self.image.families())
        return tuple(virtue for virtue in part.evidence.virtues() if spoiled.intersection(ABSENCE_OF_VIRTUE[virtue]))

    def share_of(self, families: frozenset[Family]) -> float:
        """Share of the image that parts with one of the families take together, overlaps counted twice."""
        return sum(part.share for part in self.parts if families.intersection(part.evidence.families()))

    def mention(self, parts: list[Part], voice: Voice, *, with_place: bool | None = None) -> Mention:
        """Linked words for some parts; places that are not needed come and go."""
        place = voice.chance(0.5) if with_place is None else with_place
        return mention([part.name for part in parts], self.kinds, with_place=place)


def survey(record: ImageRecord, voice: Voice) -> Survey:
    """Names, evidence and verdicts of an image and of all its kept regions."""
    names = name_regions(record, voice)
    parts = tuple(_part(record, region, names[region.region_id]) for region in record.kept_regions())
    image = of_image(record)
    quality = quality_of_image(image, [(part.evidence, part.share) for part in parts], record.scores)
    return Survey(image, quality, parts, count_kinds(names))


def _part(record: ImageRecord, region: Region, name: RegionName) -> Part:
    area = (record.width or 0) * (record.height or 0)
    evidence = of_region(record, region)
    scored = region.quality if region.quality in QUALITY_WORDS else None
    return Part(
        region, name, evidence, area_px(region.box_xyxy_px) / area if area else 0.0, quality_of(evidence, scored)
    )

"""What the model is told of one image: the picture, its regions by number, and what was measured.

Everything is said in words of the house; places stand in words and in the model's own coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manifests.geometry import scale_box
from manifests.records import ImageRecord
from manifests.vocabulary import FAMILIES, SEVERITY_WORDS
from stages.describe.schema import LEAST_SENTENCES, MOST_CLAIMS, Bounds
from stages.language.distortions import FAMILY_WORDS
from stages.language.english import join
from stages.language.evidence import Evidence, Virtue
from stages.language.survey import Part, Survey
from stages.mllm.families import Family, Shown, show, write_box
from stages.mllm.templates import render
from stages.pixels import crop, upright_rgb

PACKAGE = "stages.describe"

VIRTUE_NOUNS: dict[Virtue, str] = {
    "sharp": "good sharpness",
    "clean": "little noise",
    "well-exposed": "balanced exposure",
    "contrast": "good contrast",
    "colourful": "rich colour",
}

CROP_MARGIN = 1.3
"""How much larger than its box a crop is."""


@dataclass(frozen=True)
class Briefing:
    """The images and the question for one report, long and short."""

    images: tuple[bytes, ...]
    text: str
    shorter_text: str


def system_prompt() -> str:
    """The instructions that are the same for every image."""
    return render(PACKAGE, "system")


def brief(
    row: ImageRecord, survey: Survey, family: Family, bounds: Bounds, shorter: Bounds, *, crops: int, max_pixels: int
) -> Briefing:
    """The briefing for an image whose parts stand in the order of their numbers, 1 first."""
    pixels = upright_rgb(row)
    shown = show(pixels, family, max_pixels)
    cut = [
        show(crop(pixels, scale_box(part.region.box_xyxy_px, CROP_MARGIN, *row.upright_size())), family, max_pixels)
        for part in survey.parts[:crops]
    ]

    def text(within: Bounds) -> str:
        return render(
            PACKAGE,
            "report",
            image=_measured(survey.image, survey.quality),
            parts=[_described(number, part, shown, family) for number, part in enumerate(survey.parts, start=1)],
            crops=[{"image": number + 1, "number": number} for number in range(1, len(cut) + 1)],
            convention=family.convention,
            least=LEAST_SENTENCES,
            most=within.sentences,
            local=range(1, within.local + 1),
            most_local=within.local_sentences,
            most_claims=MOST_CLAIMS,
            families=", ".join(FAMILIES),
            brief=within != bounds,
        )

    return Briefing((shown.content, *(each.content for each in cut)), text(bounds), text(shorter))


def ordered(survey: Survey, most: int) -> list[Part]:
    """The most telling parts first: the most distorted, then the largest."""
    ranked = sorted(survey.parts, key=lambda part: (-part.evidence.worst(), -part.share, part.region.region_id))
    return ranked[:most]


def _described(number: int, part: Part, shown: Shown, family: Family) -> dict[str, object]:
    return {
        "number": number,
        "words": part.name.words(),
        "box": write_box(part.region.box_xyxy_px, shown, family),
        "measured": _measured(part.evidence, part.quality),
    }


def _measured(evidence: Evidence, quality: str | None) -> str:
    """Evidence in a line: "severe blur, mild noise; balanced exposure; quality poor"."""
    flaws = [f"{SEVERITY_WORDS[found.severity]} {FAMILY_WORDS[found.family].name}" for found in evidence.distortions]
    virtues = [VIRTUE_NOUNS[virtue] for virtue in evidence.virtues()]
    said = [join(flaws) if flaws else "no flaw found" if evidence.judged() else "not judged"]
    said += [join(virtues)] if virtues else []
    said += [f"quality {quality}"] if quality else []
    return "; ".join(said)


def numbers_of(parts: Sequence[Part]) -> dict[int, int]:
    """From the model's numbers to the numbers of the regions."""
    return {number: part.region.region_id for number, part in enumerate(parts, start=1)}

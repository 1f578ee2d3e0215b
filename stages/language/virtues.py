"""Words for good and for neutral properties, each bound to the measured range in which it is true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from manifests.records import Attributes
from stages.language.evidence import Evidence, Virtue, at_least, below
from stages.measure import scales


@dataclass(frozen=True)
class VirtueWords:
    """`adjectives` follow "is", `nouns` follow "with" or "has"; `strong_*` need the higher threshold."""

    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]
    strong_adjectives: tuple[str, ...]
    strong_nouns: tuple[str, ...]
    is_strong: Callable[[Attributes], bool]


VIRTUE_WORDS: dict[Virtue, VirtueWords] = {
    "sharp": VirtueWords(
        ("sharp", "clear"),
        ("clear edges", "well-defined edges", "sharp contours"),
        ("crisp", "very sharp", "crisply defined"),
        ("crisp edges", "crisp detail"),
        lambda values: at_least(values.sharpness, scales.CRISP),
    ),
    "clean": VirtueWords(
        ("free of visible noise", "clean"),
        ("no visible noise", "clean tones"),
        ("free of visible noise", "clean"),
        ("no visible noise", "clean tones"),
        lambda values: False,
    ),
    "well-exposed": VirtueWords(
        ("well exposed", "evenly exposed"),
        ("balanced exposure", "well-judged exposure"),
        ("well exposed", "evenly exposed"),
        ("balanced exposure", "well-judged exposure"),
        lambda values: False,
    ),
    "contrast": VirtueWords(
        (),
        ("good contrast", "ample contrast"),
        ("strong in contrast",),
        ("strong contrast", "a wide range of tones"),
        lambda values: at_least(values.contrast, scales.HIGH_CONTRAST),
    ),
    "colourful": VirtueWords(
        ("rich in colour",),
        ("rich colours",),
        ("vivid in colour",),
        ("vivid colours",),
        lambda values: at_least(values.saturation, scales.VIVID),
    ),
}


def adjectives(virtue: Virtue, things: Sequence[Attributes]) -> tuple[str, ...]:
    """Adjectives that are true of all things, which all have this virtue; may be empty."""
    words = VIRTUE_WORDS[virtue]
    return words.strong_adjectives if all(map(words.is_strong, things)) else words.adjectives


def nouns(virtue: Virtue, things: Sequence[Attributes]) -> tuple[str, ...]:
    """Noun phrases that are true of all things, which all have this virtue."""
    words = VIRTUE_WORDS[virtue]
    return words.strong_nouns if all(map(words.is_strong, things)) else words.nouns


def traits(evidence: Evidence) -> tuple[str, ...]:
    """Measured facts that are neither good nor bad, as predicates behind "is"."""
    values, families = evidence.attributes, evidence.families()
    found = []
    if below(values.luminance, scales.DIM) and "darken" not in families:
        found.append("dark in tone" if below(values.luminance, scales.DARK) else "rather dark in tone")
    if at_least(values.luminance, scales.BRIGHT) and "brighten" not in families:
        found.append("very bright in tone" if at_least(values.luminance, scales.VERY_BRIGHT) else "bright in tone")
    if "saturation-weaken" not in families:
        if below(values.saturation, scales.GREY):
            found.append("almost without colour")
        elif below(values.saturation, scales.MUTED):
            found.append("restrained in colour")
    return tuple(found)


def shows_detail(evidence: Evidence) -> bool:
    """Whether fine detail was measured and is not made by grain or blocks."""
    return "sharp" in evidence.virtues() and at_least(evidence.attributes.texture, scales.DETAILED)

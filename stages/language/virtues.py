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
        ("free of visible noise", "free of visible grain"),
        ("no visible noise", "no visible grain", "clean tones"),
        ("free of visible noise", "free of visible grain"),
        ("no visible noise", "no visible grain", "clean tones"),
        lambda values: False,
    ),
    "well-exposed": VirtueWords(
        ("well exposed", "properly exposed"),
        ("balanced exposure", "well-judged exposure"),
        ("well exposed", "properly exposed"),
        ("balanced exposure", "well-judged exposure"),
        lambda values: False,
    ),
    "contrast": VirtueWords(
        (),
        ("good contrast", "ample contrast"),
        ("strong in contrast",),
        ("strong contrast", "a wide tonal range"),
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


PARTLY_IN_FOCUS = 0.6
"""focus below which a part of the image is in focus and much of it is not."""


def adjectives(virtue: Virtue, things: Sequence[Attributes]) -> tuple[str, ...]:
    """Adjectives that are true of all things, which all have this virtue; may be empty."""
    words = VIRTUE_WORDS[virtue]
    return words.strong_adjectives if all(map(words.is_strong, things)) else words.adjectives


def nouns(virtue: Virtue, things: Sequence[Attributes]) -> tuple[str, ...]:
    """Noun phrases that are true of all things, which all have this virtue."""
    words = VIRTUE_WORDS[virtue]
    return words.strong_nouns if all(map(words.is_strong, things)) else words.nouns


def possessions(virtue: Virtue, things: Sequence[Attributes]) -> tuple[str, ...]:
    """The nouns that something can have: those that name a presence and not a lack."""
    return tuple(noun for noun in nouns(virtue, things) if not noun.startswith("no "))


def traits(evidence: Evidence) -> tuple[str, ...]:
    """Measured facts that are neither virtues nor distortions, as nouns behind "has"."""
    values, families = evidence.attributes, evidence.families()
    found = []
    if is_soft(evidence):
        found.append("very soft detail" if below(values.sharpness, scales.BLURRED) else "rather soft detail")
    if below(values.luminance, scales.DIM) and "darken" not in families:
        found.append("dark tones" if below(values.luminance, scales.DARK) else "rather dark tones")
    if at_least(values.luminance, scales.BRIGHT) and "brighten" not in families:
        found.append("very bright tones" if at_least(values.luminance, scales.VERY_BRIGHT) else "bright tones")
    if "saturation-weaken" not in families:
        if below(values.saturation, scales.GREY):
            found.append("almost no colour")
        elif below(values.saturation, scales.MUTED):
            found.append("restrained colours")
    return tuple(found)


def is_soft(evidence: Evidence) -> bool:
    """Whether the detail was measured soft, which is no distortion yet: a shallow depth of field looks so, too."""
    return below(evidence.attributes.sharpness, scales.SOFT) and "blur" not in evidence.families()


def is_partly_in_focus(evidence: Evidence) -> bool:
    """Whether something in the image is sharp and much of the rest is not, with no blur found as a distortion."""
    values = evidence.attributes
    return (
        at_least(values.sharpness, scales.SHARP)
        and at_least(values.texture, scales.PLAIN)
        and below(values.focus, PARTLY_IN_FOCUS)
        and "blur" not in {*evidence.families(), *evidence.possible}
        and not evidence.hides("blur")
    )


def matches(one: Evidence, other: Evidence) -> bool:
    """Whether all praise of the second thing is true of the first one, too."""
    ours, theirs = one.virtues(), other.virtues()
    return all(
        virtue in ours
        and (VIRTUE_WORDS[virtue].is_strong(one.attributes) or not VIRTUE_WORDS[virtue].is_strong(other.attributes))
        for virtue in theirs
    ) and (shows_detail(one) or not shows_detail(other))


def shows_detail(evidence: Evidence) -> bool:
    """Whether fine detail was measured and is not made by grain or blocks."""
    return "sharp" in evidence.virtues() and at_least(evidence.attributes.texture, scales.DETAILED)

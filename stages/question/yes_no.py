"""Yes-no questions: "yes" where the property was measured, "no" where the measurements show the contrary."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from manifests.vocabulary import Family, Spatial
from stages.language.comparison import comparatives
from stages.language.evidence import Virtue, at_least, below
from stages.language.voice import Voice
from stages.measure import scales
from stages.question import pools
from stages.question.pair import Pair, Target

VIRTUE_OF_AXIS: dict[str, Virtue] = {
    "blur": "sharp",
    "noise": "clean",
    "exposure": "well-exposed",
    "contrast": "contrast",
    "colour": "colourful",
}
"""The virtue that a "yes" to the good side of an axis needs; other axes need only that the family is not there."""

CLEARLY_THERE = 2
"""Severity from which a distortion is plainly there; a slight one makes yes and no disputable."""

TOPIC_OF_PROPERTY = {
    "bright": "tone",
    "dark": "tone",
    "vivid": "colour",
    "muted": "colour",
    "strong contrast": "contrast",
    "detail": "detail",
    "soft": "blur",
}
"""Properties of one topic answer each other."""

USUAL_ANSWERS = {"detail": True, "soft": False, "strong contrast": True}
"""What anyone would answer about an unseen photograph."""

RARE_AXES = frozenset({"compression", "harshness", "oversaturation", "pixelation"})
"""Axes on which most photographs are in order; only some of their denials are asked, or they would fill the pages."""

RARE_ASKED = 0.3

WORDS_ONLY = 0.2
"""Share of the questions on regions that name them without boxes, where words suffice."""


def yes_no_pairs(targets: Sequence[Target], voice: Voice) -> list[Pair]:
    """All questions that can be answered for certain."""
    pairs = []
    for target in targets:
        for name, axis in pools.AXES.items():
            there, absent = _state(target, axis.families)
            if not there and name in RARE_AXES and not voice.chance(RARE_ASKED):
                continue
            good = target.virtues()
            praised = VIRTUE_OF_AXIS[name] in good if name in VIRTUE_OF_AXIS else absent
            if axis.defect and (there or absent):
                pairs.append(_pair(target, axis.defect, there, name, voice, expected=not there))
            if axis.good and (there or praised):
                pairs.append(_pair(target, axis.good, not there, name, voice, expected=not there))
        for name, holds in properties(target):
            guessed = USUAL_ANSWERS.get(name) == holds
            topic = TOPIC_OF_PROPERTY[name]
            pairs.append(_pair(target, pools.PROPERTIES[name], holds, topic, voice, expected=guessed))
        if target.quality in ("good", "excellent", "poor", "bad"):
            approved = target.quality in ("good", "excellent")
            pairs.append(_pair(target, pools.QUALITY_YES_NO, approved, "quality", voice, expected=approved))
    return pairs + _compared(targets, voice)


def _compared(targets: Sequence[Target], voice: Voice) -> list[Pair]:
    """Whether one thing is sharper, brighter, ... than another one: as often true as not."""
    single = [target for target in targets if len(target.evidence) == 1]
    pairs = []
    for one, other in permutations(single, 2):
        for word in comparatives(one.evidence[0], other.evidence[0]):
            yes = voice.chance(0.5)
            first, second = (one, other) if yes else (other, one)
            if not first.is_image:
                slots = {**first.slots(linked=True), "b": second.linked, "word": word}
                question = voice.pick(pools.COMPARED).format(**slots)
                ids = tuple(sorted((*one.region_ids, *other.region_ids)))
                topic = pools.COMPARED_BY[word]
                pairs.append(Pair("yes-no", "referring", question, "Yes." if yes else "No.", topic, ids, yes))
    return pairs


def _state(target: Target, families: Sequence[Family]) -> tuple[bool, bool]:
    """Whether one of the families is plainly there, and whether all are shown not to be."""
    there = any((target.severity(family) or 0) >= CLEARLY_THERE for family in families)
    return there, all(target.is_free_of(family) for family in families)


def properties(target: Target) -> list[tuple[str, bool]]:
    """Properties that a target was measured to have, or clearly not to have."""
    values = [item.attributes for item in target.evidence]
    families = {family for item in target.evidence for family in item.families()}

    def all_at_least(attribute: str, bound: float) -> bool:
        return all(at_least(getattr(each, attribute), bound) for each in values)

    def all_below(attribute: str, bound: float) -> bool:
        return all(below(getattr(each, attribute), bound) for each in values)

    has_detail = "sharp" in target.virtues() and all_at_least("texture", scales.DETAILED)
    soft = all_below("sharpness", scales.SOFT)
    muted = all_at_least("saturation", scales.GREY) and all_below("saturation", scales.MUTED)
    candidates = (
        ("bright", all_at_least("luminance", scales.BRIGHT), all_below("luminance", scales.DIM), {"brighten"}),
        ("dark", all_below("luminance", scales.DIM), all_at_least("luminance", scales.BRIGHT), {"darken"}),
        ("vivid", all_at_least("saturation", scales.VIVID), all_below("saturation", scales.MUTED), _COLOUR),
        (
            "muted",
            muted,
            all_at_least("saturation", scales.COLOURFUL),
            _COLOUR,
        ),
        (
            "strong contrast",
            all_at_least("contrast", scales.HIGH_CONTRAST),
            all_below("contrast", scales.LOW_CONTRAST),
            {"contrast-strengthen"},
        ),
        ("detail", has_detail, all_below("texture", scales.PLAIN), _SPOILS_DETAIL),
        ("soft", soft, "sharp" in target.virtues() and all_at_least("sharpness", scales.CRISP), _SPOILS_DETAIL),
    )
    return [(name, yes) for name, yes, no, spoilt in candidates if (yes or no) and not families & spoilt]


_COLOUR = frozenset({"saturation-weaken", "saturation-strengthen"})
_SPOILS_DETAIL = frozenset({"blur", "noise", "compression", "pixelate", "oversharpen", "quantise"})


def _pair(
    target: Target, frames: Sequence[str], yes: bool, topic: str, voice: Voice, *, expected: bool = False
) -> Pair:
    spatial, linked = spatial_of(target, voice)
    question = voice.pick(frames).format(**target.slots(linked=linked))
    return Pair("yes-no", spatial, question, "Yes." if yes else "No.", topic, target.region_ids, yes, expected)


def spatial_of(target: Target, voice: Voice) -> tuple[Spatial, bool]:
    """Where the boxes of a question on a target stand, and whether the question links it."""
    if target.is_image:
        return "none", False
    words_only = bool(target.worded) and voice.chance(WORDS_ONLY)
    return ("none", False) if words_only else ("referring", True)

"""Open questions (what, why, how) with answers of a few words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from manifests.vocabulary import SEVERITY_WORDS, Family, QuestionFamily
from stages.language.comparison import comparatives
from stages.language.distortions import ADVERBS, FAMILY_WORDS
from stages.language.english import agree, capitalise, join
from stages.language.evidence import at_least, below
from stages.language.naming import answered
from stages.language.survey import Part, Survey
from stages.language.virtues import is_soft, possessions
from stages.language.voice import Voice
from stages.measure import scales
from stages.question import pools
from stages.question.pair import PRAISE, Pair, Target
from stages.question.yes_no import CLEARLY_THERE, spatial_of

HIDES_DETAIL: tuple[Family, ...] = ("blur", "noise", "compression", "pixelate", "darken", "brighten")
"""Families that can be the cause of unclear detail."""

MOST_IN_ANSWER = 4
"""Regions that an answer with boxes may list."""


def open_pairs(survey: Survey, targets: Sequence[Target], voice: Voice) -> list[Pair]:
    """All open questions that the evidence answers."""
    pairs = [pair for target in targets for pair in [*_what(target, voice), *_why(target, voice), *_how(target, voice)]]
    return pairs + _what_where(survey, voice) + _why_where(survey, voice) + _what_of_two(targets, voice)


def _ask(
    target: Target, family: QuestionFamily, frames: Sequence[str], answer: str, topic: str, voice: Voice, **slots: str
) -> Pair:
    spatial, linked = spatial_of(target, voice)
    question = voice.pick(frames).format(**{**target.slots(linked=linked), **slots})
    return Pair(family, spatial, question, f"{capitalise(answer)}.", topic, target.region_ids)


def _names(families: Sequence[Family]) -> str:
    return join([FAMILY_WORDS[family].name for family in families])


def _what(target: Target, voice: Voice) -> list[Pair]:
    families = target.families()
    if families:
        pairs = [_ask(target, "what", pools.WHAT_DISTORTION, _names(families), "distortion", voice)]
        severities = [target.severity(family) or 0 for family in families]
        if len(families) > 1 and severities[0] > max(severities[1:]):
            pairs.append(_ask(target, "what", pools.WHAT_MAIN, _names(families[:1]), "distortion", voice))
        return pairs
    if target.quality in ("good", "excellent"):
        praise = _praise(target, voice)
        return [_ask(target, "what", pools.WHAT_GOOD, praise, f"{PRAISE} what", voice)] if praise else []
    return []


def _praise(target: Target, voice: Voice) -> str:
    """The two most telling virtues as nouns."""
    things = [item.attributes for item in target.evidence]
    return join([voice.pick(possessions(virtue, things)) for virtue in target.virtues()[:2]])


def _why(target: Target, voice: Voice) -> list[Pair]:
    families = target.families()
    pairs = []
    detailed = all(item.has_detail() for item in target.evidence)
    hiding = HIDES_DETAIL if detailed else ("blur", "pixelate", "darken")
    causes = [family for family in families if family in hiding and (target.severity(family) or 0) >= 3]
    if causes:
        pairs.append(_ask(target, "why", pools.WHY_UNCLEAR, _names(causes), "unclear", voice))
    if families and target.quality in ("fair", "poor", "bad"):
        answer = f"because of {_names(families[:2])}"
        slots = {"quality": target.quality, "only": "only " if target.quality == "fair" else ""}
        pairs.append(_ask(target, "why", pools.WHY_BAD, answer, "reason", voice, **slots))
    if not families and target.quality in ("good", "excellent"):
        praise = _praise(target, voice)
        if praise:
            answer = f"because of {praise}"
            pairs.append(_ask(target, "why", pools.WHY_GOOD, answer, f"{PRAISE} why", voice, quality=target.quality))
    return pairs


def _how(target: Target, voice: Voice) -> list[Pair]:
    pairs = []
    for frames, topic, families, praise in _degrees_asked(target):
        answer = _measured_degree(target, families) or (voice.pick(praise) if praise else "")
        if answer:
            pairs.append(_ask(target, "how", frames, answer, topic, voice))
            if topic in pools.WHAT_LEVEL:
                pairs.append(_ask(target, "what", pools.WHAT_LEVEL[topic], answer, topic, voice))
    for family in target.families():
        severity = target.severity(family)
        if severity:
            words = FAMILY_WORDS[family]
            degree_name = pools.DEGREE_NAMES.get(family, words.name)
            slots = {"degree_name": degree_name, "is_name": agree("is", words.name_plural)}
            answer = SEVERITY_WORDS[severity]
            pairs.append(_ask(target, "how", pools.HOW_SEVERE, answer, f"how {family}", voice, **slots))
    if target.quality:
        pairs.append(_ask(target, "how", pools.HOW_GOOD, target.quality, "verdict", voice))
    return pairs


Words = tuple[str, ...]
Families = tuple[Family, ...]


def _degrees_asked(target: Target) -> list[tuple[Words, str, Families, Words]]:
    """Frames, topic, the families whose degree answers, and the answers where there is none of them."""
    values = [item.attributes for item in target.evidence]
    good = target.virtues()
    crisp = all(at_least(each.sharpness, scales.CRISP) for each in values)
    soft = all(is_soft(item) for item in target.evidence)
    strong = all(at_least(each.contrast, scales.HIGH_CONTRAST) for each in values)
    vivid = all(at_least(each.saturation, scales.VIVID) for each in values)
    grey = all(below(each.saturation, scales.GREY) for each in values)
    muted = all(below(each.saturation, scales.MUTED) for each in values)
    sharp = _if("sharp" in good, pools.HOW_SHARP_CRISP if crisp else pools.HOW_SHARP_GOOD)
    contrast = _if("contrast" in good, pools.HOW_CONTRAST_STRONG if strong else pools.HOW_CONTRAST_GOOD)
    colour = _if("colourful" in good, pools.HOW_COLOUR_VIVID if vivid else pools.HOW_COLOUR_RICH)
    exposed = _if("well-exposed" in good, pools.HOW_EXPOSED_WELL)
    return [
        (pools.HOW_SHARP, "blur", ("blur",), sharp or _if(soft, pools.HOW_SHARP_SOFT)),
        (pools.HOW_NOISY, "noise", ("noise",), _if("clean" in good, pools.HOW_NOISY_CLEAN)),
        (pools.HOW_EXPOSED, "exposure", ("brighten", "darken"), exposed),
        (pools.HOW_CONTRAST, "contrast", ("contrast-weaken", "contrast-strengthen"), contrast),
        (
            pools.HOW_COLOUR,
            "colour",
            ("saturation-weaken", "saturation-strengthen"),
            colour or _if(grey, pools.HOW_COLOUR_NONE) or _if(muted, pools.HOW_COLOUR_MUTED),
        ),
    ]


def _if(holds: bool, words: tuple[str, ...]) -> tuple[str, ...]:
    return words if holds else ()


def _measured_degree(target: Target, families: Sequence[Family]) -> str:
    """The degree of the one family that is there; empty if none or several are."""
    there = [(family, severity) for family in families if (severity := target.severity(family))]
    if len(there) != 1:
        return ""
    ((family, severity),) = there
    return pools.HOW_ANSWERS[family].format(adverb=ADVERBS[severity], degree=pools.DEGREES[severity])


def _what_where(survey: Survey, voice: Voice) -> list[Pair]:
    """The question what is blurred, answered by all regions that are, where the image as a whole is not."""
    pairs = []
    found = dict.fromkeys(distortion.family for part in survey.parts for distortion in part.evidence.distortions)
    for family in found:
        those = [part for part in survey.parts if part.evidence.severity(family)]
        clear = all((part.evidence.severity(family) or 0) >= CLEARLY_THERE for part in those)
        if survey.image.severity(family) is None and clear and len(those) <= MOST_IN_ANSWER:
            question = voice.pick(pools.WHAT_IS_STATE).format(state=FAMILY_WORDS[family].plain_state)
            pairs.append(_grounded("what", question, survey, those, f"where {family}"))
    sharp = [part for part in survey.parts if "sharp" in part.evidence.virtues()]
    others = [part for part in survey.parts if part not in sharp]
    if 0 < len(sharp) <= MOST_IN_ANSWER and others and all(part.evidence.severity("blur") for part in others):
        pairs.append(_grounded("what", voice.pick(pools.WHAT_SHARP), survey, sharp, "where sharp"))
    return pairs


def _what_of_two(targets: Sequence[Target], voice: Voice) -> list[Pair]:
    """Which of two regions is sharper, brighter, darker or more colourful: both stand in the question."""
    single = [target for target in targets if len(target.region_ids) == 1 and target.worded]
    pairs = []
    for one, other in permutations(single, 2):
        for word in comparatives(one.evidence[0], other.evidence[0]):
            if word in pools.COMPARISONS and not (word == "sharper" and "sharp" not in one.virtues()):
                first, second = voice.shuffled([one, other])
                question = voice.pick(pools.COMPARISONS[word]).format(a=first.linked, b=second.linked)
                ids = tuple(sorted((*one.region_ids, *other.region_ids)))
                answer = f"{capitalise(one.worded)}."
                pairs.append(Pair("what", "referring", question, answer, pools.COMPARED_BY[word], ids))
    return pairs


def _why_where(survey: Survey, voice: Voice) -> list[Pair]:
    """The question why the image is not better, answered by the one family that spoils some regions."""
    spoiled = [part for part in survey.parts if part.evidence.worst() >= CLEARLY_THERE]
    families = {part.evidence.families()[0] for part in spoiled}
    if survey.image.distortions or len(families) != 1 or not 0 < len(spoiled) <= MOST_IN_ANSWER:
        return []
    (family,) = families
    name = answered([part.name for part in spoiled], survey.kinds)
    preposition = "in" if spoiled[0].name.generic else "on"
    answer = f"{capitalise(FAMILY_WORDS[family].name)} {preposition} {name.text}."
    return [Pair("why", "grounding", voice.pick(pools.WHY_PART), answer, "reason", name.region_ids)]


def _grounded(family: QuestionFamily, question: str, survey: Survey, parts: Sequence[Part], topic: str) -> Pair:
    name = answered([part.name for part in parts], survey.kinds)
    return Pair(family, "grounding", question, f"{capitalise(name.text)}.", topic, name.region_ids)

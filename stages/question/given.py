"""Questions on given texts without a model: their answers follow from what a text says of a thing that has boxes.

Grounding-IQA (arXiv 2411.17237, section 3.3): "Yes" follows from the description, "No" cannot be inferred from it.
Where the measurements contradict a text, or two texts differ, nothing is asked; and a flaw that no text mentions is
only denied where it was not measured either.
"""

from __future__ import annotations

from collections.abc import Sequence

from manifests.vocabulary import Family, QuestionFamily
from stages.language.distortions import FAMILY_WORDS
from stages.language.english import agree, capitalise, join
from stages.language.quality_words import STRONG, WEAK
from stages.language.spoken import Said, Spoken
from stages.language.voice import Voice
from stages.question import pools
from stages.question.choose import balanced_yes_no, varied
from stages.question.pair import Pair

AUTHOR = "templates on given texts"

HOW_FRAMES: dict[str, tuple[tuple[str, ...], tuple[Family, ...], frozenset[str]]] = {
    "sharpness": (
        pools.HOW_SHARP,
        ("blur",),
        frozenset(
            {"clear", "sharp", "crisp", "in focus", "blurred", "blurry", "soft", "out of focus", "unclear", "fuzzy"}
        ),
    ),
    "exposure": (
        pools.HOW_EXPOSED,
        ("brighten", "darken"),
        frozenset({"overexposed", "underexposed", "too bright", "too dark", "good exposure", "accurate exposure"}),
    ),
    "contrast": (
        pools.HOW_CONTRAST,
        ("contrast-weaken", "contrast-strengthen"),
        frozenset({"low contrast", "flat", "good contrast", "strong contrast", "high contrast", "hazy"}),
    ),
    "colour": (
        pools.HOW_COLOUR,
        ("saturation-weaken", "saturation-strengthen"),
        frozenset({"vivid", "vibrant", "dull", "pale", "faded", "muted", "oversaturated", "natural colours"}),
    ),
}
"""Frames of a degree question, its families, and the words of quality that answer it."""

PRAISE_NOUNS: dict[Family, tuple[str, ...]] = {
    "blur": ("its clarity", "clear detail"),
    "noise": ("the absence of noise",),
    "brighten": ("good exposure",),
    "darken": ("good exposure",),
    "contrast-weaken": ("good contrast",),
    "saturation-weaken": ("vivid colours", "rich colours"),
    "saturation-strengthen": ("natural colours",),
}
"""What speaks for a thing that a text frees of a family. "its" agrees with the thing."""

OFTEN_SEEN: tuple[Family, ...] = ("blur", "noise", "brighten", "darken", "saturation-weaken", "contrast-weaken")
"""Flaws that people name when they see them, so that a text which is silent on one does not let it be inferred."""

MOST_IN_ANSWER = 4


def given_pairs(
    things: Sequence[Spoken], unboxed: frozenset[Family], voice: Voice, *, most_yes_no: int, most_open: int, equal: bool
) -> list[Pair]:
    """The pairs of one image; `unboxed` are families that a text blames on something for which there is no box.

    `equal`: as many open questions as yes-no ones, as in Grounding-IQA.
    """
    closed = balanced_yes_no(voice.shuffled(yes_no_pairs(things, voice)), most_yes_no)
    asked = varied(voice.shuffled(open_pairs(things, unboxed, voice)), most_open)
    if equal:
        both = 2 * (min(len(closed), len(asked)) // 2)
        closed, asked = closed[:both], asked[:both]
    return [*voice.shuffled(closed), *asked]


def yes_no_pairs(things: Sequence[Spoken], voice: Voice) -> list[Pair]:
    """All yes-no questions on the things of an image."""
    pairs = []
    for thing in things:
        blamed, praised, silent = thing.blamed(), thing.praised(), _silent(thing)
        for name, axis in pools.AXES.items():
            there = any(family in blamed for family in axis.families)
            denied = not there and all(family in praised for family in axis.families)
            if axis.defect and (there or denied):
                pairs.append(_pair(thing, axis.defect, there, name, voice))
            if axis.good and (there or denied):
                pairs.append(_pair(thing, axis.good, not there, name, voice))
            if axis.defect and all(family in silent for family in axis.families):
                pairs.append(_pair(thing, axis.defect, False, name, voice, expected=True))
        if thing.verdict():
            pairs.append(_pair(thing, pools.QUALITY_YES_NO, thing.verdict() > 0, "quality", voice))
    return pairs


def open_pairs(things: Sequence[Spoken], unboxed: frozenset[Family], voice: Voice) -> list[Pair]:
    """What, why and how on the things of an image."""
    pairs = [pair for thing in things for pair in [*_what(thing, voice), *_why(thing, voice), *_how(thing, voice)]]
    return pairs + _where(things, unboxed, voice)


def _silent(thing: Spoken) -> list[Family]:
    known = thing.mentioned() | thing.measured
    return [family for family in OFTEN_SEEN if family not in known]


def _what(thing: Spoken, voice: Voice) -> list[Pair]:
    if thing.blamed():
        answer = join([FAMILY_WORDS[family].name for family in thing.blamed()[:2]])
        return [_ask(thing, "what", pools.WHAT_DISTORTION, answer, "distortion", voice)]
    return [_ask(thing, "what", pools.WHAT_GOOD, answer, "praise", voice) for answer in _praises(thing, voice)]


def _why(thing: Spoken, voice: Voice) -> list[Pair]:
    if thing.blamed():
        answer = f"because of {join([FAMILY_WORDS[family].name for family in thing.blamed()[:2]])}"
        return [_ask(thing, "why", WHY_NOT_BETTER, answer, "reason", voice)]
    return [
        _ask(thing, "why", WHY_GOOD, f"because of {answer}", "praise why", voice) for answer in _praises(thing, voice)
    ]


WHY_NOT_BETTER = ("Why {does} {t} not look better?", "Why is the quality of {t} reduced?")
WHY_GOOD = ("Why {does} {t} look good?", "Why does the quality of {t} stand out?")


def _praises(thing: Spoken, voice: Voice) -> list[str]:
    """At most one answer: the two first virtues as nouns; none where a text also blames."""
    if any(each.saying.polarity < 0 for each in thing.said):
        return []
    nouns = [voice.pick(PRAISE_NOUNS[family]) for family in thing.praised() if family in PRAISE_NOUNS]
    answer = join(list(dict.fromkeys(nouns))[:2])
    return [answer.replace("its ", "their ") if thing.plural else answer] if answer else []


def _how(thing: Spoken, voice: Voice) -> list[Pair]:
    pairs = []
    for topic, (frames, families, answers) in HOW_FRAMES.items():
        on_topic = [each for each in thing.said if set(families) & set(each.saying.families)]
        if len(on_topic) == 1 and on_topic[0].saying.text in answers and not thing.doubtful.intersection(families):
            pairs.append(_ask(thing, "how", frames, on_topic[0].words, topic, voice))
    noisy = [each for each in thing.said if each.saying.families == ("noise",)]
    if len(noisy) == 1 and "noise" not in thing.doubtful and _has_degree(noisy[0]):
        pairs.append(_ask(thing, "how", pools.HOW_NOISY, noisy[0].words, "noise", voice))
    overall = [each for each in thing.said if each.saying.text in ("good", "excellent", "poor", "bad", "acceptable")]
    if len(overall) == 1:
        pairs.append(_ask(thing, "how", pools.HOW_GOOD, overall[0].words, "verdict", voice))
    return pairs


def _has_degree(said: Said) -> bool:
    return said.saying.polarity < 0 and said.words.split()[0] in STRONG | WEAK


def _where(things: Sequence[Spoken], unboxed: frozenset[Family], voice: Voice) -> list[Pair]:
    """What is overexposed, answered by the boxes of all things of which a text says so."""
    pairs = []
    for family in dict.fromkeys(family for thing in things for family in thing.blamed()):
        those = [thing for thing in things if family in thing.blamed()]
        doubt = any(family in thing.doubtful for thing in things)
        if family not in unboxed and not doubt and len(those) <= MOST_IN_ANSWER:
            question = voice.pick(pools.WHAT_IS_STATE).format(state=FAMILY_WORDS[family].plain_state)
            ids = tuple(dict.fromkeys(number for thing in those for number in thing.region_ids))
            answer = f"{capitalise(join([thing.linked for thing in those]))}."
            pairs.append(Pair("what", "grounding", question, answer, f"where {family}", ids))
    return pairs


def _ask(thing: Spoken, family: QuestionFamily, frames: Sequence[str], answer: str, topic: str, voice: Voice) -> Pair:
    question = voice.pick(frames).format(**_slots(thing))
    return Pair(family, "referring", question, f"{capitalise(answer)}.", topic, thing.region_ids)


def _pair(thing: Spoken, frames: Sequence[str], yes: bool, topic: str, voice: Voice, *, expected: bool = False) -> Pair:
    question = voice.pick(frames).format(**_slots(thing))
    answer = "Yes." if yes else "No."
    return Pair("yes-no", "referring", question, answer, topic, thing.region_ids, yes, expected)


def _slots(thing: Spoken) -> dict[str, str]:
    verbs = {verb: agree(verb, thing.plural) for verb in ("is", "does", "looks", "has", "appears")}
    capitals = {"Is": verbs["is"].capitalize(), "Does": verbs["does"].capitalize()}
    return {"t": thing.linked, "on": "on", **verbs, **capitals}

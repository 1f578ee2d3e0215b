"""Passages on single regions."""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import Distortion, Passage
from manifests.vocabulary import Family
from stages.describe import pools
from stages.describe.grammar import MOST_DISTORTIONS, REGION_GOOD, passage
from stages.describe.phrasing import (
    GoodFrames,
    Sentence,
    Subject,
    distorted_sentence,
    good_sentence,
    shared_sentence,
    simple_sentence,
)
from stages.language.comparison import comparatives
from stages.language.english import agree, join
from stages.language.survey import Part, Survey
from stages.language.virtues import traits
from stages.language.voice import Voice

SAID_BY: dict[Family, str] = {
    "blur": "softer",
    "brighten": "brighter",
    "darken": "darker",
    "saturation-weaken": "less colourful",
    "saturation-strengthen": "more colourful",
}
"""Comparatives that repeat a distortion."""

HALF = 0.5
"""Share of the image from which a region is no longer compared with the image: it makes up most of it."""

STILL_GOOD = GoodFrames(pools.LOCAL_STILL_GOOD, pools.LOCAL_STILL_GOOD_NOUNS)
ALSO_GOOD = GoodFrames(pools.LOCAL_ALSO_GOOD, pools.LOCAL_ALSO_GOOD_NOUNS)


def local_passages(survey: Survey, voice: Voice, most: int) -> list[Passage]:
    """Passages on the most telling regions: distorted ones first, then the largest.

    Regions that words cannot tell apart, and regions of which nothing was measured, get none.
    """
    worth = [part for part in survey.parts if part.name.unique and _can_be_described(part)]
    worth.sort(key=lambda part: (-part.evidence.worst(), -part.share, part.region.region_id))
    return [_local_passage(survey, part, voice) for part in worth[:most]]


def _can_be_described(part: Part) -> bool:
    return bool(part.evidence.distortions) or bool(part.evidence.virtues())


def _local_passage(survey: Survey, part: Part, voice: Voice) -> Passage:
    subject = Subject.of(survey.mention([part], voice, with_place=True))
    question = voice.pick(pools.LOCAL_QUESTIONS).format(
        words=f"the {part.name.words()}",
        **{verb: agree(verb, subject.plural) for verb in ("is", "does", "appears")},
    )
    return passage("local", question, [*_body(survey, part, subject, voice), *_verdict(part, subject, voice)])


def _body(survey: Survey, part: Part, subject: Subject, voice: Voice) -> list[Sentence]:
    evidence, distortions = part.evidence, part.evidence.distortions[:MOST_DISTORTIONS]
    virtues = evidence.virtues()
    sentences: list[Sentence] = []
    if distortions:
        for frames, found in ((pools.LOCAL_DISTORTED, distortions[:1]), (pools.LOCAL_ALSO_DISTORTED, distortions[1:])):
            if found:
                detail = evidence.has_detail()
                sentences.append(distorted_sentence(frames, subject, found, voice, has_detail=detail))
        if virtues:
            sentences.append(good_sentence(STILL_GOOD, subject, [evidence], virtues[:2], voice))
        shared = survey.shared(part)
        if shared:
            sentences.append(_image_too(shared[:2], subject, voice))
    else:
        sentences.append(good_sentence(REGION_GOOD, subject, [evidence], virtues[:2], voice))
        if virtues[2:]:
            sentences.append(good_sentence(ALSO_GOOD, subject, [evidence], virtues[2:], voice))
    compared = _compared(survey, part) if part.share < HALF else []
    if compared:
        frame = pools.LOCAL_COMPARED
        sentences.append(simple_sentence(frame, subject, voice, comparatives=join(compared)))
    elif traits(evidence) and not subject.human:
        sentences.append(simple_sentence(pools.LOCAL_TRAITS, subject, voice, traits=join(traits(evidence))))
    return sentences


def _compared(survey: Survey, part: Part) -> list[str]:
    """Comparatives that say more than the distortions did."""
    said = {SAID_BY[family] for family in part.evidence.families() if family in SAID_BY}
    return [word for word in comparatives(part.evidence, survey.image) if word not in said]


def _image_too(shared: Sequence[Distortion], subject: Subject, voice: Voice) -> Sentence:
    """What the region has in common with the image: a claim about the image."""
    sentence = shared_sentence(pools.LOCAL_IMAGE_TOO, subject, shared, voice)
    for claim in sentence.claims:
        claim.region_ids = []
    return sentence


def _verdict(part: Part, subject: Subject, voice: Voice) -> list[Sentence]:
    if part.quality is None:
        return []
    return [simple_sentence(pools.LOCAL_VERDICTS, subject, voice, quality=part.quality)]

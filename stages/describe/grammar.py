"""The evidence author: what to say of an image, in which order. Deterministic for one record and one `Voice`.

A statement stands only on a measured distortion, on an attribute in a named range, or on a detected region.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from manifests.records import Passage
from stages.describe import pools
from stages.describe.phrasing import (
    THE_IMAGE,
    GoodFrames,
    Sentence,
    Subject,
    distorted_sentence,
    free_sentence,
    good_sentence,
    same_sentence,
    shared_sentence,
    simple_sentence,
)
from stages.language.distortions import FAMILY_WORDS
from stages.language.english import agree, join
from stages.language.evidence import ARTEFACTS, Virtue
from stages.language.survey import Part, Survey
from stages.language.virtues import is_partly_in_focus, matches, traits
from stages.language.voice import Voice

MOST_DISTORTIONS = 3
"""Distortions that one sentence names."""

MOST_TOGETHER = 4
"""Regions that one sentence names."""

MOST_GOOD_SENTENCES = 2
"""Sentences on regions that are in order."""


FEW_REGIONS = 2
"""Kept regions below which the image itself is described in full."""

SAID_AT_ONCE = 0.4
"""Share of images whose regions are added to the praise of the whole where it is true of them."""

LITTLE = 0.25
"""Share of the image up to which distorted regions leave "most of the image" untouched."""

IMAGE_GOOD = GoodFrames(pools.IMAGE_GOOD, pools.IMAGE_GOOD_NOUNS)
IMAGE_MOSTLY_GOOD = GoodFrames(pools.IMAGE_MOSTLY_GOOD, pools.IMAGE_MOSTLY_GOOD_NOUNS)
IMAGE_ALSO_GOOD = GoodFrames(pools.IMAGE_ALSO_GOOD, pools.IMAGE_ALSO_GOOD_NOUNS)
IMAGE_MORE_GOOD = GoodFrames(pools.IMAGE_MORE_GOOD, pools.IMAGE_MORE_GOOD_NOUNS)
REGION_GOOD = GoodFrames(pools.REGION_GOOD, pools.REGION_GOOD_NOUNS)
REGION_SPARED = GoodFrames(pools.REGION_SPARED, pools.REGION_SPARED_NOUNS)


def global_passage(survey: Survey, voice: Voice, most_sentences: int) -> Passage:
    """The passage on the whole image: the image, up to `most_sentences` on its regions, the verdict."""
    regions = _region_sentences(survey, voice)[:most_sentences]
    sentences = [*_opening(survey, voice), *_another(regions), *_verdict(survey, voice)]
    question = voice.pick(pools.GLOBAL_QUESTIONS)
    if any("](#" in sentence.text for sentence in sentences):
        question += voice.pick(pools.FORMAT_HINTS)
    return passage("global", question, sentences)


_INDEFINITE = re.compile(r"\b([Aa])n (\[[^\]]+\])")


def _another(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences, with "another" where words for an area come a second time."""
    met: set[str] = set()

    def article(found: re.Match[str]) -> str:
        again = found[2] in met
        met.add(found[2])
        return f"{found[1]}nother {found[2]}" if again else found[0]

    return [replace(sentence, text=_INDEFINITE.sub(article, sentence.text)) for sentence in sentences]


def passage(level: str, question: str, sentences: Sequence[Sentence]) -> Passage:
    """Sentences as one passage."""
    return Passage.model_validate(
        {
            "level": level,
            "question": question,
            "text": " ".join(sentence.text for sentence in sentences),
            "claims": [claim for sentence in sentences for claim in sentence.claims],
        }
    )


def _opening(survey: Survey, voice: Voice) -> list[Sentence]:
    image = survey.image
    mostly = image if survey.share_of(image.possible) > LITTLE else replace(image, possible=frozenset())
    virtues, most_virtues = image.virtues(), mostly.virtues()
    opening: list[Sentence] = []
    if image.distortions:
        shown = image.distortions[:MOST_DISTORTIONS]
        detail = image.has_detail()
        opening.append(distorted_sentence(pools.IMAGE_DISTORTED, THE_IMAGE, shown, voice, has_detail=detail))
        if virtues:
            opening.append(good_sentence(IMAGE_ALSO_GOOD, THE_IMAGE, [image], _some(virtues, 4, voice), voice))
    elif len(most_virtues) > len(virtues):
        opening.append(good_sentence(IMAGE_MOSTLY_GOOD, THE_IMAGE, [image], _some(most_virtues, 4, voice), voice))
    elif virtues:
        opening += _praise(survey, virtues, voice)
    else:
        opening.append(simple_sentence(pools.IMAGE_PLAIN if image.judged() else pools.IMAGE_UNJUDGED, THE_IMAGE, voice))
    if is_partly_in_focus(image):
        opening.append(simple_sentence(pools.IMAGE_PARTLY_IN_FOCUS, THE_IMAGE, voice))
    if traits(image):
        opening.append(simple_sentence(pools.IMAGE_TRAITS, THE_IMAGE, voice, traits=join(traits(image))))
    return opening


def _praise(survey: Survey, virtues: Sequence[Virtue], voice: Voice) -> list[Sentence]:
    """Praise of an image without distortions: in full where there are few regions to speak of, else in one sentence.

    Regions with all the virtues that were named are added in the same breath.
    """
    image = survey.image
    if len(survey.parts) < FEW_REGIONS and len(virtues) > 2:
        first, more = virtues[:2], virtues[2:]
        sentences = [
            good_sentence(IMAGE_GOOD, THE_IMAGE, [image], first, voice),
            good_sentence(IMAGE_MORE_GOOD, THE_IMAGE, [image], more, voice),
        ]
    else:
        sentences = [good_sentence(IMAGE_GOOD, THE_IMAGE, [image], _some(virtues, 4, voice), voice)]
    absent = [family for family in ARTEFACTS if image.is_free_of(family)]
    if absent and len(survey.parts) < FEW_REGIONS and voice.chance(0.6):
        names = join([FAMILY_WORDS[family].name for family in absent], "or")
        sentences.append(free_sentence(pools.IMAGE_ALSO_FREE, THE_IMAGE, absent, names, voice))
    return sentences


def _some(virtues: Sequence[Virtue], most: int, voice: Voice) -> list[Virtue]:
    """The first virtue and some of the others, so that not every text lists all of them."""
    kept = [virtue for index, virtue in enumerate(virtues) if index == 0 or voice.chance(0.7)]
    return kept[:most]


def _region_sentences(survey: Survey, voice: Voice) -> list[Sentence]:
    """Distorted regions first, the worst and largest leading; then regions in order, then those like the image."""
    remaining = list(survey.parts)
    distorted = [part for part in remaining if survey.own(part)]
    remaining = [part for part in remaining if part not in distorted]
    spared = [part for part in remaining if survey.relief(part)]
    remaining = [part for part in remaining if part not in spared]
    good = [part for part in remaining if not part.evidence.distortions and part.evidence.virtues()]
    shared = [part for part in remaining if survey.shared(part)]
    plain = [
        part
        for part in remaining
        if part not in good and part not in shared and part.evidence.judged() and not part.evidence.possible
    ]

    distorted.sort(key=lambda part: (-part.evidence.worst(), -part.share, part.region.region_id))
    sentences = [
        _distorted(survey, group, voice)
        for group in _grouped(distorted, lambda part: tuple((d.family, d.severity) for d in survey.own(part)))
    ]
    sentences += [
        _good(survey, group, REGION_SPARED, survey.relief(group[0]), voice)
        for group in _grouped(spared, survey.relief)[:MOST_GOOD_SENTENCES]
    ]
    if not sentences and _follows_praise(survey) and voice.chance(SAID_AT_ONCE):
        alike = [part for part in good if matches(part.evidence, survey.image)][:MOST_TOGETHER]
        good = [part for part in good if part not in alike]
        if alike:
            subject = Subject.of(survey.mention(alike, voice))
            sentences.append(same_sentence(pools.REGION_SAME, subject, survey.image.virtues(), voice))
    sentences += [
        _good(survey, group, REGION_GOOD, _some(_common_virtues(group), 3, voice), voice)
        for group in _grouped(good, lambda part: part.evidence.virtues()[:1])[:MOST_GOOD_SENTENCES]
    ]
    for group in _grouped(shared, lambda part: frozenset(d.family for d in survey.shared(part)))[:1]:
        subject = Subject.of(survey.mention(group, voice))
        sentences.append(shared_sentence(pools.REGION_SHARED, subject, survey.shared(group[0]), voice))
    if plain and not spared and not good:
        subject = Subject.of(survey.mention(plain[:MOST_TOGETHER], voice))
        sentences.append(simple_sentence(pools.REGION_PLAIN, subject, voice))
    return sentences


def _follows_praise(survey: Survey) -> bool:
    """Whether the sentence before the regions praised the image without reserve."""
    image = survey.image
    return bool(image.virtues()) and not image.possible and not traits(image) and len(survey.parts) >= FEW_REGIONS


def _common_virtues(group: Sequence[Part]) -> list[Virtue]:
    first, *others = [part.evidence.virtues() for part in group]
    return [virtue for virtue in first if all(virtue in other for other in others)]


def _grouped(parts: Sequence[Part], key: Callable[[Part], Hashable]) -> list[list[Part]]:
    """Parts with equal keys together, in the order of their first, at most MOST_TOGETHER in a group."""
    groups: dict[Hashable, list[Part]] = {}
    for part in parts:
        groups.setdefault(key(part), []).append(part)
    return [
        group[start : start + MOST_TOGETHER]
        for group in groups.values()
        for start in range(0, len(group), MOST_TOGETHER)
    ]


def _distorted(survey: Survey, group: list[Part], voice: Voice) -> Sentence:
    subject = Subject.of(survey.mention(group, voice))
    detail = all(part.evidence.has_detail() for part in group)
    shown = survey.own(group[0])[:MOST_DISTORTIONS]
    return distorted_sentence(pools.REGION_DISTORTED, subject, shown, voice, has_detail=detail)


def _good(survey: Survey, group: list[Part], frames: GoodFrames, virtues: Sequence[Virtue], voice: Voice) -> Sentence:
    subject = Subject.of(survey.mention(group, voice))
    return good_sentence(frames, subject, [part.evidence for part in group], virtues, voice)


def _verdict(survey: Survey, voice: Voice) -> list[Sentence]:
    quality = survey.quality
    if quality is None:
        return []
    strong = [found for found in survey.image.distortions if found.severity >= 3][:2]
    if strong and quality in ("bad", "poor", "fair") and voice.chance(0.5):
        words = [FAMILY_WORDS[found.family] for found in strong]
        plural = len(words) > 1 or words[0].name_plural
        names = join([word.name for word in words])
        leaves = agree("leaves", plural)
        return [simple_sentence(pools.VERDICTS_BECAUSE, THE_IMAGE, voice, names=names, leaves=leaves, quality=quality)]
    return [simple_sentence(pools.VERDICTS, THE_IMAGE, voice, quality=quality)]

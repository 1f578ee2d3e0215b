"""Yes-no and what questions of GIQA-VQA on planted truth (Grounding-IQA, arXiv 2411.17237, section 3.3), boxes in them.

A question with the answer yes comes with one on the same region with the answer no, and the distortion that is denied
is drawn as often as `distort` plants it: who reads the questions and not the image is right half of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import ImageRecord
from manifests.vocabulary import DISTORTIONS, Family
from stages.language.english import capitalise, join
from stages.language.planted import FAMILY_NAMES, TrueRegion, true_regions
from stages.language.voice import Voice
from stages.question import planted_pools as pools
from stages.question.pair import Pair

AS_OFTEN_AS_PLANTED: tuple[Family, ...] = tuple(family for family, names in DISTORTIONS.items() for _ in names)
"""Each family once for each of its distortions: all distortions are planted alike."""


def planted_closed_pairs(row: ImageRecord, voice: Voice, *, most_yes_no: int, most_what: int) -> list[Pair]:
    """Yes-no pairs in equal numbers, and what pairs, of one image; nothing for an image that was left alone."""
    touched = [region for region in true_regions(row) if region.distortions]
    asked = voice.shuffled([(region, family) for region in touched for family in _families(region)])
    pairs = []
    for region, family in asked[: most_yes_no // 2]:
        present = _families(region)
        absent = next(other for other in voice.shuffled(AS_OFTEN_AS_PLANTED) if other not in present)
        pairs += voice.shuffled([_yes_no(region, family, voice, yes=True), _yes_no(region, absent, voice, yes=False)])
    return [*pairs, *(_what(region, voice) for region in voice.shuffled(touched)[:most_what])]


def _families(region: TrueRegion) -> Sequence[Family]:
    """What was planted, each family once, in the order of application."""
    return list(dict.fromkeys(found.family for found in region.distortions))


def _yes_no(region: TrueRegion, family: Family, voice: Voice, *, yes: bool) -> Pair:
    question = voice.pick(pools.YES_NO).format(words=region.linked(), name=FAMILY_NAMES[family])
    answer = "Yes." if yes else "No."
    return Pair("yes-no", "referring", capitalise(question), answer, family, (region.region_id,), yes)


def _what(region: TrueRegion, voice: Voice) -> Pair:
    families = _families(region)
    question = voice.pick(pools.WHAT_SINGLE if len(families) == 1 else pools.WHAT_MULTI).format(words=region.linked())
    answer = f"{capitalise(join([FAMILY_NAMES[family] for family in families]))}."
    return Pair("what", "referring", capitalise(question), answer, "what", (region.region_id,))

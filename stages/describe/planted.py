"""The truth author: descriptions of what was planted, and of nothing else. Deterministic for one record and `Voice`."""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import Claim, ImageRecord, Passage, Report
from stages.describe import planted_pools as pools
from stages.language.distortions import effect_clause, fitting_effects
from stages.language.english import agree, capitalise, count_word, join
from stages.language.planted import OWN_EFFECTS, TrueRegion, graded, single, true_regions
from stages.language.voice import Voice

AUTHOR = "planted truth"


def planted_report(row: ImageRecord, voice: Voice, *, most_local: int, most_untouched: int) -> Report:
    """A passage on the image, and up to `most_local` on regions that words can name, the most degraded first.

    `most_untouched` limits the sentences on regions that nothing touched.
    """
    regions = sorted(true_regions(row), key=lambda region: (-region.total, region.region_id))
    worded = [region for region in regions if region.worded and not region.whole]
    passages = [_global(regions, voice, most_untouched), *(_local(region, voice) for region in worded[:most_local])]
    return Report(author=AUTHOR, passages=passages)


def effect_of(region: TrueRegion, index: int, voice: Voice) -> str:
    """What one of a region's distortions does, as a predicate: "softens the edges"."""
    found = region.distortions[index]
    fitting = fitting_effects(found.family, found.severity, graded(found), has_detail=False)
    options = OWN_EFFECTS.get(found.name) or tuple(words.text for words in fitting)
    return effect_clause(voice.pick(options), plural_subject=False)


def _global(regions: Sequence[TrueRegion], voice: Voice, most_untouched: int) -> Passage:
    touched = [region for region in regions if region.distortions]
    untouched = [region for region in regions if not region.distortions and region.worded][:most_untouched]
    sentences = [_opening(touched, voice)]
    sentences += [
        _distorted(region, "the whole image" if region.whole else region.linked(), voice) for region in touched
    ]
    if untouched:
        mention = join([region.linked() for region in untouched])
        if len(untouched) == 1:
            sentences.append(voice.pick(pools.UNTOUCHED).format(mention=mention, Mention=capitalise(mention)))
        else:
            sentences.append(
                f"{capitalise(mention)} are all untouched." if len(untouched) > 2 else f"Both {mention} are untouched."
            )
    if touched and not touched[0].whole:
        these = "this area" if len(touched) == 1 else "these areas"
        sentences.append(voice.pick(pools.REST_UNTOUCHED).format(these=these))
        worst = single(touched, [region.total for region in touched], touched[0].total)
        if worst and len(touched) > 1:
            sentences.append(voice.pick(pools.WORST).format(mention=worst.words()))
    return Passage(
        level="global",
        question=voice.pick(pools.GLOBAL_QUESTIONS),
        text=" ".join(sentences),
        claims=[claim for region in touched for claim in _claims(region)],
    )


def _opening(touched: Sequence[TrueRegion], voice: Voice) -> str:
    if not touched:
        return voice.pick(pools.IMAGE_UNTOUCHED)
    if touched[0].whole:
        return voice.pick(pools.IMAGE_WHOLE)
    count = f"{count_word(len(touched))} {'part' if len(touched) == 1 else 'parts'}"
    return voice.pick(pools.IMAGE_PARTLY).format(count=count, has=agree("has", len(touched) > 1))


def _local(region: TrueRegion, voice: Voice) -> Passage:
    mention = region.linked()
    question = voice.pick(pools.LOCAL_QUESTIONS).format(words=region.words())
    if region.distortions:
        text = _distorted(region, mention, voice)
    else:
        text = voice.pick(pools.UNTOUCHED).format(mention=mention, Mention=capitalise(mention))
    return Passage(level="local", question=question, text=text, claims=_claims(region))


def _distorted(region: TrueRegion, mention: str, voice: Voice) -> str:
    frames = pools.ONE_DISTORTION if len(region.distortions) == 1 else pools.TWO_DISTORTIONS
    slots = {"mention": mention, "Mention": capitalise(mention)}
    for index, order in enumerate(("first", "second")[: len(region.distortions)]):
        slots[order] = graded(region.distortions[index])
        slots[f"{order}_effect"] = effect_of(region, index, voice)
    return voice.pick(frames).format(**slots)


def _claims(region: TrueRegion) -> list[Claim]:
    """Claims of a region's sentence; of the whole image they are about the image."""
    return [
        Claim(
            region_ids=[] if region.whole else [region.region_id],
            family=found.family,
            present=True,
            severity=found.severity,
            text=graded(found),
        )
        for found in region.distortions
    ]

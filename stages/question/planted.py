"""IQA-Spider's grounding and referring tasks on planted truth (arXiv 2605.24553).

HyD-G asks for the region with the most or least total degradation, SiD-G for the most or least of one distortion,
DAO-G for distortions and their order. A question is asked only where the truth singles one region out.
"""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import ImageRecord
from manifests.vocabulary import FAMILIES, Family
from stages.describe.planted import AUTHOR, effect_of
from stages.language.english import capitalise, join
from stages.language.planted import FAMILY_NAMES, TrueRegion, graded, named, single, true_regions
from stages.language.voice import Voice
from stages.question import planted_pools as pools
from stages.question.choose import varied
from stages.question.pair import Pair

__all__ = ["AUTHOR", "planted_pairs"]

MOST_COMPARED = 4
"""Regions that a question lists by name."""


def planted_pairs(row: ImageRecord, voice: Voice, *, most_refer: int, most_ground: int) -> list[Pair]:
    """Referring and grounding pairs of one image, at most so many of each, drawn evenly over the kinds."""
    regions = true_regions(row)
    touched = [region for region in regions if region.distortions]
    ground = [*_hybrid(regions, touched, voice), *_single_distortion(touched, voice), *_order(touched, voice)]
    return [
        *varied(voice.shuffled(_refer(touched, voice)), most_refer),
        *varied(voice.shuffled(ground), most_ground),
    ]


def _refer(touched: Sequence[TrueRegion], voice: Voice) -> list[Pair]:
    pairs = []
    for region in touched:
        if not region.worded:
            continue
        one = len(region.distortions) == 1
        short = voice.pick(pools.REFER_SHORT_SINGLE if one else pools.REFER_SHORT_MULTI)
        long = voice.pick(pools.REFER_LONG_SINGLE if one else pools.REFER_LONG_MULTI)
        names = [graded(found) for found in region.distortions]
        effects = [f"{name}, which {effect_of(region, index, voice)}" for index, name in enumerate(names)]
        ids = (region.region_id,)
        words = region.words()
        pairs.append(
            Pair("refer-short", "none", short.format(words=words), _said(", ".join(names)), "refer-short", ids)
        )
        pairs.append(Pair("refer-long", "none", long.format(words=words), _said("; ".join(effects)), "refer-long", ids))
    return pairs


def _said(text: str) -> str:
    return f"{capitalise(text)}."


def _hybrid(regions: Sequence[TrueRegion], touched: Sequence[TrueRegion], voice: Voice) -> list[Pair]:
    """HyD-G. The least degraded is asked among regions that the question names, since the rest is untouched too."""
    pairs = []
    totals = [region.total for region in touched]
    worst = single(touched, totals, max(totals, default=0))
    if worst:
        pairs.append(_ground(worst, voice.pick(pools.HYD_WORST), "hyd-most"))
    listed = len(regions) > len(touched) and len(regions) <= MOST_COMPARED
    compared, scope = touched, "the distorted regions"
    if listed and all(region.worded for region in regions):
        compared, scope = regions, join([region.words() for region in regions])
    totals = [region.total for region in compared]
    best = single(compared, totals, min(totals, default=0))
    if best and touched and len(compared) > 1:
        pairs.append(_ground(best, voice.pick(pools.HYD_BEST).format(scope=scope), "hyd-least"))
    return pairs


def _single_distortion(touched: Sequence[TrueRegion], voice: Voice) -> list[Pair]:
    """SiD-G, one family at a time; called by the variant's own name where all regions show the same one."""
    pairs = []
    for family in FAMILIES:
        having = [region for region in touched if _severity(region, family)]
        if not having:
            continue
        severities = [_severity(region, family) for region in having]
        names = {named(found) for region in having for found in region.distortions if found.family == family}
        name = names.pop() if len(names) == 1 else FAMILY_NAMES[family]
        most, least = single(having, severities, max(severities)), single(having, severities, min(severities))
        if most:
            pairs.append(_ground(most, voice.pick(pools.SID_MOST).format(name=name), f"sid-most {family}"))
        if least and len(having) > 1:
            pairs.append(_ground(least, voice.pick(pools.SID_LEAST).format(name=name), f"sid-least {family}"))
    return pairs


def _severity(region: TrueRegion, family: Family) -> int:
    return max((found.severity for found in region.distortions if found.family == family), default=0)


def _order(touched: Sequence[TrueRegion], voice: Voice) -> list[Pair]:
    """DAO-G, among the regions with two distortions; families decide, so that no second variant fits as well."""
    pairs = []
    twice = [region for region in touched if len(region.distortions) == 2]
    for region in twice:
        first, second = region.distortions
        orders = [tuple(found.family for found in other.distortions) for other in twice]
        if orders.count((first.family, second.family)) == 1:
            frame = voice.pick(pools.DAO_ORDER)
            pairs.append(_ground(region, frame.format(first=named(first), second=named(second)), "dao-order"))
        if [order[0] for order in orders].count(first.family) == 1:
            pairs.append(_ground(region, voice.pick(pools.DAO_FIRST).format(name=named(first)), "dao-first"))
        if [order[1] for order in orders].count(second.family) == 1:
            pairs.append(_ground(region, voice.pick(pools.DAO_LAST).format(name=named(second)), "dao-last"))
    return pairs


def _ground(region: TrueRegion, question: str, topic: str) -> Pair:
    return Pair("ground", "grounding", question, region.answered(), topic, (region.region_id,))

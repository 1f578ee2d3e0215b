"""The text-first rule: which boxes of each phrase show what the given text says of it.

The IQA-Filter of Grounding-IQA (arXiv 2411.17237, section 3.2 and Algorithm 1). What the paper leaves open is an option
with our choice: whether a phrase with one box is judged, and what becomes of a phrase whose boxes all disagree.
"""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import ImageRecord, Phrase, Region
from stages.filter.agreement import Case, Judge
from stages.filter.config import FilterConfig
from stages.filter.places import fits_place
from stages.filter.standing_out import STAGE, salience, unfit
from stages.language.english import noun
from stages.score import quality_word


def filter_boxes(rows: Sequence[ImageRecord], config: FilterConfig, judge: Judge) -> None:
    """Decide for the boxes of all phrases of a batch; the judge is asked once."""
    for row in rows:
        _drop_unspoken(row)
    claimed = [(row, phrase, boxes_of(row, phrase)) for row in rows for phrase in row.wanted_phrases()]
    cases = []
    for row, phrase, boxes in claimed:
        _prepare(row, phrase, boxes, config)
        fit = [region for region in boxes if region.kept]
        if len(fit) > 1 or not config.only_several:
            cases += [Case(row, phrase, region) for region in fit]
    for case, agreement in zip(cases, judge(cases), strict=True):
        case.region.agreement = None if agreement is None else round(agreement, 4)
    for row, phrase, boxes in claimed:
        _decide(row, phrase, boxes, config)


def boxes_of(row: ImageRecord, phrase: Phrase) -> list[Region]:
    """Regions of a phrase that earlier stages have kept, by number."""
    return [region for region in row.kept_regions() if region.region_id in phrase.region_ids]


def _drop_unspoken(row: ImageRecord) -> None:
    """Regions that were found without a text, such as areas of the quality map, are evidence and no labels."""
    spoken_of = {number for phrase in row.phrases for number in phrase.region_ids}
    for region in row.kept_regions():
        if region.region_id not in spoken_of:
            region.drop(STAGE, "not-in-text")


def _prepare(row: ImageRecord, phrase: Phrase, boxes: Sequence[Region], config: FilterConfig) -> None:
    """Words of the regions, and what no label can point at."""
    score = row.scores[0] if row.scores else None
    for region in boxes:
        if region.iqa_score is not None and score is not None:
            region.quality = quality_word(score.metric, region.iqa_score, score.borders)
        region.effect = phrase.effect
        reason = unfit(region, *row.upright_size(), config)
        if reason is not None:
            region.drop(STAGE, reason)
        elif config.match_places and not fits_place(phrase.phrase, region.box_xyxy_px, *row.upright_size()):
            region.drop(STAGE, "elsewhere")


def _decide(row: ImageRecord, phrase: Phrase, boxes: Sequence[Region], config: FilterConfig) -> None:
    fit = [region for region in boxes if region.kept]
    disagreeing = [region for region in fit if region.agreement is not None and region.agreement < config.min_agreement]
    if fit and len(disagreeing) == len(fit) and config.none_agrees == "keep-best":
        disagreeing.remove(max(fit, key=_agreeing_most))
    for region in disagreeing:
        region.drop(STAGE, "disagrees-with-claim")
    left = [region for region in fit if region.kept]
    if not left:
        phrase.drop(STAGE, "disagrees-with-claim" if fit else "no-fit-box")
    if config.one_for_singular and len(left) > 1 and is_singular(phrase.label):
        width, height = row.upright_size()
        left.remove(max(left, key=lambda region: (salience(region, width, height), -region.region_id)))
        for region in left:
            region.drop(STAGE, "not-salient")


def _agreeing_most(region: Region) -> tuple[float, float, int]:
    return (region.agreement or 0.0, region.detector_score or 0.0, -region.region_id)


def is_singular(label: str) -> bool:
    """Whether a label speaks of one countable thing."""
    return noun(label).number == "count"

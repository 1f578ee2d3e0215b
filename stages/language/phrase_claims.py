"""What the phrases of given texts claim: distortion families that are said to be there, or not to be there."""

from __future__ import annotations

from manifests.records import Claim, ImageRecord, Phrase
from stages.language.spoken import qualities


def claims_of(row: ImageRecord, phrase: Phrase) -> list[Claim]:
    """The checkable claims of one phrase: about its kept regions, or about the image where it names the image.

    Blame of one family claims it, praise denies its families. Words that may mean one of several families, words about
    quality as such, and phrases whose thing has no box claim nothing that could be checked.
    """
    kept = [region.region_id for region in row.kept_regions() if region.region_id in phrase.region_ids]
    if phrase.drop_reason != "whole-image" and (phrase.drop_reason is not None or not kept):
        return []
    found = []
    for said in qualities(phrase.quality):
        saying = said.saying
        if saying.polarity < 0 and len(saying.families) > 1:
            continue
        found += [
            Claim(
                region_ids=kept,
                family=family,
                present=saying.polarity < 0,
                severity=saying.severity,
                text=f"{phrase.label}: {said.words}",
            )
            for family in saying.families
            if saying.polarity
        ]
    return found

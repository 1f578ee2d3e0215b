"""What the given texts of an image say of its boxed things, all texts together, in the shape that questions need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manifests.records import BoxXYXYPx, ImageRecord, Phrase
from manifests.vocabulary import Family
from stages.language.english import noun
from stages.language.evidence import of_region
from stages.language.naming import link_ids
from stages.language.quality_words import NEGATIONS, STRONG, WEAK, Saying, sayings, words_of


@dataclass(frozen=True)
class Said:
    """One word of quality with its negation and degree as they stand in the text."""

    saying: Saying
    words: str


@dataclass(frozen=True)
class Spoken:
    """A thing with boxes and all that is said of it; `linked` and `worded` name it in a question.

    `doubtful` are families on which two texts differ or the measurements contradict one, `measured` those that were
    found in its boxes.
    """

    linked: str
    worded: str
    plural: bool
    region_ids: tuple[int, ...]
    said: tuple[Said, ...]
    doubtful: frozenset[Family]
    measured: frozenset[Family]

    def blamed(self) -> list[Family]:
        """Families that a text says are there, in the order of the texts; none on which there is doubt."""
        found = [
            each.saying.families[0] for each in self.said if each.saying.polarity < 0 and len(each.saying.families) == 1
        ]
        return [family for family in dict.fromkeys(found) if family not in self.doubtful]

    def praised(self) -> list[Family]:
        """Families that a text says are not there."""
        found = [family for each in self.said if each.saying.polarity > 0 for family in each.saying.families]
        return [family for family in dict.fromkeys(found) if family not in self.doubtful]

    def mentioned(self) -> frozenset[Family]:
        """Families that any text speaks of, for better or worse."""
        return frozenset(family for each in self.said for family in each.saying.families)

    def verdict(self) -> int:
        """1 or -1 where all words about quality as such praise or blame, else 0."""
        signs = {each.saying.polarity for each in self.said if not each.saying.families}
        return signs.pop() if len(signs) == 1 else 0


def spoken_of(row: ImageRecord) -> list[Spoken]:
    """The things of all texts that have boxes; a noun that two texts share is one thing."""
    groups: list[list[Phrase]] = []
    kept = {region.region_id for region in row.kept_regions()}
    for phrase in row.wanted_phrases():
        if not kept.intersection(phrase.region_ids):
            continue
        same = next((group for group in groups if _same(row, group, phrase)), None)
        if same is None:
            groups.append([phrase])
        else:
            same.append(phrase)
    return [_spoken(row, group, kept) for group in groups]


def blamed_without_boxes(row: ImageRecord) -> frozenset[Family]:
    """Families that a text blames on the image, or on a thing that has no box."""
    kept = {region.region_id for region in row.kept_regions()}
    return frozenset(
        family
        for phrase in row.phrases
        if phrase.drop_reason is not None or not kept.intersection(phrase.region_ids)
        for saying in sayings(phrase.quality)
        if saying.polarity < 0
        for family in saying.families
    )


def qualities(quality: str) -> list[Said]:
    """The words of quality of T_q, each with the negation and the degree in front of it."""
    words = words_of(quality)
    found = []
    before = 0
    for saying in sayings(quality):
        start = saying.start
        while start > before and words[start - 1] in NEGATIONS | STRONG | WEAK | {"a"}:
            start -= 1
        found.append(Said(saying, " ".join(words[start : saying.end])))
        before = saying.end
    return found


def _same(row: ImageRecord, group: Sequence[Phrase], phrase: Phrase) -> bool:
    """Whether another text speaks of the thing: by the same noun, or with the same boxes."""
    if any(other.passage == phrase.passage for other in group):
        return False
    alike = noun(group[0].label.lower()).plural == noun(phrase.label.lower()).plural
    return alike or _boxes(row, group[0]) == _boxes(row, phrase)


def _boxes(row: ImageRecord, phrase: Phrase) -> set[BoxXYXYPx]:
    return {region.box_xyxy_px for region in row.kept_regions() if region.region_id in phrase.region_ids}


def _spoken(row: ImageRecord, group: Sequence[Phrase], kept: set[int]) -> Spoken:
    first = group[0]
    ids = tuple(number for number in first.region_ids if number in kept)
    said = tuple(each for phrase in group for each in qualities(phrase.quality))
    regions = [region for region in row.regions if region.region_id in ids]
    evidence = [of_region(row, region) for region in regions]
    measured = {family for each in evidence for family in (*each.families(), *each.possible)}
    return Spoken(
        linked=_linked(first, ids),
        worded=f"the {first.phrase}",
        plural=noun(first.label).takes_plural_verb(many=False),
        region_ids=ids,
        said=said,
        doubtful=_disputed(said) | _contradicted(row, {number for phrase in group for number in phrase.region_ids}),
        measured=frozenset(measured),
    )


def _linked(phrase: Phrase, region_ids: Sequence[int]) -> str:
    """ "the green [table](#3)": T_r with its label linked."""
    before, label, behind = phrase.phrase.partition(phrase.label)
    link = f"[{phrase.label}]({link_ids(region_ids)})"
    return f"the {before}{link}{behind}" if label else f"the {link}"


def _disputed(said: Sequence[Said]) -> frozenset[Family]:
    """Families that are both blamed and praised."""
    blamed = {family for each in said if each.saying.polarity < 0 for family in each.saying.families}
    praised = {family for each in said if each.saying.polarity > 0 for family in each.saying.families}
    return frozenset(blamed & praised)


def _contradicted(row: ImageRecord, region_ids: set[int]) -> frozenset[Family]:
    passages = row.report.passages if row.report else []
    claims = [claim for passage in passages for claim in passage.claims if claim.contradicted]
    return frozenset(claim.family for claim in claims if region_ids.intersection(claim.region_ids))

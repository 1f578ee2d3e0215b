"""Names of the regions of one image: nouns, place words that tell them apart, and linked mentions of several at once.

Places are by the centre of the box on a 3x3 grid of thirds. A name is `unique` when its words fit no other region of
the image; only unique names may stand in a question that has no boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from manifests.geometry import area_px
from manifests.records import ImageRecord, Region
from stages.language.english import Noun, article, count_word, join, noun
from stages.language.evidence import covered_share
from stages.language.voice import Voice

Column = Literal["left", "", "right"]
Row = Literal["upper", "", "lower"]

PLACES: Mapping[tuple[Column, Row], tuple[str, ...]] = {
    ("left", "upper"): ("in the upper left", "in the top left"),
    ("", "upper"): ("at the top", "near the top"),
    ("right", "upper"): ("in the upper right", "in the top right"),
    ("left", ""): ("on the left", "on the left side"),
    ("", ""): ("in the centre", "in the middle"),
    ("right", ""): ("on the right", "on the right side"),
    ("left", "lower"): ("in the lower left", "in the bottom left"),
    ("", "lower"): ("at the bottom", "near the bottom"),
    ("right", "lower"): ("in the lower right", "in the bottom right"),
}

WIDE_PLACES: Mapping[Row, tuple[str, ...]] = {
    "upper": ("along the top",),
    "": ("across the middle",),
    "lower": ("along the bottom",),
}
"""For boxes that reach over most of the width but not of the height."""

AREA = Noun("area", "areas", "count")
MOST_OF_IMAGE = Noun("area that fills most of the image", "areas that fill most of the image", "count")

HIDDEN_COMPETITORS = frozenset({"merged", "overlaps-better", "low-detector-score", "not-confirmed"})
"""Dropped regions that are not things of their own, so that a name need not be told apart from them."""

LARGE = 0.6
"""Share of the image from which a region has no place."""

CLEARLY_OUTSIDE = 0.28
"""Where, as a share of the side, the centre of a span that crosses the middle must lie to be called outer."""

WIDE, FLAT = 0.7, 0.45
"""Share of the width from which, and of the height up to which, a box is a strip."""

SAME_THING = 0.9
"""A merged region of which one member fills this share is that member; one that no member fills holds several."""

HUMAN = frozenset("person man woman child boy girl baby player rider cyclist worker bride groom".split())

SIZE_RATIO = 1.6
"""How many times larger than the next a region must be to be called the largest."""

OFFSET = 0.05
"""Share of the side between centres from which one thing is left of, or above, another."""


@dataclass(frozen=True)
class RegionName:
    """What one region is called. `modifier` stands before the noun ("left-hand"), `place` behind it."""

    region_id: int
    noun: Noun
    many: bool
    modifier: str
    place: str
    place_needed: bool
    unique: bool
    generic: bool

    @property
    def human(self) -> bool:
        """Whether "it" would be rude."""
        return not self.generic and self.noun.singular.split()[-1].lower() in HUMAN

    @property
    def takes_plural_verb(self) -> bool:
        """Whether the name agrees with "are"."""
        return self.noun.takes_plural_verb(self.many)

    def words(self, with_place: bool = True) -> str:
        """The name without article: "left-hand car", "bus in the centre"."""
        place = self.place if self.place_needed or (with_place and not self.modifier) else ""
        parts = [self.modifier, self.noun.form(self.many), place]
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Mention:
    """A noun phrase in internal notation and the number of the verb that follows it."""

    text: str
    plural: bool
    region_ids: tuple[int, ...]
    human: bool = False


def name_regions(record: ImageRecord, voice: Voice) -> dict[int, RegionName]:
    """Names of all kept regions by number. Without a known size of the image no places are used."""
    competitors = [region for region in record.regions if region.kept or region.drop_reason not in HIDDEN_COMPETITORS]
    synonym = voice.pick((0, 1))
    return {
        region.region_id: _name(region, [other for other in competitors if _same_kind(region, other)], record, synonym)
        for region in record.kept_regions()
    }


def _same_kind(region: Region, other: Region) -> bool:
    return _noun_of(region).singular == _noun_of(other).singular and _generic(region) == _generic(other)


def _generic(region: Region) -> bool:
    return region.source == "quality-map"


def _noun_of(region: Region) -> Noun:
    if _generic(region):
        return AREA
    return noun(region.phrase if region.source == "text" else region.label)


def _name(region: Region, kind: Sequence[Region], record: ImageRecord, synonym: int) -> RegionName:
    width, height = record.width or 0, record.height or 0
    rivals = [other for other in kind if other.region_id != region.region_id]
    many = _shows_several(region, record.regions)
    generic = _generic(region)
    found, kind_noun = place_of(region, width, height), _noun_of(region)
    if generic and found is None:
        unique = all(place_of(other, width, height) is not None for other in rivals)
        return RegionName(region.region_id, MOST_OF_IMAGE, False, "", "", False, unique, True)
    place = _place_words(found, synonym)
    alone = not rivals
    told_apart = found is not None and not any(_fits(found, place_of(other, width, height)) for other in rivals)
    if alone or told_apart:
        return RegionName(region.region_id, kind_noun, many, "", place, generic or not alone, True, generic)
    near = [other for other in rivals if found is None or _fits(found, place_of(other, width, height))]
    modifier = "" if many else _modifier(region, near if generic else rivals, width, height)
    if modifier:
        return RegionName(region.region_id, kind_noun, many, modifier, place, generic, True, generic)
    return RegionName(region.region_id, kind_noun, many, "", place, generic, False, generic)


@dataclass(frozen=True)
class Place:
    """Where a region lies: its cell of the 3x3 grid, and whether it is a strip across the image."""

    column: Column
    row: Row
    strip: bool


def place_of(region: Region, width: int, height: int) -> Place | None:
    """The place of a region by its centre; None for regions that fill most of the image."""
    if width <= 0 or height <= 0 or area_px(region.box_xyxy_px) >= LARGE * width * height:
        return None
    x1, y1, x2, y2 = region.box_xyxy_px
    strip = x2 - x1 >= WIDE * width and y2 - y1 <= FLAT * height
    across, down = _third(x1 / width, x2 / width), _third(y1 / height, y2 / height)
    columns: tuple[Column, ...] = ("left", "", "right")
    rows: tuple[Row, ...] = ("upper", "", "lower")
    return Place("" if strip else columns[across], rows[down], strip)


def _third(near: float, far: float) -> int:
    """0, 1 or 2: the third of a side in which a span's centre lies; outer ones only if the span is clearly there.

    A span that crosses the middle of the side belongs to an outer third only with its centre beyond CLEARLY_OUTSIDE.
    """
    centre = (near + far) / 2
    border = CLEARLY_OUTSIDE if near < 0.5 < far else 1 / 3
    return 0 if centre < border else 2 if centre > 1 - border else 1


def _place_words(place: Place | None, synonym: int) -> str:
    if place is None:
        return ""
    options = WIDE_PLACES[place.row] if place.strip else PLACES[place.column, place.row]
    return options[synonym % len(options)]


def _fits(place: Place, other: Place | None) -> bool:
    """Whether words for one place would also be true of a thing at the other; a place unknown fits everywhere."""
    if other is None:
        return True
    if place.strip or other.strip:
        return place.row == other.row
    if place.column == "" and place.row == "":
        return other.column == "" and other.row == ""
    return (place.column in ("", other.column)) and (place.row in ("", other.row))


def _modifier(region: Region, rivals: Sequence[Region], width: int, height: int) -> str:
    """A word that tells a region from all others of its kind by side or by size; empty when there is none."""
    two = len(rivals) == 1
    x, y = _centre(region)
    centres = [_centre(other) for other in rivals]
    if all(x < other - OFFSET * width for other, _ in centres):
        return "left-hand" if two else "leftmost"
    if all(x > other + OFFSET * width for other, _ in centres):
        return "right-hand" if two else "rightmost"
    if all(y < other - OFFSET * height for _, other in centres):
        return "upper" if two else "topmost"
    if all(y > other + OFFSET * height for _, other in centres):
        return "lower" if two else "lowest"
    area = area_px(region.box_xyxy_px)
    if all(area >= SIZE_RATIO * area_px(other.box_xyxy_px) for other in rivals):
        return "larger" if two else "largest"
    if all(area * SIZE_RATIO <= area_px(other.box_xyxy_px) for other in rivals):
        return "smaller" if two else "smallest"
    return ""


def _centre(region: Region) -> tuple[float, float]:
    x1, y1, x2, y2 = region.box_xyxy_px
    return (x1 + x2) / 2, (y1 + y2) / 2


def _shows_several(region: Region, regions: Sequence[Region]) -> bool:
    """Whether a merged region holds at least two things of its kind."""
    members = [other for other in regions if other.region_id in region.merged_from]
    if region.source != "detector" or not members:
        return False
    return all(covered_share(region, member) < SAME_THING for member in members)


def mention(names: Sequence[RegionName], kinds: Mapping[str, int], *, with_place: bool) -> Mention:
    """Linked noun phrase for regions that one statement is about: "the [bus](#1) and two of the [people](#2, #3)".

    `kinds` counts the named regions of each noun (`count_kinds`), to tell all from some.
    """
    by_noun: dict[str, list[RegionName]] = {}
    for name in names:
        by_noun.setdefault(name.noun.singular, []).append(name)
    places = with_place and len(by_noun) == 1
    parts = [_of_one_noun(group, kinds[singular], places) for singular, group in by_noun.items()]
    plural = len(parts) > 1 or parts[0].plural
    ids = tuple(name.region_id for name in names)
    return Mention(join([part.text for part in parts]), plural, ids, any(name.human for name in names))


def refer(names: Sequence[RegionName]) -> Mention:
    """Linked noun phrase for regions of one noun in a question whose boxes tell them apart: "the [person](#2)"."""
    ids = tuple(name.region_id for name in names)
    if len(names) > 1:
        return Mention(f"the [{names[0].noun.plural}]({link_ids(ids)})", names[0].noun.number != "mass", ids)
    name = names[0]
    if name.generic:
        return Mention(f"the [{name.words()}]({link_ids(ids)})", False, ids)
    before = f"{name.modifier} " if name.modifier else ""
    behind = f" {name.place}" if name.place and name.place_needed else ""
    label = name.noun.form(name.many)
    return Mention(f"the {before}[{label}]({link_ids(ids)}){behind}", name.takes_plural_verb, ids)


def answered(names: Sequence[RegionName], kinds: Mapping[str, int]) -> Mention:
    """Linked noun phrase for regions in an answer whose boxes tell them apart."""
    return refer(names) if len(names) == 1 else mention(names, kinds, with_place=False)


def count_kinds(names: Mapping[int, RegionName]) -> dict[str, int]:
    """How many of the named regions there are of each noun."""
    counts: dict[str, int] = {}
    for name in names.values():
        counts[name.noun.singular] = counts.get(name.noun.singular, 0) + 1
    return counts


def _of_one_noun(group: Sequence[RegionName], of_kind: int, with_place: bool) -> Mention:
    ids = tuple(name.region_id for name in group)
    if group[0].generic:
        return _areas(group, ids)
    if len(group) == 1:
        return _single(group[0], with_place)
    label = f"[{group[0].noun.plural}]({link_ids(ids)})"
    if len(group) == of_kind:
        return Mention(f"the {label}", True, ids)
    if any(name.many for name in group) or group[0].noun.number != "count":
        return Mention(f"some of the {label}", group[0].noun.number != "mass", ids)
    return Mention(f"{count_word(len(group))} of the {label}", True, ids)


def _single(name: RegionName, with_place: bool) -> Mention:
    link = link_ids((name.region_id,))
    place = f" {name.place}" if name.place and (with_place or name.place_needed) and not name.modifier else ""
    if not name.unique:
        if name.many or name.noun.number != "count":
            return Mention(
                f"some of the [{name.noun.plural}]({link}){place}", name.takes_plural_verb, (name.region_id,)
            )
        return Mention(f"one of the [{name.noun.plural}]({link}){place}", False, (name.region_id,))
    modifier = f"{name.modifier} " if name.modifier else ""
    text = f"the {modifier}[{name.noun.form(name.many)}]({link}){place}"
    return Mention(text, name.takes_plural_verb, (name.region_id,))


def _areas(group: Sequence[RegionName], ids: tuple[int, ...]) -> Mention:
    places = list(dict.fromkeys(name.place for name in group if name.place))
    if len(group) == 1:
        label = group[0].words()
        start = "the" if group[0].unique else article(label)
        return Mention(f"{start} [{label}]({link_ids(ids)})", False, ids)
    label = f"{group[0].noun.plural} {join(places)}".rstrip()
    return Mention(f"the [{label}]({link_ids(ids)})", True, ids)


def link_ids(region_ids: Sequence[int]) -> str:
    """Region numbers as they stand in a link: "#3, #5"."""
    return ", ".join(f"#{region_id}" for region_id in region_ids)

"""What regions are called, and when words alone tell one from all others."""

from __future__ import annotations

import numpy as np
import pytest

from manifests.records import ImageRecord, Region
from stages.language.naming import RegionName, count_kinds, mention, name_regions, refer
from stages.language.voice import Voice


def region(number: int, label: str, box: tuple[float, float, float, float], **more: object) -> Region:
    fields = {"source": "detector", **more}
    return Region.model_validate(
        {"region_id": number, "label": label, "phrase": label, "box_xyxy_px": box, **fields},
    )


def named(*regions: Region) -> dict[int, RegionName]:
    record = ImageRecord(image_id="a", uri="a.jpg", width=1000, height=800, regions=list(regions))
    return name_regions(record, Voice(np.random.default_rng(0)))


LEFT, RIGHT = (50, 300, 250, 500), (750, 300, 950, 500)


def test_one_of_a_kind_needs_no_place() -> None:
    name = named(region(1, "bus", LEFT))[1]
    assert name.unique
    assert name.words(with_place=False) == "bus"
    assert name.words().startswith("bus on the left")


def test_two_of_a_kind_are_told_apart_by_place() -> None:
    names = named(region(1, "cat", LEFT), region(2, "cat", RIGHT))
    assert names[1].words(with_place=False).startswith("cat on the left")
    assert names[2].words(with_place=False).startswith("cat on the right")


def test_two_in_one_place_are_told_apart_by_side_then_height_then_size() -> None:
    side = named(region(1, "cat", (400, 300, 450, 350)), region(2, "cat", (550, 300, 600, 350)))
    height = named(region(1, "cat", (480, 300, 520, 340)), region(2, "cat", (480, 420, 520, 460)))
    size = named(region(1, "cat", (400, 300, 600, 500)), region(2, "cat", (490, 390, 510, 410)))
    assert (side[1].words(), side[2].words()) == ("left-hand cat", "right-hand cat")
    assert (height[1].words(), height[2].words()) == ("upper cat", "lower cat")
    assert (size[1].words(), size[2].words()) == ("larger cat", "smaller cat")


def test_twins_are_not_unique_and_are_mentioned_as_one_of_several() -> None:
    names = named(region(1, "cat", (400, 300, 500, 400)), region(2, "cat", (405, 305, 505, 405)))
    assert not names[1].unique
    assert mention([names[1]], count_kinds(names), with_place=False).text == "one of the [cats](#1)"
    assert refer([names[1]]).text == "the [cat](#1)"


def test_a_dropped_thing_still_makes_its_kind_ambiguous_but_a_doubtful_box_does_not() -> None:
    dropped = region(2, "cat", RIGHT, kept=False, drop_reason="not-salient")
    doubtful = region(2, "cat", RIGHT, kept=False, drop_reason="not-confirmed")
    assert named(region(1, "cat", LEFT), dropped)[1].place_needed
    assert not named(region(1, "cat", LEFT), doubtful)[1].place_needed


@pytest.mark.parametrize(("part", "several"), [((100, 300, 195, 700), True), ((100, 300, 299, 700), False)])
def test_a_merged_region_is_plural_only_if_no_member_fills_it(
    part: tuple[float, float, float, float], several: bool
) -> None:
    members = [
        region(1, "person", part, kept=False, drop_reason="merged"),
        region(2, "person", (200, 300, 300, 700), kept=False, drop_reason="merged"),
    ]
    names = named(*members, region(3, "person", (100, 300, 300, 700), merged_from=[1, 2]))
    assert (
        mention([names[3]], count_kinds(names), with_place=False).text
        == f"the [{'people' if several else 'person'}](#3)"
    )


def test_areas_are_named_by_their_place_and_listed_together() -> None:
    names = named(
        region(1, "area", (0, 0, 200, 160), source="quality-map"),
        region(2, "area", (0, 650, 1000, 800), source="quality-map"),
    )
    both = mention(list(names.values()), count_kinds(names), with_place=False)
    assert both.text in {f"the [areas in the {upper} left and along the bottom](#1, #2)" for upper in ("upper", "top")}
    assert both.plural


def test_two_areas_in_one_place_are_told_apart_by_side_or_size() -> None:
    names = named(
        region(1, "area", (0, 0, 60, 60), source="quality-map"),
        region(2, "area", (100, 0, 300, 200), source="quality-map"),
    )
    assert names[1].words() in ("left-hand area in the upper left", "left-hand area in the top left")
    assert names[2].unique


def test_an_area_over_most_of_the_image_has_no_place() -> None:
    name = named(region(1, "area", (0, 0, 1000, 700), source="quality-map"))[1]
    assert name.words() == "area that fills most of the image"


def test_a_thing_that_crosses_the_middle_is_not_put_to_a_side_by_a_hair() -> None:
    assert named(region(1, "airplane", (410, 350, 934, 450)))[1].place in ("in the centre", "in the middle")


def test_kinds_are_joined_in_one_phrase_with_a_plural_verb() -> None:
    names = named(region(1, "bus", LEFT), region(2, "person", RIGHT), region(3, "person", (450, 100, 520, 300)))
    phrase = mention(list(names.values()), count_kinds(names), with_place=False)
    assert phrase.text == "the [bus](#1) and the [people](#2, #3)"
    assert phrase.plural

"""Box-Merge: the paper's thresholds, in any order, once and for all, and what a merged region says of itself."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.geometry import enclosing_box
from manifests.masks import decode_mask, encode_mask, mask_of_box, union_of_masks
from manifests.records import Attributes, BoxXYXYPx, Distortion, ImageRecord, Mask, Region, Score
from manifests.vocabulary import FAMILIES
from stages.merge import Merge, MergeConfig
from stages.score import quality_word

SIDE = 40
PAPER = MergeConfig(touching=("text", "quality-map", "detector"), quality_map_filled=0)

EDGES = st.lists(st.integers(0, 8), min_size=2, max_size=2, unique=True).map(sorted)
BOXES = st.tuples(EDGES, EDGES).map(lambda e: tuple(float(5 * v) for v in (e[0][0], e[1][0], e[0][1], e[1][1])))
DISTORTIONS = st.dictionaries(st.sampled_from(FAMILIES[:3]), st.integers(1, 5), max_size=3).map(
    lambda found: [
        Distortion(family=family, name=family, severity=severity)
        for family, severity in sorted(found.items(), key=lambda each: (-each[1], FAMILIES.index(each[0])))
    ]
)
CONFIGS = st.builds(
    MergeConfig,
    t_a=st.sampled_from([0.0, 0.1, 0.256, 1.0]),
    t_o=st.sampled_from([0.3, 0.95, 1.0]),
    touching=st.sampled_from([(), ("text", "quality-map"), ("text", "quality-map", "detector")]),
    quality_map_filled=st.sampled_from([0.0, 0.6]),
)


def region(number: int, box: BoxXYXYPx, **fields: object) -> Region:
    said = {"label": "person", "phrase": "person", "source": "text", **fields}
    return Region(region_id=number, box_xyxy_px=box, **said)


def mask_of(box: BoxXYXYPx) -> Mask:
    return encode_mask(mask_of_box(box, SIDE, SIDE))


@st.composite
def region_lists(draw: st.DrawFn) -> list[Region]:
    """Regions of few kinds on a coarse grid, so that many touch, abut, nest or coincide."""
    regions = []
    for number in range(1, draw(st.integers(0, 7)) + 1):
        box = draw(BOXES)
        inside = mask_of_box(box, SIDE, SIDE)
        inside[:: draw(st.sampled_from([2, SIDE]))] &= draw(st.booleans())
        regions.append(
            region(
                number,
                box,
                label=draw(st.sampled_from(["person", "bus"])),
                phrase=draw(st.sampled_from(["person", "bus on the left"])),
                source=draw(st.sampled_from(["detector", "text", "quality-map", "planted"])),
                mask=encode_mask(inside) if inside.any() and draw(st.booleans()) else None,
                distortions=draw(DISTORTIONS),
                kept=draw(st.sampled_from([True, True, True, False])),
            )
        )
    return regions


def merged(regions: list[Region], config: MergeConfig | None = None) -> ImageRecord:
    row = ImageRecord(image_id="a", uri="a.jpg", width=SIDE, height=SIDE, regions=regions)
    (returned,) = Merge(config)([row.model_copy(deep=True)])
    return returned


def boxes_kept(regions: list[Region], config: MergeConfig | None = None) -> list[BoxXYXYPx]:
    return sorted(each.box_xyxy_px for each in merged(regions, config).kept_regions())


@given(region_lists(), CONFIGS, st.randoms(use_true_random=False))
def test_the_order_of_the_regions_does_not_matter(
    regions: list[Region], config: MergeConfig, shuffler: random.Random
) -> None:
    shuffled = list(regions)
    shuffler.shuffle(shuffled)
    ours, theirs = merged(regions, config), merged(shuffled, config)
    assert sorted(ours.regions, key=lambda each: each.region_id) == sorted(
        theirs.regions, key=lambda each: each.region_id
    )


@given(region_lists(), CONFIGS, st.randoms(use_true_random=False))
def test_the_numbers_of_the_regions_do_not_decide_what_merges(
    regions: list[Region], config: MergeConfig, shuffler: random.Random
) -> None:
    numbers = [each.region_id for each in regions]
    shuffler.shuffle(numbers)
    renumbered = [each.model_copy(update={"region_id": number}) for each, number in zip(regions, numbers, strict=True)]
    assert boxes_kept(regions, config) == boxes_kept(renumbered, config)


@given(region_lists(), CONFIGS)
def test_merging_twice_is_merging_once(regions: list[Region], config: MergeConfig) -> None:
    once = merged(regions, config)
    assert merged(once.regions, config) == once


@given(region_lists(), CONFIGS)
def test_every_region_stays_in_the_table_and_every_merge_names_its_members(
    regions: list[Region], config: MergeConfig
) -> None:
    after = merged(regions, config)
    untouched = {each.region_id: each for each in regions}
    by_number = {each.region_id: each for each in after.regions}
    made = [each for each in after.regions if each.merged_from]
    members = [number for each in made for number in each.merged_from]
    assert list(by_number) == [*untouched, *range(len(regions) + 1, len(regions) + len(made) + 1)]
    assert len(members) == len(set(members))
    for number, before in untouched.items():
        gone = {"kept": False, "drop_reason": "merged", "dropped_by": "merge"} if number in members else {}
        assert by_number[number] == before.model_copy(update=gone)
    for each in made:
        assert each.kept
        assert each.box_xyxy_px == enclosing_box([untouched[number].box_xyxy_px for number in each.merged_from])
        assert len({untouched[number].source for number in each.merged_from}) == 1


@given(region_lists(), CONFIGS)
def test_a_merged_mask_is_the_union_of_its_members(regions: list[Region], config: MergeConfig) -> None:
    after = merged(regions, config)
    by_number = {each.region_id: each for each in after.regions}
    for each in after.regions:
        masks = [by_number[number].mask for number in each.merged_from]
        if each.merged_from and all(masks):
            assert each.mask is not None
            assert np.array_equal(decode_mask(each.mask), decode_mask(union_of_masks([m for m in masks if m])))
        elif each.merged_from:
            assert each.mask is None


@given(region_lists(), CONFIGS)
def test_a_merged_quality_region_keeps_the_main_family_of_its_members(
    regions: list[Region], config: MergeConfig
) -> None:
    after = merged(regions, config)
    by_number = {each.region_id: each for each in after.regions}
    for each in after.regions:
        if each.merged_from and each.source == "quality-map":
            mains = {by_number[number].distortions[0].family for number in each.merged_from}
            assert mains == {each.distortions[0].family}


def test_the_papers_thresholds_are_the_defaults() -> None:
    assert (MergeConfig().t_a, MergeConfig().t_o) == (0.256, 0.95)


def test_small_regions_of_one_phrase_that_abut_become_one() -> None:
    after = merged([region(1, (0, 0, 10, 10)), region(2, (10, 0, 20, 10))])
    (one,) = after.kept_regions()
    assert (one.region_id, one.box_xyxy_px, one.merged_from) == (3, (0, 0, 20, 10), [1, 2])
    assert [each.drop_reason for each in after.regions] == ["merged", "merged", None]


def test_regions_with_a_gap_stay_apart() -> None:
    assert len(boxes_kept([region(1, (0, 0, 10, 10)), region(2, (10.01, 0, 20, 10))])) == 2


def test_two_large_regions_that_touch_stay_apart_and_a_small_one_joins() -> None:
    # T_a * 40 * 40 = 409.6 square pixels
    large, small = (0.0, 0.0, 20.0, 20.5), (0.0, 0.0, 20.0, 20.48 - 0.01)
    assert len(boxes_kept([region(1, large), region(2, (20, 0, 40, 20.5))])) == 2
    assert len(boxes_kept([region(1, small), region(2, (20, 0, 40, 20.5))])) == 1


@pytest.mark.parametrize(("inside", "kept"), [(9.4, 2), (9.6, 1)])
def test_a_large_region_merges_when_more_than_95_percent_of_it_is_covered(inside: float, kept: int) -> None:
    config = MergeConfig(t_a=0)
    covered = region(1, (20 - inside, 0, 30 - inside, 10))
    assert len(boxes_kept([covered, region(2, (0, 0, 20, 20))], config)) == kept


def test_a_merge_that_brings_boxes_together_is_followed_up() -> None:
    chain = [region(n, box) for n, box in enumerate([(0, 0, 5, 5), (30, 0, 35, 5), (5, 0, 15, 5), (15, 0, 30, 5)], 1)]
    assert boxes_kept(chain) == [(0, 0, 35, 5)]


def test_regions_of_different_phrases_labels_families_or_sources_never_merge() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    blur, noise = (
        Distortion(family="blur", name="blur", severity=2),
        Distortion(family="noise", name="noise", severity=2),
    )
    regions = [
        region(1, box, phrase="red bus"),
        region(2, box, phrase="blue bus"),
        region(3, box, source="detector", label="bus"),
        region(4, box, source="detector", label="car"),
        region(5, box, source="quality-map", distortions=[blur]),
        region(6, box, source="quality-map", distortions=[noise]),
        region(7, box, source="planted"),
        region(8, box, source="planted"),
    ]
    assert merged(regions, PAPER).regions == regions


def test_two_detected_persons_who_touch_are_two_and_one_by_the_papers_rule() -> None:
    pair = [region(1, (0, 0, 10, 20), source="detector"), region(2, (9, 0, 20, 20), source="detector")]
    assert len(boxes_kept(pair)) == 2
    assert boxes_kept(pair, PAPER) == [(0, 0, 20, 20)]


def test_a_detected_part_inside_its_whole_becomes_the_whole() -> None:
    parts = [region(1, (0, 0, 30, 30), source="detector"), region(2, (5, 5, 15, 15), source="detector")]
    assert boxes_kept(parts) == [(0, 0, 30, 30)]


def test_quality_regions_merge_only_where_the_merged_box_is_mostly_theirs() -> None:
    noise = [Distortion(family="noise", name="noise", severity=3)]

    def area(number: int, box: BoxXYXYPx) -> Region:
        return region(number, box, source="quality-map", mask=mask_of(box), distortions=noise)

    side_by_side = [area(1, (0, 0, 10, 10)), area(2, (10, 0, 20, 12))]
    corner_to_corner = [area(1, (0, 0, 10, 10)), area(2, (10, 10, 20, 20))]
    assert len(boxes_kept(side_by_side)) == 1
    assert len(boxes_kept(corner_to_corner)) == 2
    assert len(boxes_kept(corner_to_corner, PAPER)) == 1


def test_a_merged_region_reads_like_one_measured_as_a_whole() -> None:
    big = region(
        1,
        (0, 0, 30, 10),
        phrase="person",
        detector="ssd",
        detector_score=0.5,
        iqa_score=0.8,
        attributes=Attributes(sharpness=0.6, noise=1.0),
        quality="good",
        effect="no impact",
        distortions=[Distortion(family="compression", name="jpeg", severity=2)],
    )
    small = region(
        2,
        (30, 0, 40, 10),
        phrase="person",
        detector="other",
        detector_score=0.9,
        iqa_score=0.4,
        attributes=Attributes(sharpness=0.2),
        quality="bad",
        effect="negative",
        distortions=[
            Distortion(family="blur", name="lens blur", severity=5),
            Distortion(family="noise", name="noise", severity=1),
        ],
    )
    (one,) = merged([big, small]).kept_regions()
    assert one.iqa_score == 0.7
    assert one.attributes == Attributes(sharpness=0.5, noise=1.0)
    assert one.distortions == [
        Distortion(family="compression", name="jpeg", severity=2),
        Distortion(family="blur", name="lens blur", severity=1),
    ]
    assert (one.detector, one.detector_score) == ("other", 0.9)
    assert (one.label, one.phrase, one.quality, one.effect) == ("person", "person", "good", "negative")


def test_a_quality_word_agrees_with_the_merged_score() -> None:
    graded = {value: quality_word("evidence", value) for value in (0.1, 0.5, 0.95)}
    assert len(set(graded.values())) == 3
    row = ImageRecord(image_id="a", uri="a.jpg", width=SIDE, height=SIDE)
    row.scores = [Score(metric="evidence", value=0.5, lower_better=False)]
    row.regions = [
        region(1, (0, 0, 9, 10), iqa_score=0.1, quality=graded[0.1]),
        region(2, (9, 0, 17.5, 10), iqa_score=0.95, quality=graded[0.95]),
    ]
    Merge()([row])
    (one,) = row.kept_regions()
    assert one.iqa_score is not None
    assert one.quality == quality_word("evidence", one.iqa_score) == graded[0.5]


def test_an_effect_goes_with_the_distortion_that_caused_it() -> None:
    slight = [Distortion(family="blur", name="blur", severity=1)]
    sound = region(1, (0, 0, 30, 10), effect="no impact")
    spoilt = region(2, (30, 0, 35, 10), effect="negative", distortions=slight)
    (one,) = merged([sound, spoilt]).kept_regions()
    assert (one.effect, one.distortions) == ("no impact", [])


def test_a_merged_region_keeps_no_phrase_that_was_true_of_a_part_only() -> None:
    left = region(1, (0, 0, 10, 20), source="detector", phrase="person on the left")
    right = region(2, (10, 0, 20, 20), source="detector", phrase="person on the right")
    (both,) = merged([left, right], PAPER).kept_regions()
    assert both.phrase == "person"
    inside = region(3, (2, 2, 6, 6), source="detector", phrase="person in the middle")
    (whole,) = merged([left, inside]).kept_regions()
    assert whole.phrase == "person on the left"


def test_regions_that_were_dropped_before_stay_out() -> None:
    dropped = region(2, (0, 0, 10, 10), kept=False, drop_reason="over-limit")
    regions = [region(1, (0, 0, 10, 10)), dropped]
    assert merged(regions).regions == regions


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (9, 5, 5, 9), (float("nan"), 0, 1, 1)])
def test_a_box_without_area_fails_the_row_by_its_number(box: BoxXYXYPx) -> None:
    row = merged([region(1, (0, 0, 10, 10)), region(2, box)])
    assert (row.outcome, row.stage) == ("failed", "merge")
    assert row.reason is not None
    assert row.reason.startswith("region #2: box (")


def test_a_hairline_box_inside_another_is_merged_into_it() -> None:
    assert boxes_kept([region(1, (0, 0, 10, 10)), region(2, (3, 3, 3.01, 9))]) == [(0, 0, 10, 10)]

"""Questions on planted truth: pools as large as IQA-Spider's, and nothing asked where two regions tie."""

from collections import Counter

import numpy as np
import pytest

from manifests.records import Distortion, ImageRecord, Region
from manifests.vocabulary import DISTORTIONS
from stages.describe import planted_pools
from stages.language.planted import PLANTED_NAMES
from stages.language.voice import Voice
from stages.question import planted_pools as pools
from stages.question.pair import Pair
from stages.question.planted import planted_pairs
from stages.question.planted_closed import planted_closed_pairs
from stages.question.stage import Ask, AskConfig

BLUR, NOISE, CONTRAST = "blur-motion", "noise-impulse", "contrast-weaken-scale"
FAMILY_OF = {name: family for family, names in DISTORTIONS.items() for name in names}
BOXES = ((0, 0, 100, 100), (300, 0, 400, 100), (300, 200, 400, 300))


def image(*planted: list[tuple[str, int]], labels: tuple[str, ...] = ("dog", "cat", "bus")) -> ImageRecord:
    """An image of 400x300 with regions; one without distortions is a detector's."""
    regions = [
        Region(
            region_id=number,
            label=labels[number - 1],
            phrase=labels[number - 1],
            box_xyxy_px=BOXES[number - 1],
            source="planted" if steps else "detector",
            distortions=[Distortion(family=FAMILY_OF[name], name=name, severity=degree) for name, degree in steps],
        )
        for number, steps in enumerate(planted, start=1)
    ]
    return ImageRecord(image_id="a" * 32, uri="a.png", width=400, height=300, regions=regions)


def asked(record: ImageRecord) -> dict[str, Pair]:
    pairs = planted_pairs(record, Voice(np.random.default_rng(0)), most_refer=99, most_ground=99)
    return {pair.topic if pair.family == "ground" else f"{pair.topic} {pair.region_ids[0]}": pair for pair in pairs}


@pytest.mark.parametrize(
    ("frames", "least"),
    [
        (planted_pools.LOCAL_QUESTIONS, 17),
        (planted_pools.GLOBAL_QUESTIONS, 26),
        (pools.HYD_WORST, 12),
        (pools.HYD_BEST, 12),
        (pools.SID_MOST + pools.SID_LEAST, 16),
        (pools.DAO_ORDER + pools.DAO_FIRST + pools.DAO_LAST, 18),
        (pools.REFER_SHORT_SINGLE, 14),
        (pools.REFER_SHORT_MULTI, 14),
        (pools.REFER_LONG_SINGLE, 14),
        (pools.REFER_LONG_MULTI, 14),
        (pools.YES_NO, 8),
        (pools.WHAT_SINGLE, 6),
        (pools.WHAT_MULTI, 6),
    ],
)
def test_a_pool_holds_as_many_different_questions_as_iqa_spider(frames: tuple[str, ...], least: int) -> None:
    assert len(set(frames)) == len(frames) >= least


def test_every_distortion_has_a_name_in_english() -> None:
    assert set(PLANTED_NAMES) == set(FAMILY_OF)


def test_total_degradation_is_the_sum_of_severities() -> None:
    found = asked(image([(CONTRAST, 2), (NOISE, 2)], [(BLUR, 3)]))
    assert found["hyd-most"].region_ids == (1,)
    assert found["hyd-least"].region_ids == (2,)


def test_a_tie_is_not_asked() -> None:
    found = asked(image([(BLUR, 3)], [(BLUR, 3)]))
    assert not [topic for topic in found if topic.startswith(("hyd", "sid"))]


def test_an_untouched_object_is_the_least_degraded_of_those_that_the_question_names() -> None:
    pair = asked(image([(BLUR, 3)], []))["hyd-least"]
    assert pair.region_ids == (2,)
    assert "the dog in the upper left and the cat in the upper right" in pair.question


def test_the_order_of_application_decides_between_regions_with_the_same_distortions() -> None:
    found = asked(image([("compression-jpeg", 1), (BLUR, 2)], [(BLUR, 1), ("compression-jpeg", 2)]))
    order = found["dao-order"]
    first, second = (
        ("motion blur", "JPEG compression") if order.region_ids == (2,) else ("JPEG compression", "motion blur")
    )
    assert {first, second} <= {name for name in ("motion blur", "JPEG compression") if name in order.question}
    assert found["dao-first"].family == "ground"


def test_referring_answers_give_degree_and_name_in_the_order_of_application() -> None:
    found = asked(image([(CONTRAST, 3), (BLUR, 2)]))
    assert found["refer-short 1"].answer == "Moderate contrast weakening, mild motion blur."
    assert found["refer-long 1"].answer.startswith("Moderate contrast weakening, which ")
    assert "the dog in the upper left" in found["refer-short 1"].question


def test_a_region_that_words_cannot_tell_from_another_is_not_referred_to() -> None:
    record = image([(BLUR, 3)], [(NOISE, 2)], labels=("dog", "dog"))
    record.regions[1].box_xyxy_px = (10, 10, 90, 90)
    assert not [topic for topic in asked(record) if topic.startswith("refer")]


def test_an_image_without_planted_regions_is_asked_nothing() -> None:
    assert asked(image([], [])) == {}


def test_grounding_answers_carry_words_of_place_and_the_box() -> None:
    stage = Ask(AskConfig(backend="spider", ground=9))
    (record,) = stage([image([(BLUR, 3)], [])])
    answers = {question.answer for question in record.questions if question.family == "ground"}
    assert "The [dog](<0, 124>) at the top left." in answers


def closed(record: ImageRecord, seed: int = 0, yes_no: int = 99, what: int = 99) -> list[Pair]:
    return planted_closed_pairs(record, Voice(np.random.default_rng(seed)), most_yes_no=yes_no, most_what=what)


def test_each_yes_comes_with_a_no_on_the_same_region_and_both_are_true() -> None:
    record = image([(BLUR, 2), (NOISE, 3)], [], [(CONTRAST, 4)])
    pairs = [pair for pair in closed(record) if pair.family == "yes-no"]
    there = {(1, "blur"), (1, "noise"), (3, "contrast-weaken")}
    assert {(pair.region_ids[0], pair.topic) for pair in pairs if pair.yes} == there
    assert not there & {(pair.region_ids[0], pair.topic) for pair in pairs if not pair.yes}
    for number in (1, 3):
        answers = [pair.answer for pair in pairs if pair.region_ids == (number,)]
        assert answers.count("Yes.") == answers.count("No.") > 0
    assert len(closed(record, yes_no=3, what=0)) == 2


def test_what_is_answered_by_the_families_in_the_order_of_application() -> None:
    record = image([(BLUR, 2), (NOISE, 3)], [], [(CONTRAST, 4)])
    answers = {pair.region_ids: pair.answer for pair in closed(record, yes_no=0)}
    assert answers == {(1,): "Blur and noise.", (3,): "Contrast weakening."}
    assert closed(image([], [], [])) == []


def test_the_words_of_a_question_do_not_tell_its_answer() -> None:
    yes, no = Counter[str](), Counter[str]()
    for seed, name in enumerate([*FAMILY_OF] * 20):
        for pair in closed(image([(name, 3)]), seed=seed, what=0):
            (yes if pair.yes else no)[pair.topic] += 1
    for family in yes:
        assert 0.4 < yes[family] / (yes[family] + no[family]) < 0.6

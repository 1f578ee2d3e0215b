"""Which questions the truth decides, and what it says to them."""

from __future__ import annotations

from itertools import product

import pytest

from annotate.bench.planted.matching import Place
from annotate.bench.planted.questions import (
    ALSO_CHANGES,
    Asked,
    asked,
    decide_what,
    decide_yes_no,
    expected_yes,
    families_named,
)
from manifests.masks import mask_of_box
from manifests.records import Distortion, ImageRecord, Question, Region
from manifests.vocabulary import FAMILIES, Family, QuestionFamily
from stages.question import pools

SIDE = 20
SINGULAR = {"Is": "Is", "Does": "Does", "is": "is", "does": "does", "on": "on"}
PLURAL = {"Is": "Are", "Does": "Do", "is": "are", "does": "do", "on": "in"}


def planted(family: Family, severity: int = 4) -> Place:
    box = (0.0, 0.0, 10.0, 20.0)
    distortion = Distortion(family=family, name=family, severity=severity)
    return Place(1, box, mask_of_box(box, SIDE, SIDE), (distortion,))


def image() -> ImageRecord:
    """Region 1 lies on the left, where things are planted, 2 on the right, 3 across."""
    boxes = {1: (0, 0, 10, 20), 2: (12, 0, 20, 20), 3: (6, 0, 20, 20)}
    regions = [
        Region(region_id=number, label="dog", phrase="dog", box_xyxy_px=box, source="detector")
        for number, box in boxes.items()
    ]
    return ImageRecord(image_id="0", uri="0.png", width=SIDE, height=SIDE, regions=regions, outcome="ok")


def question(text: str, answer: str, region_ids: list[int], family: QuestionFamily = "yes-no") -> Question:
    return Question(
        id="q", question=text, answer=answer, question_plain=text, answer_plain=answer, family=family, spatial="none",
        region_ids=region_ids, author="evidence templates",
    )  # fmt: skip


@pytest.mark.parametrize(("axis", "words"), list(product(pools.AXES, (SINGULAR, PLURAL))))
def test_every_frame_of_every_axis_is_read_back(axis: str, words: dict[str, str]) -> None:
    frames = pools.AXES[axis]
    for there, options in ((True, frames.defect), (False, frames.good)):
        for frame in options:
            found = asked(frame.format(t="the dog on the left of the cat", **words))
            assert found is not None
            assert (found.families, found.there) == (frames.families, there)


def test_questions_on_neutral_properties_and_comparisons_are_not_read() -> None:
    frames = [frame for options in pools.PROPERTIES.values() for frame in options]
    frames += [frame.replace("{word}", "sharper") for frame in pools.COMPARED] + list(pools.QUALITY_YES_NO)
    for frame in frames:
        assert asked(frame.format(t="the dog", b="the cat", **SINGULAR)) is None


BLURRED = Asked(("blur",), there=True, praise=False)
SHARP = Asked(("blur",), there=False, praise=True)
FREE_OF_GRAIN = Asked(("noise",), there=False, praise=False)


@pytest.mark.parametrize(
    ("question", "on", "expected"),
    [
        (BLURRED, [planted("blur")], True),
        (BLURRED, [planted("noise")], False),
        (BLURRED, [], False),
        (BLURRED, [planted("blur", 1)], None),
        (BLURRED, [planted("pixelate")], None),
        (SHARP, [planted("blur")], False),
        (SHARP, [], None),
        (FREE_OF_GRAIN, [planted("noise", 2)], False),
        (FREE_OF_GRAIN, [], True),
        (FREE_OF_GRAIN, [planted("oversharpen")], None),
    ],
)
def test_what_the_truth_says(question: Asked, on: list[Place], expected: bool | None) -> None:
    assert expected_yes(question, on) is expected


def test_every_family_says_what_else_it_changes_and_never_itself() -> None:
    assert set(ALSO_CHANGES) == set(FAMILIES)
    assert all(family not in others for family, others in ALSO_CHANGES.items())


def test_a_wrong_answer_about_the_planted_region_is_wrong() -> None:
    found = decide_yes_no(question("Is the dog noisy?", "No.", [1]), image(), [planted("noise")])
    assert found is not None
    assert (found.expected, found.answered, found.right) == (True, False, False)


def test_areas_in_between_and_areas_that_differ_are_not_decided() -> None:
    noise = [planted("noise")]
    assert decide_yes_no(question("Is the dog noisy?", "No.", [3]), image(), noise) is None
    assert decide_yes_no(question("Are the dogs noisy?", "No.", [1, 2]), image(), noise) is None
    assert decide_yes_no(question("Is the dog noisy?", "No.", [2]), image(), noise) is not None


def test_the_image_as_a_whole_has_what_covers_half_of_it() -> None:
    found = decide_yes_no(question("Is the image noisy?", "Yes.", []), image(), [planted("noise")])
    assert found is not None
    assert found.right


def test_answers_name_families_in_their_order() -> None:
    assert families_named("Low contrast, noise and compression artefacts.") == [
        "contrast-weaken", "noise", "compression",
    ]  # fmt: skip
    assert families_named("Oversaturation.") == ["saturation-strengthen"]
    assert families_named("A dog.") == []


@pytest.mark.parametrize(
    ("answer", "region_ids", "right"),
    [("Noise.", [1], True), ("Noise and blur.", [1], True), ("Blur and noise.", [1], False), ("Noise.", [2], False)],
)
def test_the_first_distortion_that_an_answer_names_must_be_planted_there(
    answer: str, region_ids: list[int], right: bool
) -> None:
    found = decide_what(question("What degrades the dog?", answer, region_ids, "what"), image(), [planted("noise")])
    assert found is not None
    assert found.right is right


@pytest.mark.parametrize(("region_ids", "right"), [([1], True), ([1, 2], False), ([2], False), ([1, 3], None)])
def test_what_is_noisy_is_answered_by_regions_that_all_lie_on_noise(region_ids: list[int], right: bool | None) -> None:
    found = decide_what(
        question("What is noisy in the image?", "The dog.", region_ids, "what"), image(), [planted("noise")]
    )
    assert (None if found is None else found.right) is right


def test_praise_and_comparisons_are_no_what_questions_of_the_truth() -> None:
    for text in ("What is sharp in the image?", "Which is sharper, the dog or the cat?", "What is good about the dog?"):
        assert decide_what(question(text, "The dog.", [1], "what"), image(), [planted("noise")]) is None

"""Questions whose answers the measurements prove."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.markup import parse_grid_links
from manifests.records import Attributes, Distortion, ImageRecord, Question, Region, Report
from manifests.vocabulary import FAMILIES, Family, RegionSource
from stages.describe import Describe
from stages.question import Ask, AskConfig

GOOD = Attributes(
    sharpness=0.75, focus=0.9, noise=0.8, compression=0.02, luminance=0.45, contrast=0.8, saturation=0.3, texture=0.7,
    overexposed=0.001, underexposed=0.002, pixelation=0.0,
)  # fmt: skip
DULL = GOOD.model_copy(update={"sharpness": 0.5, "noise": 4.0, "contrast": 0.4, "saturation": 0.12})
MOST = AskConfig(yes_no=200, open=200, refer=200, ground=200)


def distortions(found: dict[Family, int] | None) -> list[Distortion]:
    return [Distortion(family=family, name=family, severity=severity) for family, severity in (found or {}).items()]


def region(
    number: int, label: str, box: tuple[float, float, float, float], found: dict[Family, int] | None = None,
    attributes: Attributes = GOOD, source: RegionSource = "detector",
) -> Region:  # fmt: skip
    return Region(
        region_id=number, label=label, phrase=label, box_xyxy_px=box, source=source, attributes=attributes,
        distortions=distortions(found),
    )  # fmt: skip


def image(
    *regions: Region, name: str = "a", attributes: Attributes = GOOD, found: dict[Family, int] | None = None
) -> ImageRecord:
    return ImageRecord(
        image_id=name, uri=f"{name}.jpg", width=1000, height=800, attributes=attributes,
        distortions=distortions(found), regions=list(regions), report=Report(author="nobody"),
    )  # fmt: skip


def asked(record: ImageRecord, config: AskConfig | None = None, seed: int = 0) -> list[Question]:
    (row,) = Ask(config, seed=seed)([record])
    return row.questions


BUS = (300, 250, 700, 600)
CORNER = (0, 0, 200, 160)
NOISY = GOOD.model_copy(update={"noise": 15.0, "sharpness": None})

unit = st.floats(0, 1, width=32)
attributes_strategy = st.builds(
    Attributes,
    sharpness=st.none() | unit, noise=st.none() | st.floats(0, 30, width=32), compression=st.none() | unit,
    luminance=st.none() | unit, contrast=st.none() | unit, saturation=st.none() | unit, texture=st.none() | unit,
    overexposed=st.none() | unit, underexposed=st.none() | unit, pixelation=st.none() | unit,
)  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> ImageRecord:
    def families_with_severities() -> dict[Family, int]:
        families = draw(st.lists(st.sampled_from(FAMILIES), max_size=3, unique=True))
        severities = sorted((draw(st.integers(1, 5)) for _ in families), reverse=True)
        return dict(zip(families, severities, strict=True))

    regions = []
    for number in range(1, draw(st.integers(0, 6)) + 1):
        x = sorted(draw(st.lists(st.integers(0, 1000), min_size=2, max_size=2, unique=True)))
        y = sorted(draw(st.lists(st.integers(0, 800), min_size=2, max_size=2, unique=True)))
        source = draw(st.sampled_from(["detector", "quality-map"]))
        label = draw(st.sampled_from(["person", "tv", "scissors", "broccoli"])) if source == "detector" else "area"
        found, values = families_with_severities(), draw(attributes_strategy)
        regions.append(region(number, label, (x[0], y[0], x[1], y[1]), found, values, source))
    name, found = draw(st.sampled_from("abcdef")), families_with_severities()
    return image(*regions, attributes=draw(attributes_strategy), found=found, name=name)


@settings(max_examples=120, deadline=None)
@given(records(), st.sampled_from([AskConfig(), MOST]))
def test_any_record_gets_balanced_questions_in_english_with_boxes_in_one_place(
    record: ImageRecord, config: AskConfig
) -> None:
    Describe()([record])
    questions = asked(record, config)
    answers = Counter(question.answer for question in questions if question.family == "yes-no")
    assert answers["Yes."] == answers["No."]
    assert set(answers) <= {"Yes.", "No."}
    numbers = range(1, len(questions) + 1)
    assert [question.id for question in questions] == [f"{record.image_id}-q{number:02d}" for number in numbers]
    assert len({(question.question, question.family) for question in questions}) == len(questions)
    kept = {region.region_id for region in record.kept_regions()}
    for question in questions:
        boxes = (bool(parse_grid_links(question.question)), bool(parse_grid_links(question.answer)))
        assert boxes == (question.spatial == "referring", question.spatial == "grounding")
        assert set(question.region_ids) <= kept
        assert bool(question.region_ids) >= (question.spatial != "none")
        for text in (question.question_plain, question.answer_plain):
            assert not re.search(r"[{}<>#\[\]]|  |\bNone\b", text), text
        assert re.fullmatch(r"[A-Z].*[?.]", question.question_plain), question.question_plain
        assert re.fullmatch(r"[A-Z].*\.", question.answer_plain), question.answer_plain


@settings(max_examples=40, deadline=None)
@given(records())
def test_a_record_always_gets_the_same_questions(record: ImageRecord) -> None:
    Describe()([record])
    assert asked(record.model_copy(deep=True)) == asked(record.model_copy(deep=True))


def test_the_limits_of_the_recipe_hold() -> None:
    noisy = region(2, "area", CORNER, {"noise": 4}, NOISY, "quality-map")
    config = AskConfig(yes_no=4, open=3, refer=1, ground=1)
    counts = Counter(question.family for question in asked(image(region(1, "bus", BUS), noisy), config))
    assert counts["yes-no"] == 4
    assert counts["what"] + counts["why"] + counts["how"] == 3
    assert counts["refer-short"] + counts["refer-long"] == 1
    assert counts["ground"] == 1


def test_an_image_in_order_still_gets_true_questions_of_every_open_family() -> None:
    questions = asked(image(region(1, "bus", BUS)))
    assert {"yes-no", "what", "why", "how"} == {question.family for question in questions}
    assert not any(re.search(r"degrade|distortion", question.question) for question in questions)


def test_nothing_is_asked_about_what_could_not_be_judged() -> None:
    assert asked(image(region(1, "bus", BUS, attributes=Attributes()), attributes=Attributes()), MOST) == []


TRUTH = {
    r"overexposed|overexposure|too bright": "No.", r"underexposed|underexposure|too dark": "No.",
    r"blurred|blurry|blur\b|lack sharpness|soft": "No.", r"look sharp|\bsharp\?|edges .* clearly defined": "Yes.",
    r"free of (visible noise|grain)": "No.", r"\bnoisy|grainy|visible noise (in|on)": "Yes.",
}  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_yes_and_no_are_true_of_a_sharp_noise_free_bus_and_a_noisy_corner(seed: int) -> None:
    record = image(region(1, "bus", BUS), region(2, "area", CORNER, {"noise": 4}, NOISY, "quality-map"))
    for question in asked(record, MOST, seed):
        if question.family != "yes-no" or not question.region_ids:
            continue
        for pattern, answer in TRUTH.items():
            if re.search(pattern, question.question_plain):
                on_noise = "noise" in pattern or "grain" in pattern
                flipped = {"Yes.": "No.", "No.": "Yes."}[answer]
                expected = flipped if on_noise and question.region_ids == [1] else answer
                assert question.answer == expected, question.question
                break
        if question.region_ids == [2]:
            assert not re.search(r"sharp|blur|edges|soft|fine detail", question.question), "sharpness was not judged"


def test_ordinary_values_between_good_and_bad_are_not_asked_about() -> None:
    for question in asked(image(region(1, "bus", BUS, attributes=DULL), attributes=DULL), MOST):
        if question.family == "yes-no":
            assert not re.search(r"sharp|blur|nois|grain", question.question), question.question


def test_what_is_noisy_is_answered_by_every_noisy_region() -> None:
    corners = [
        region(n, "area", (x, 0, x + 150, 120), {"noise": 3}, NOISY, "quality-map") for n, x in ((2, 0), (3, 850))
    ]
    questions = asked(image(region(1, "bus", BUS), *corners), MOST)
    (found,) = [q for q in questions if q.family == "what" and q.spatial == "grounding" and "noisy" in q.question]
    assert sorted(found.region_ids) == [2, 3]
    assert len(parse_grid_links(found.answer)[0].cells) == 2


def test_the_worst_region_is_asked_for_only_if_there_is_exactly_one() -> None:
    one = [region(1, "bus", BUS, {"noise": 4}, NOISY), region(2, "area", CORNER, {"noise": 2}, NOISY, "quality-map")]
    two = [region(1, "bus", BUS, {"noise": 4}, NOISY), region(2, "area", CORNER, {"noise": 4}, NOISY, "quality-map")]
    assert {tuple(q.region_ids) for q in asked(image(*one), MOST) if q.family == "ground"} == {(1,)}
    assert not [q for q in asked(image(*two), MOST) if q.family == "ground"]


def test_referring_by_words_names_a_region_that_the_words_fit_alone() -> None:
    pair = [region(n, "car", (x, 300, x + 150, 500), {"noise": 2 + n}, NOISY) for n, x in ((1, 50), (2, 800))]
    questions = [q for q in asked(image(*pair), MOST) if q.family.startswith("refer-")]
    assert {q.spatial for q in questions} == {"none"}
    for question in questions:
        assert {1: "on the left", 2: "on the right"}[question.region_ids[0]] in question.question
    assert {q.answer for q in questions if q.family == "refer-short"} == {"Moderate noise.", "Severe noise."}


def test_regions_that_words_cannot_tell_apart_are_referred_to_by_box_only() -> None:
    twins = [region(n, "car", (400 + n, 300 + n, 560 + n, 460 + n), {"noise": 3}, NOISY) for n in (1, 2)]
    for question in asked(image(*twins), MOST):
        assert not (question.spatial == "none" and question.region_ids), question.question


def test_two_boxes_on_the_same_cells_are_asked_about_once() -> None:
    twins = [region(n, "car", (400 + n, 300 + n, 560 + n, 460 + n), {"noise": 3}, NOISY) for n in (1, 2)]
    written = [question.question for question in asked(image(*twins), MOST)]
    assert len(set(written)) == len(written)


def test_images_with_equal_evidence_get_different_questions() -> None:
    record = image(region(1, "bus", BUS), region(2, "area", CORNER, {"noise": 4}, NOISY, "quality-map"))
    said = {
        " ".join(q.question for q in asked(record.model_copy(update={"image_id": f"image-{n}"}))) for n in range(30)
    }
    assert len(said) == 30


def test_pools_decide_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Ask().identity()
    monkeypatch.setattr("stages.question.pools.HOW_GOOD", ("How good is {t}?",))
    assert Ask().identity() != before

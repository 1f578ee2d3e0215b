"""The evidence author: what it says is English, true, and never twice the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.markup import parse_links, plain
from manifests.records import Attributes, Distortion, ImageRecord, Region
from manifests.vocabulary import FAMILIES
from stages.check import Check
from stages.describe import Describe, DescribeConfig
from stages.describe.pools import FORMAT_HINTS, GLOBAL_QUESTIONS, LOCAL_QUESTIONS
from stages.language.distortions import ADVERBS

GOOD = Attributes(
    sharpness=0.75, focus=0.9, noise=0.8, compression=0.02, luminance=0.45, contrast=0.8, saturation=0.3, texture=0.7,
    overexposed=0.001, underexposed=0.002, pixelation=0.0,
)  # fmt: skip
BLURRED = GOOD.model_copy(update={"sharpness": 0.15})


def blur(severity: int) -> Distortion:
    return Distortion(family="blur", name="blur", severity=severity)


def region(
    number: int, label: str, box: tuple[float, float, float, float], *found: Distortion, **more: object
) -> Region:
    fields = {"attributes": BLURRED if found else GOOD, "source": "detector", **more}
    return Region.model_validate(
        {"region_id": number, "label": label, "phrase": label, "box_xyxy_px": box, "distortions": list(found), **fields}
    )


def image(
    *regions: Region, name: str = "a", attributes: Attributes = GOOD, found: tuple[Distortion, ...] = ()
) -> ImageRecord:
    return ImageRecord(
        image_id=name, uri=f"{name}.jpg", width=1000, height=800, attributes=attributes,
        distortions=list(found), regions=list(regions),
    )  # fmt: skip


def texts(record: ImageRecord, seed: int = 0, **options: int) -> list[str]:
    (row,) = Describe(DescribeConfig(**options), seed=seed)([record])
    assert row.report is not None
    return [passage.text for passage in row.report.passages]


STREET = (
    region(1, "bus", (300, 250, 700, 600)),
    region(2, "person", (50, 400, 150, 780)),
    region(3, "person", (180, 420, 260, 780)),
    region(4, "area", (0, 0, 290, 240), blur(4), source="quality-map"),
)

unit = st.floats(0, 1, width=32)
attributes_strategy = st.builds(
    Attributes,
    sharpness=st.none() | unit, noise=st.none() | st.floats(0, 30, width=32), compression=st.none() | unit,
    luminance=st.none() | unit, contrast=st.none() | unit, saturation=st.none() | unit, texture=st.none() | unit,
    overexposed=st.none() | unit, underexposed=st.none() | unit, pixelation=st.none() | unit,
)  # fmt: skip
distortions_strategy = st.lists(st.sampled_from(FAMILIES), max_size=4, unique=True).flatmap(
    lambda families: st.lists(st.integers(1, 5), min_size=len(families), max_size=len(families)).map(
        lambda severities: [
            Distortion(family=family, name=family, severity=severity)
            for family, severity in zip(families, sorted(severities, reverse=True), strict=True)
        ]
    )
)


@st.composite
def records(draw: st.DrawFn) -> ImageRecord:
    width, height = draw(st.integers(40, 3000)), draw(st.integers(40, 3000))
    regions = []
    for number in range(1, draw(st.integers(0, 7)) + 1):
        x = sorted(draw(st.lists(st.integers(0, width), min_size=2, max_size=2, unique=True)))
        y = sorted(draw(st.lists(st.integers(0, height), min_size=2, max_size=2, unique=True)))
        source = draw(st.sampled_from(["detector", "quality-map"]))
        label = (
            draw(st.sampled_from(["person", "tv", "scissors", "broccoli", "bus [7](#9)"]))
            if source == "detector"
            else "area"
        )
        kept = draw(st.booleans())
        regions.append(
            Region(
                region_id=number, label=label, phrase=label, box_xyxy_px=(x[0], y[0], x[1], y[1]), source=source,
                attributes=draw(attributes_strategy), distortions=draw(distortions_strategy), kept=kept,
                drop_reason=None if kept else "not-salient",
            )
        )  # fmt: skip
    return ImageRecord(
        image_id=draw(st.text("0123456789abcdef", min_size=8, max_size=8)), uri="x.jpg", width=width, height=height,
        attributes=draw(attributes_strategy), distortions=draw(distortions_strategy), regions=regions,
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(records())
def test_any_record_gets_sound_text_on_regions_that_exist_and_no_claim_against_its_own_evidence(
    record: ImageRecord,
) -> None:
    (row,) = Check()(Describe(seed=3)([record]))
    kept = {region.region_id for region in row.kept_regions()}
    assert row.report is not None
    assert [passage.level for passage in row.report.passages][:1] == ["global"]
    for passage in row.report.passages:
        assert {number for link in parse_links(passage.text) for number in link.region_ids} <= kept
        words, _ = plain(passage.text)
        assert not re.search(r"[{}]|  | [.,;]|\.\.|\bNone\b", words), words
        assert re.fullmatch(r"[A-Z].*\.", words), words
        assert "(#" not in passage.question
        for claim in passage.claims:
            assert claim.text in passage.text
            assert set(claim.region_ids) <= kept
            assert not claim.contradicted, (claim, passage.text)


@settings(max_examples=50, deadline=None)
@given(records())
def test_a_record_always_gets_the_same_report(record: ImageRecord) -> None:
    (once,), (again,) = (Describe(seed=1)([record.model_copy(deep=True)]) for _ in range(2))
    assert once.report == again.report


def test_different_images_with_equal_evidence_get_different_words() -> None:
    said = {" ".join(texts(image(*STREET, name=f"image-{number}"))) for number in range(40)}
    assert len(said) == 40


def test_no_sentence_is_shared_by_more_than_a_few_images() -> None:
    first = [texts(image(*STREET, name=f"image-{number}"))[0].split(". ")[0] for number in range(60)]
    assert max(first.count(sentence) for sentence in first) <= 4


def test_the_degree_of_a_distortion_is_said_as_measured() -> None:
    for severity, adverb in ADVERBS.items():
        found = blur(severity)
        said = texts(image(region(1, "bus", (300, 250, 700, 600), found)), local_passages=1)[1]
        degree = {1: "slight", 2: "mild", 3: "moderate", 4: "severe", 5: "extreme"}[severity]
        assert adverb in said.lower() or degree in said.lower()


def test_what_could_not_be_judged_is_not_mentioned() -> None:
    said = " ".join(
        texts(image(region(1, "bus", (300, 250, 700, 600), attributes=Attributes()), attributes=Attributes()))
    )
    assert not re.search(r"sharp|crisp|clear|noise|grain|expos|contrast|colour|detail|distortion", said), said


def test_an_image_in_order_is_praised_and_no_distortion_is_claimed() -> None:
    record = image(region(1, "bus", (300, 250, 700, 600)))
    (row,) = Describe()([record])
    assert row.report is not None
    claims = [claim for passage in row.report.passages for claim in passage.claims]
    assert claims
    assert not any(claim.present for claim in claims)
    assert re.search(r"(good|excellent)", row.report.passages[0].text)


def test_one_label_many_times_is_counted_and_agrees() -> None:
    crowd = [
        region(n, "person", (n * 120, 300, n * 120 + 100, 700), *([blur(3)] if n < 4 else [])) for n in range(1, 7)
    ]
    for seed in range(10):
        said = texts(image(*crowd), seed=seed)[0]
        assert "hree of the [people](#1, #2, #3)" in said
        assert not re.search(r"\[people\]\(#1, #2, #3\) (is|has|shows|looks|suffers)\b", said)


def test_two_things_of_one_name_are_told_apart_by_side() -> None:
    pair = [region(1, "car", (100, 300, 300, 500), blur(4)), region(2, "car", (700, 300, 900, 500))]
    said = texts(image(*pair, attributes=Attributes()))[0]
    assert re.search(r"\[car\]\(#1\) on the left", said)
    assert re.search(r"\[car\]\(#2\) on the right", said)


def test_places_are_those_of_the_boxes() -> None:
    places = {
        (0, 0, 200, 160): "left", (800, 0, 1000, 160): "right", (400, 300, 600, 500): "centre|middle",
        (400, 700, 600, 800): "bottom", (400, 0, 600, 100): "top",
    }  # fmt: skip
    for box, word in places.items():
        said = texts(image(region(1, "area", box, blur(3), source="quality-map")))[1]
        assert re.search(rf"\[area [a-z ]*({word})", said), said


def test_the_verdict_follows_the_worst_of_the_evidence() -> None:
    assert re.search(r"\b(poor|bad)\b", texts(image(attributes=BLURRED, found=(blur(5),)))[0])
    assert not re.search(r"\b(good|excellent)\b", texts(image(attributes=BLURRED, found=(blur(4),)))[0].split(". ")[-1])
    assert re.search(r"\bexcellent\b", texts(image())[0])


def test_a_question_asks_for_positions_only_where_the_answer_has_some() -> None:
    (with_regions,), (without,) = Describe()([image(*STREET)]), Describe()([image()])
    assert with_regions.report is not None
    assert without.report is not None
    assert with_regions.report.passages[0].question.endswith(FORMAT_HINTS)
    assert without.report.passages[0].question in GLOBAL_QUESTIONS


def test_pools_are_as_large_as_the_paper_says() -> None:
    assert len(set(GLOBAL_QUESTIONS)) == 15
    assert len(set(LOCAL_QUESTIONS)) >= 10


def test_local_passages_are_limited_and_the_worst_region_comes_first() -> None:
    assert len(texts(image(*STREET), local_passages=2)) == 3
    assert "(#4)" in texts(image(*STREET), local_passages=1)[1]
    assert len(texts(image(*STREET), local_passages=0)) == 1


def test_words_decide_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Describe().identity()
    monkeypatch.setattr("stages.describe.pools.VERDICTS", ("The quality is {quality}.",))
    assert Describe().identity() != before

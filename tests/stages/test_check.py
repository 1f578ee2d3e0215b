"""Claims of a report against the measurements."""

from __future__ import annotations

import pytest

from manifests.markup import parse_links
from manifests.records import Attributes, Claim, Distortion, ImageRecord, Passage, Region, Report
from stages.check import Check, CheckConfig

CRISP = Attributes(
    sharpness=0.8, focus=0.9, noise=0.8, compression=0.02, luminance=0.45, contrast=0.8, saturation=0.3, texture=0.7,
    overexposed=0.001, underexposed=0.002, pixelation=0.0,
)  # fmt: skip


def region(number: int, attributes: Attributes, *found: Distortion, box: tuple[float, float, float, float]) -> Region:
    return Region(
        region_id=number, label="bus", phrase="bus", box_xyxy_px=box, source="detector", attributes=attributes,
        distortions=list(found),
    )  # fmt: skip


def image(text: str, *claims: Claim) -> ImageRecord:
    noise = Distortion(family="noise", name="noise", severity=4)
    passage = Passage(level="global", question="How good is it?", text=text, claims=list(claims))
    return ImageRecord(
        image_id="a", uri="a.jpg", width=1000, height=800, attributes=CRISP,
        regions=[
            region(1, CRISP, box=(0, 0, 400, 400)),
            region(2, CRISP.model_copy(update={"noise": 18.0}), noise, box=(500, 500, 900, 800)),
            region(3, Attributes(), box=(500, 0, 900, 300)),
        ],
        report=Report(author="somebody", passages=[passage]),
    )  # fmt: skip


def checked(record: ImageRecord, **options: bool) -> Passage | None:
    (row,) = Check(CheckConfig(**options))([record])
    assert row.report is not None
    return row.report.passages[0] if row.report.passages else None


def about(family: str, *numbers: int, present: bool = True, severity: int | None = None, text: str = "so") -> Claim:
    return Claim.model_validate(
        {"region_ids": list(numbers), "family": family, "present": present, "severity": severity, "text": text}
    )


@pytest.mark.parametrize("family", ["blur", "noise", "compression", "brighten", "contrast-weaken", "pixelate"])
def test_a_distortion_of_a_region_measured_in_order_is_contradicted_with_the_number(family: str) -> None:
    passage = checked(image("It is so.", about(family, 1)))
    assert passage is not None
    (claim,) = passage.claims
    assert claim.contradicted
    assert claim.contradiction is not None
    assert claim.contradiction.startswith("region #1: no ")
    assert any(character.isdigit() for character in claim.contradiction.partition(":")[2])


def test_denying_strong_noise_is_contradicted() -> None:
    passage = checked(image("It is so.", about("noise", 2, present=False)))
    assert passage is not None
    assert passage.claims[0].contradiction == "region #2: noise was measured at severity 4 of 5 (severe)"


def test_a_degree_far_from_the_measured_one_is_contradicted_and_a_near_one_is_not() -> None:
    passage = checked(image("It is so.", about("noise", 2, severity=1), about("noise", 2, severity=3)))
    assert passage is not None
    assert [claim.contradicted for claim in passage.claims] == [True, False]


def test_nothing_is_contradicted_where_nothing_could_be_judged() -> None:
    claims = [about("blur", 3), about("noise", 3), about("noise", 3, present=False), about("blur", 99)]
    passage = checked(image("It is so.", *claims))
    assert passage is not None
    assert not any(claim.contradicted for claim in passage.claims)


def test_a_claim_on_the_image_is_left_alone_where_one_of_its_regions_has_the_distortion() -> None:
    passage = checked(image("It is so.", about("noise"), about("blur")))
    assert passage is not None
    assert [claim.contradicted for claim in passage.claims] == [False, True]


def test_families_that_no_attribute_shows_are_never_contradicted() -> None:
    passage = checked(image("It is so.", about("oversharpen", 1), about("quantise", 1)))
    assert passage is not None
    assert not any(claim.contradicted for claim in passage.claims)


def test_dropping_takes_the_false_sentence_and_leaves_good_english() -> None:
    text = "The image is bright. The [bus](#1) is badly blurred. In addition, it stands in the sun. It looks fair."
    passage = checked(image(text, about("blur", 1, severity=4, text="badly blurred")), drop=True)
    assert passage is not None
    assert passage.text == "The image is bright. The [bus](#1) stands in the sun. It looks fair."
    assert passage.claims == []
    assert [link.region_ids for link in parse_links(passage.text)] == [(1,)]


def test_dropping_keeps_what_is_true() -> None:
    text = "The [bus](#2) is noisy."
    passage = checked(image(text, about("noise", 2, severity=4, text="noisy")), drop=True)
    assert passage is not None
    assert passage.text == text
    assert len(passage.claims) == 1


def test_a_passage_of_which_nothing_is_left_goes() -> None:
    assert checked(image("The [bus](#1) is blurred.", about("blur", 1, text="blurred")), drop=True) is None


def test_without_dropping_the_text_stays_as_it_was_written() -> None:
    text = "The [bus](#1) is blurred."
    passage = checked(image(text, about("blur", 1, text="blurred")))
    assert passage is not None
    assert passage.text == text
    assert passage.claims[0].contradicted

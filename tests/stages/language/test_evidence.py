"""What the measurements allow to be said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from manifests.records import Attributes, Distortion, ImageRecord, Region
from manifests.vocabulary import FAMILIES, Family
from stages.language.comparison import comparatives
from stages.language.evidence import Evidence, of_image, of_region
from stages.language.verdict import quality_of
from stages.language.virtues import is_partly_in_focus

GOOD = Attributes(
    sharpness=0.75, focus=0.9, noise=0.8, compression=0.02, luminance=0.45, contrast=0.8, saturation=0.3, texture=0.7,
    overexposed=0.001, underexposed=0.002, pixelation=0.0,
)  # fmt: skip


def evidence(attributes: Attributes = GOOD, possible: frozenset[Family] = frozenset(), **found: int) -> Evidence:
    distortions = [
        Distortion.model_validate({"family": family.replace("_", "-"), "name": family, "severity": severity})
        for family, severity in found.items()
    ]
    return Evidence((1,), attributes, tuple(distortions), possible)


def test_what_was_not_measured_is_never_denied() -> None:
    assert not any(evidence(Attributes()).is_free_of(family) for family in FAMILIES)
    assert evidence(Attributes()).virtues() == ()


def test_oversharpening_and_banding_cannot_be_denied() -> None:
    assert not evidence().is_free_of("oversharpen")
    assert not evidence().is_free_of("quantise")


def test_a_family_that_is_there_is_not_denied_whatever_the_attributes_say() -> None:
    assert evidence().is_free_of("blur")
    assert not evidence(blur=1).is_free_of("blur")


@pytest.mark.parametrize("family", ["noise", "pixelate", "compression"])
def test_sharpness_is_not_praised_where_grain_or_blocks_make_the_edges(family: str) -> None:
    assert "sharp" in evidence().virtues()
    assert "sharp" not in evidence(**{family: 2}).virtues()


def test_noise_is_not_denied_where_the_tones_are_clipped_away() -> None:
    assert not evidence(darken=4).is_free_of("noise")


def test_what_an_overlapping_region_shows_is_not_denied_of_its_neighbour_or_of_the_image() -> None:
    noise = Distortion(family="noise", name="noise", severity=3)
    bus = Region(
        region_id=1, label="bus", phrase="bus", box_xyxy_px=(0, 0, 100, 100), source="detector", attributes=GOOD
    )
    area = Region(
        region_id=2, label="area", phrase="area", box_xyxy_px=(50, 50, 200, 200), source="quality-map",
        attributes=GOOD, distortions=[noise],
    )  # fmt: skip
    far = bus.model_copy(update={"region_id": 3, "box_xyxy_px": (300, 300, 400, 400)})
    record = ImageRecord(image_id="a", uri="a.jpg", width=500, height=500, attributes=GOOD, regions=[bus, area, far])
    assert not of_region(record, bus).is_free_of("noise")
    assert of_region(record, far).is_free_of("noise")
    assert not of_image(record).is_free_of("noise")


def test_only_differences_that_can_be_seen_are_named() -> None:
    dark = GOOD.model_copy(update={"luminance": 0.2, "sharpness": 0.7})
    assert comparatives(evidence(dark), evidence()) == ["darker"]
    assert comparatives(evidence(), evidence(dark)) == ["brighter"]
    assert comparatives(evidence(Attributes()), evidence()) == []


def test_sharpness_is_not_compared_through_grain() -> None:
    soft = GOOD.model_copy(update={"sharpness": 0.3})
    assert comparatives(evidence(), evidence(soft)) == ["sharper"]
    assert comparatives(evidence(noise=4), evidence(soft)) == []


def test_a_score_cannot_contradict_the_evidence() -> None:
    assert quality_of(evidence(blur=5), "excellent") == "poor"
    assert quality_of(evidence(), "bad") == "fair"
    assert quality_of(evidence(), "excellent") == "excellent"


def test_without_a_score_the_worst_distortion_decides_and_what_cannot_be_judged_has_no_verdict() -> None:
    assert quality_of(evidence(noise=3), None) == "poor"
    assert quality_of(evidence(Attributes()), None) is None


def test_an_image_is_sharp_as_a_whole_only_if_most_of_its_detail_is_in_focus() -> None:
    sharp = Evidence((), GOOD, ())
    assert sharp.is_free_of("blur")
    assert not Evidence((), GOOD.model_copy(update={"focus": 0.5}), ()).is_free_of("blur")
    assert not Evidence((), GOOD.model_copy(update={"texture": 0.2}), ()).is_free_of("blur")
    assert Evidence((1,), GOOD.model_copy(update={"focus": 0.5}), ()).is_free_of("blur")


def test_focus_on_a_part_of_the_scene_is_seen_and_is_no_distortion() -> None:
    partly = Evidence((), GOOD.model_copy(update={"focus": 0.4}), ())
    assert is_partly_in_focus(partly)
    assert not is_partly_in_focus(Evidence((), GOOD, ()))
    assert not is_partly_in_focus(replace(partly, possible=frozenset({"blur"})))

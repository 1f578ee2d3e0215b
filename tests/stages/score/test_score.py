"""Scores of regions and images: evidence by default, PIQE where the recipe says so."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from manifests.records import Attributes, Distortion, ImageRecord, Region
from stages.measure import Measure
from stages.score import ScoreConfig, ScoreStage, quality_word
from stages.score.evidence import evidence_score
from stages.score.score import crop_box

GOOD = Attributes(
    sharpness=0.75, noise=1.0, compression=0.0, luminance=0.5, contrast=0.7, saturation=0.3, texture=0.6,
    overexposed=0.0, underexposed=0.0, pixelation=0.0,
)  # fmt: skip


def flaw(severity: int, family: str = "blur") -> Distortion:
    return Distortion(family=family, name=family, severity=severity)


def row_of(image: np.ndarray, name: str, *boxes: tuple[float, float, float, float]) -> ImageRecord:
    height, width = image.shape[:2]
    regions = [
        Region(region_id=number, label="thing", phrase="thing", box_xyxy_px=box, source="detector")
        for number, box in enumerate(boxes, 1)
    ]
    content = cv2.imencode(".png", image)[1].tobytes()
    return ImageRecord(image_id=name, uri=name, content=content, width=width, height=height, regions=regions)


def test_a_good_image_scores_high_and_every_step_of_severity_costs():
    scores = [evidence_score(GOOD, [flaw(severity)] if severity else []) for severity in range(6)]
    assert scores[0] > 0.9
    assert scores == sorted(scores, reverse=True)
    assert scores[5] < 0.3


def test_a_second_distortion_costs_less_than_the_first_but_costs():
    one, two = evidence_score(GOOD, [flaw(3)]), evidence_score(GOOD, [flaw(3), flaw(3, "noise")])
    assert 0 < one - two < evidence_score(GOOD, []) - one


@pytest.mark.parametrize(
    "worse",
    [
        {"sharpness": 0.2},
        {"noise": 12.0},
        {"luminance": 0.08},
        {"contrast": 0.15},
        {"overexposed": 0.3},
        {"compression": 0.9},
    ],
)
def test_each_attribute_counts(worse: dict[str, float]):
    assert evidence_score(GOOD.model_copy(update=worse), []) < evidence_score(GOOD, [])


def test_the_score_is_within_bounds_when_nothing_could_be_judged():
    assert 0 < evidence_score(Attributes(), []) < 1


def test_evidence_needs_no_pixels_and_scores_image_and_regions():
    row = ImageRecord(image_id="a", uri="a", width=10, height=10, attributes=GOOD)
    row.regions = [
        Region(region_id=1, label="x", phrase="x", box_xyxy_px=(0, 0, 5, 5), source="detector", attributes=GOOD),
        Region(region_id=2, label="y", phrase="y", box_xyxy_px=(5, 5, 9, 9), source="detector", attributes=GOOD,
               distortions=[flaw(4)]),
    ]  # fmt: skip
    stage = ScoreStage()
    stage.open()
    stage([row])
    assert [(score.metric, score.lower_better) for score in row.scores] == [("evidence", False)]
    assert row.regions[0].iqa_score == row.scores[0].value > row.regions[1].iqa_score


def test_only_the_metric_of_the_recipe_decides_what_is_required_and_who_the_stage_is():
    assert ScoreStage().requires() == {}
    assert ScoreStage(ScoreConfig(metric="piqe")).requires() == {"pyiqa": "iqa"}
    assert ScoreStage().identity() != ScoreStage(ScoreConfig(metric="piqe")).identity()
    with pytest.raises(ValidationError):
        ScoreConfig(metric="best-installed")


def test_words_follow_the_direction_of_the_metric():
    assert [quality_word("evidence", value) for value in (0.95, 0.8, 0.6, 0.4, 0.1)] == [
        "excellent", "good", "fair", "poor", "bad",
    ]  # fmt: skip
    assert [quality_word("piqe", value) for value in (5, 30, 45, 70, 95)] == [
        "excellent", "good", "fair", "poor", "bad",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no grades"):
        quality_word("unheard-of", 1.0)


def test_crops_are_padded_and_at_least_the_smallest_side_and_inside_the_image():
    def box(x1: float, y1: float, x2: float, y2: float) -> tuple[float, ...]:
        region = Region(region_id=1, label="x", phrase="x", box_xyxy_px=(x1, y1, x2, y2), source="text")
        return crop_box(region, 640, 120, ScoreConfig(crop_padding=0.1, min_crop_px=96))

    assert box(100, 0, 300, 120) == (80, 0, 320, 120)
    assert box(0, 0, 10, 10) == (0, 0, 96, 96)
    assert box(630, 110, 640, 120) == (544, 24, 640, 120)


def test_piqe_is_worse_where_the_photo_is_spoilt(photos: Path):
    good = cv2.imread(str(photos / "espresso.png"))
    spoilt = good.copy()
    box = (150, 0, 450, 280)
    compressed = cv2.imdecode(cv2.imencode(".jpg", good, [cv2.IMWRITE_JPEG_QUALITY, 6])[1], 1)
    spoilt[0:280, 150:450] = compressed[0:280, 150:450]
    stage = ScoreStage(ScoreConfig(metric="piqe"))
    stage.open()
    before, after = stage([row_of(good, "piqe-good", box), row_of(spoilt, "piqe-spoilt", box)])
    assert before.scores[0].metric == "piqe"
    assert before.scores[0].lower_better
    assert after.regions[0].iqa_score > before.regions[0].iqa_score + 10
    assert after.scores[0].value > before.scores[0].value


def test_measured_flaws_lower_the_evidence_score(photos: Path):
    good = cv2.imread(str(photos / "espresso.png"))
    noisy = np.clip(good + np.random.default_rng(2).normal(0, 20, good.shape), 0, 255).astype(np.uint8)
    rows = [row_of(good, "evidence-good"), row_of(noisy, "evidence-noisy")]
    for stage in (Measure(), ScoreStage()):
        stage.open()
        stage(rows)
    assert quality_word("evidence", rows[0].scores[0].value) == "excellent"
    assert rows[1].scores[0].value < rows[0].scores[0].value - 0.3

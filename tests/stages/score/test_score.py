"""Scores of regions and images: evidence by default, PIQE where the recipe says so."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from manifests.errors import RecipeError
from manifests.records import Attributes, Distortion, ImageRecord, Region
from stages.measure import Measure
from stages.score import ScoreConfig, ScoreStage, quality_word
from stages.score.evidence import evidence_score

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
    assert ScoreStage(ScoreConfig(metric="piqe")).needed() == {"content", "regions"}


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"metric": "topic_nr"}, "no such metric; evidence or one of pyiqa's, for example topiq_nr"),
        ({"metric": "fid"}, "fid cannot score a region: it compares sets of images"),
        ({"metric": "psnr"}, "no such metric"),
        ({"metric": "topiq_nr", "weights": "packages"}, "packages carry those of niqe and brisque only"),
        ({"metric": "niqe", "borders": (3, 5, 4, 9)}, "should rise all the way"),
    ],
)
def test_a_metric_that_cannot_run_is_refused_with_a_remedy(options: dict[str, object], fact: str):
    with pytest.raises(ValidationError, match=fact):
        ScoreConfig.model_validate(options)


def test_the_files_of_a_metric_come_from_the_hub_unless_the_recipe_names_another_place():
    (own,) = ScoreStage(ScoreConfig(metric="topiq_nr", revision="v1")).sources()
    assert (own.model, own.revision, own.files) == (
        "chaofengc/IQA-PyTorch-Weights", "v1", ("cfanet_nr_koniq_res50-9a73138b.pth",),
    )  # fmt: skip
    prompts, clip = ScoreStage(ScoreConfig(metric="clipiqa+")).sources()
    assert prompts.files == ("CLIP-IQA+_learned_prompts-603f3273.pth",)
    assert clip.is_address
    assert clip.model.endswith("/RN50.pt")
    assert [source.model for source in ScoreStage(ScoreConfig(metric="qalign")).sources()] == ["q-future/one-align"]
    assert ScoreStage(ScoreConfig(metric="piqe")).sources() == []
    assert ScoreStage().sources() == []


def test_a_recipe_whose_metric_is_not_fetched_builds_and_says_what_to_fetch_when_it_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANNOTATE_WEIGHTS", str(tmp_path))
    stage = ScoreStage(ScoreConfig(metric="topiq_nr"))
    assert stage.identity()
    with pytest.raises(RecipeError, match="run annotate fetch --recipe"):
        stage.open()


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


@pytest.mark.parametrize("metric", ["niqe", "brisque"])
def test_niqe_and_brisque_run_on_the_parameters_that_packages_carry(metric: str, photos: Path):
    good = cv2.imread(str(photos / "pagoda.jpg"))[:400, :400]
    spoilt = good.copy()
    spoilt[100:300, 100:300] = cv2.GaussianBlur(good, (0, 0), 6)[100:300, 100:300]
    stage = ScoreStage(ScoreConfig(metric=metric, weights="packages"))
    stage.open()
    rows = [
        row_of(good, f"{metric}-good", (100, 100, 300, 300)),
        row_of(spoilt, f"{metric}-spoilt", (100, 100, 300, 300)),
    ]
    before, after = stage(rows)
    assert before.scores[0].lower_better
    assert after.regions[0].iqa_score > before.regions[0].iqa_score + 1


@pytest.mark.parametrize("metric", ["piqe", "niqe", "brisque"])
def test_crops_of_several_images_share_batches_and_score_as_they_do_alone(metric: str, photos: Path):
    images = [cv2.imread(str(photos / name))[:300, :300] for name in ("pagoda.jpg", "espresso.png", "cat.png")]
    boxes = [(10, 10, 200, 200), (100, 50, 300, 250)]
    packages = None if metric == "piqe" else "packages"
    together = ScoreStage(ScoreConfig(metric=metric, weights=packages, crop_size=224, batch=4))
    alone = ScoreStage(ScoreConfig(metric=metric, weights=packages, crop_size=224, batch=1))
    scored = []
    for stage in (together, alone):
        rows = [row_of(image, f"batch-{number}", *boxes) for number, image in enumerate(images)]
        stage.open()
        stage(rows)
        scored.append([(row.scores, [region.iqa_score for region in row.regions]) for row in rows])
    assert scored[0] == scored[1]


def test_the_recipes_borders_stand_beside_the_score(photo_row: ImageRecord):
    stage = ScoreStage(ScoreConfig(metric="piqe", borders=(10, 20, 30, 40)))
    stage.open()
    stage([photo_row])
    assert photo_row.scores[0].borders == (10, 20, 30, 40)


def test_measured_flaws_lower_the_evidence_score(photos: Path):
    good = cv2.imread(str(photos / "espresso.png"))
    noisy = np.clip(good + np.random.default_rng(2).normal(0, 20, good.shape), 0, 255).astype(np.uint8)
    rows = [row_of(good, "evidence-good"), row_of(noisy, "evidence-noisy")]
    for stage in (Measure(), ScoreStage()):
        stage.open()
        stage(rows)
    assert quality_word("evidence", rows[0].scores[0].value) == "excellent"
    assert rows[1].scores[0].value < rows[0].scores[0].value - 0.3

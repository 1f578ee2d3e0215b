"""Grounding DINO, MM Grounding DINO and OWLv2: real forward passes of small networks through the stage."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from manifests.errors import RecipeError
from manifests.records import ImageRecord, Phrase
from stages.detect import Detect, DetectConfig
from stages.detect.detector import Detection
from stages.detect.options import TransformersOptions
from stages.detect.transformers_detector import TransformersDetector

KINDS = ("tiny_grounding_dino", "grounding-dino"), ("tiny_grounding_dino", "mm-grounding-dino"), ("tiny_owlv2",)
SHAPES = (120, 160), (120, 160), (160, 120), (33, 300), (1, 1)
PROMPTS = ["cat", "red traffic light", "old man"], ["dog"], ["tree", "stone bridge over a river"], [], ["cat"]

Make = Callable[..., Path]
Noise = Callable[..., np.ndarray]
Alike = Callable[..., None]


def detector(folder: Path, together: int | None = None, **options: object) -> TransformersDetector:
    chosen = TransformersOptions(model=str(folder), box_threshold=0.1, text_threshold=0.1, device="cpu", **options)
    found = TransformersDetector(chosen, folder.name, 0.0, together)
    found.open()
    return found


def config(folder: Path, vocabulary: object, **options: object) -> DetectConfig:
    group = {"model": str(folder), "box_threshold": 0.0, "text_threshold": 0.3, "device": "cpu"}
    shared = {"min_score": 0.0, "max_iou": 1.0, **options}
    return DetectConfig(backend="transformers", vocabulary=vocabulary, transformers=group, **shared)


@pytest.fixture(params=KINDS, ids=lambda kind: kind[-1])
def folder(request: pytest.FixtureRequest, checkpoint: Make) -> Path:
    return checkpoint(*request.param)


def test_a_batch_of_any_images_and_prompts_gives_what_each_gives_alone(
    folder: Path, noise: Noise, assert_alike: Alike
) -> None:
    network = detector(folder)
    images = [noise(*shape, seed=seed) for seed, shape in enumerate(SHAPES)]
    together = network(images, PROMPTS)
    assert_alike(together, [network([image], [asked])[0] for image, asked in zip(images, PROMPTS, strict=True)])
    assert together[0]
    assert together[3] == []


def test_boxes_lie_inside_the_image_and_stand_most_confident_first(folder: Path, noise: Noise) -> None:
    (found,) = detector(folder)([noise(90, 140)], [["cat", "dog"]])
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for x1, y1, x2, y2 in (one.box_xyxy_px for one in found):
        assert 0 <= x1 < x2 <= 140
        assert 0 <= y1 < y2 <= 90


def test_usable_boxes_answer_a_prompt_of_their_image(folder: Path, noise: Noise) -> None:
    asked = ["cat", "traffic light", "old man"]
    (found,) = detector(folder, together=1)([noise(120, 160)], [asked])
    answering = [one for one in found if one.prompt is not None]
    assert all(one.label == asked[one.prompt or 0] for one in answering)
    if folder.name != "tiny_grounding_dino-mm-grounding-dino":
        assert answering


def test_prompts_that_do_not_fit_one_caption_are_asked_for_in_several(checkpoint: Make, noise: Noise) -> None:
    folder, words = checkpoint(*KINDS[0]), [f"thing number {number}" for number in range(12)]
    network = detector(folder, max_text_tokens=16)
    captions = network._captions(words)
    assert len(captions) > 3
    (found,) = network([noise(120, 160)], [words])
    answered = {one.prompt for one in found} - {None}
    assert any(answered & set(caption.places) for caption in captions[1:])
    assert all(one.label == words[one.prompt] for one in found if one.prompt is not None)


def test_half_numbers_run_too(folder: Path, noise: Noise) -> None:
    (found,) = detector(folder, dtype="bfloat16")([noise(120, 160)], [["cat"]])
    assert all(np.isfinite([one.score, *one.box_xyxy_px]).all() for one in found)


def test_numbers_that_run_over_are_an_error(folder: Path, noise: Noise) -> None:
    network = detector(folder)
    with torch.no_grad():
        for parameter in network._model.parameters():
            parameter.mul_(float("inf"))
    with pytest.raises(FloatingPointError, match="use dtype float32"):
        network([noise(120, 160)], [["cat"]])


def test_the_stage_makes_regions_of_words(folder: Path, noise: Noise, row_of: Callable[..., ImageRecord]) -> None:
    stage = Detect(config(folder, ["Cat", "Red bus"], max_boxes=7))
    stage.open()
    (row,) = stage([row_of(noise(120, 160))])
    assert [region.region_id for region in row.regions] == list(range(1, len(row.regions) + 1))
    assert 0 < len(row.regions) <= 7
    assert {region.label for region in row.regions if region.kept} <= {"Cat", "Red bus"}
    assert {region.detector for region in row.regions} == {folder.name}
    assert all(region.dropped_by == "detect" for region in row.regions if not region.kept)


def test_the_stage_gives_each_phrase_its_regions_or_the_reason_why_it_has_none(
    checkpoint: Make, noise: Noise, row_of: Callable[..., ImageRecord]
) -> None:
    said = {"quality": "clear", "effect": "positive", "start": 0, "end": 3}
    phrases = [
        Phrase(phrase="old man on the left", label="man", passage=0, **said),
        Phrase(phrase="...", label="thing", passage=0, **said),
    ]
    stage = Detect(config(checkpoint(*KINDS[0]), "text"))
    stage.open()
    (row,) = stage([row_of(noise(120, 160), phrases=phrases)])
    found, missed = row.phrases
    kept = [region for region in row.kept_regions() if region.region_id in found.region_ids]
    assert kept
    assert {(region.label, region.phrase) for region in kept} == {("man", "old man on the left")}
    assert (found.drop_reason, missed.drop_reason, missed.dropped_by) == (None, "no-box", "detect")
    stage.undo(row)
    assert (row.regions, found.region_ids, missed.drop_reason) == ([], [], None)


def test_boxes_are_those_of_the_upright_image(folder: Path, noise: Noise, row_of: Callable[..., ImageRecord]) -> None:
    lying, upright = io.BytesIO(), noise(160, 120)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(upright)).save(lying, "PNG", exif=exif)
    stage = Detect(config(folder, ["cat", "dog"]))
    stage.open()
    turned, plain = stage([row_of(lying.getvalue(), width=120, height=160), row_of(upright)])
    assert [region.box_xyxy_px for region in turned.regions] == [region.box_xyxy_px for region in plain.regions]


def test_a_folder_that_is_not_there_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="nothing: no such file or folder"):
        detector(tmp_path / "nothing")


def test_prompts_decide_the_label_and_not_the_order_of_captions(checkpoint: Make, noise: Noise) -> None:
    network = detector(checkpoint(*KINDS[0]), together=1)
    (first,) = network([noise(120, 160)], [["cat", "dog"]])
    (second,) = network([noise(120, 160)], [["dog", "cat"]])

    def seen(found: list[Detection]) -> list[tuple[object, ...]]:
        return [(one.label, one.score, one.box_xyxy_px, one.drop_reason) for one in found]

    assert sorted(seen(first), key=repr) == sorted(seen(second), key=repr)


@pytest.mark.parametrize("kind", KINDS[:2], ids=lambda kind: kind[-1])
def test_scores_and_boxes_are_those_of_the_librarys_own_post_processing(
    kind: tuple[str, ...], checkpoint: Make, noise: Noise
) -> None:
    network, image = detector(checkpoint(*kind)), noise(120, 160)
    (found,) = network([image], [["cat", "red traffic light"]])
    processor = network._processor
    inputs = processor(images=image.copy(), text=[["cat", "red traffic light"]], return_tensors="pt")
    with torch.inference_mode():
        output = network._model(**inputs)
    (expected,) = processor.post_process_grounded_object_detection(
        output, inputs["input_ids"], threshold=0.0, text_threshold=0.1, target_sizes=[(120, 160)]
    )
    inside = [
        (round(score, 3), box)
        for score, box in zip(expected["scores"].tolist(), expected["boxes"].tolist(), strict=True)
    ]
    assert sorted(round(one.score, 3) for one in found) == pytest.approx(sorted(score for score, _ in inside), abs=2e-3)
    for one in found:
        assert any(one.box_xyxy_px == pytest.approx(np.clip(box, 0, [160, 120] * 2), abs=0.02) for _, box in inside)
    labels = {label for label in expected["text_labels"] if label in ("cat", "red traffic light")}
    assert labels <= {one.label for one in found if one.prompt is not None}

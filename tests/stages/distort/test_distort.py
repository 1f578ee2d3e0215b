"""The stage: exact truth, the same again, and a truth that can be kept away from the row."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydantic import ValidationError

from manifests.masks import box_of_mask, decode_mask
from manifests.records import ImageRecord, Region
from stages.distort import Distort, DistortConfig, Truth, plant
from stages.distort.pairs import FOLLOWERS
from stages.pixels import upright_rgb

Pixels = npt.NDArray[np.uint8]
ALWAYS: dict[str, Any] = {"untouched": 0.0, "whole_image": 0.0}


def row_of(path: Path, image_id: str = "a" * 32) -> ImageRecord:
    return ImageRecord(image_id=image_id, uri=path.name, content=path.read_bytes())


def decoded(content: bytes | None) -> Pixels:
    assert content is not None
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def some_ids(count: int) -> list[str]:
    return [f"{number:032x}" for number in range(count)]


def test_planted_regions_tell_all_that_changed_and_nothing_else(photos: Path) -> None:
    for image_id in some_ids(5):
        row = row_of(photos / "cat.png", image_id)
        before = upright_rgb(row)
        Distort(DistortConfig(**ALWAYS))([row])
        after = decoded(row.content)
        inside = np.zeros(before.shape[:2], np.bool_)
        for region in row.regions:
            assert region.source == "planted"
            assert region.mask is not None
            assert region.box_xyxy_px == box_of_mask(region.mask)
            mask = decode_mask(region.mask)
            assert (after[mask] != before[mask]).any()
            inside |= mask
        assert row.regions
        np.testing.assert_array_equal(after[~inside], before[~inside])


def test_a_stage_behind_sees_the_new_pixels(photos: Path) -> None:
    row = row_of(photos / "cat.png")
    before = upright_rgb(row)
    Distort(DistortConfig(**ALWAYS))([row])
    assert (upright_rgb(row) != before).any()
    np.testing.assert_array_equal(upright_rgb(row), decoded(row.content))


def test_pixels_that_were_decoded_serve_a_row_whose_bytes_were_dropped(photos: Path) -> None:
    row = row_of(photos / "cat.png")
    pixels = upright_rgb(row)
    row.content = None
    assert upright_rgb(row) is pixels


def test_the_seed_and_the_image_decide_and_the_batch_does_not(photos: Path) -> None:
    def run(names: list[str], seed: int) -> list[ImageRecord]:
        rows = [row_of(photos / name, name.ljust(32, "0")) for name in names]
        return Distort(DistortConfig(**ALWAYS), seed=seed)(rows)

    together = run(["cat.png", "beach.jpg"], 0)
    alone = [*run(["cat.png"], 0), *run(["beach.jpg"], 0)]
    assert together == alone
    assert run(["cat.png"], 1)[0].regions != together[0].regions


def test_planting_apart_from_the_row_leaves_the_row_blind(photos: Path) -> None:
    row = row_of(photos / "cat.png")
    blind = row.model_copy(deep=True)
    config = DistortConfig(**ALWAYS)
    planted = plant(row, config, seed=4)
    assert row == blind
    (distorted,) = Distort(config, seed=4)([row])
    assert distorted.content == planted.content
    assert distorted.regions == [region.as_region() for region in planted.truth.regions]


def test_the_truth_survives_its_json_line(photos: Path) -> None:
    truth = plant(row_of(photos / "cat.png"), DistortConfig(**ALWAYS), seed=0).truth
    line = truth.model_dump_json()
    assert "\n" not in line
    assert Truth.model_validate_json(line) == truth
    assert (truth.width, truth.height) == (451, 300)


def test_a_detected_object_lends_its_name_and_numbers_go_on(photos: Path) -> None:
    config = DistortConfig.model_validate(
        {**ALWAYS, "masks": {"shapes": {"box": 1, "object": 0, "segment": 0, "ellipse": 0, "polygon": 0}}}
    )
    row = row_of(photos / "cat.png")
    row.regions = [
        Region(region_id=7, label="cat", phrase="cat in the centre", box_xyxy_px=(100, 50, 300, 200), source="detector")
    ]
    found, planted = Distort(config)([row])[0].regions
    assert found.source == "detector"
    assert (planted.region_id, planted.label, planted.phrase) == (8, "cat", "cat in the centre")
    assert planted.box_xyxy_px == (100, 50, 300, 200)


def test_areas_without_a_name_are_told_by_their_place(photos: Path) -> None:
    config = DistortConfig.model_validate({**ALWAYS, "masks": {"regions_min": 3, "max_area": 0.1}})
    regions = plant(row_of(photos / "lunch-plate.jpg"), config, seed=0).truth.regions
    assert len({region.phrase for region in regions}) == len(regions) > 1
    assert all(region.label == "area" and region.phrase.startswith("area ") for region in regions)


def test_shares_are_what_the_config_says(photos: Path) -> None:
    config = DistortConfig(untouched=0.5, whole_image=0.5, pairs=0.0)
    truths = [plant(row_of(photos / "moving-clock.png", image_id), config, 0).truth for image_id in some_ids(60)]
    assert 20 <= sum(not truth.regions for truth in truths) <= 40
    whole = [truth for truth in truths if truth.regions and truth.regions[0].shape == "whole-image"]
    assert 8 <= len(whole) <= 24
    assert {truth.regions[0].box_xyxy_px for truth in whole} == {(0, 0, 400, 300)}
    assert {truth.regions[0].phrase for truth in whole} == {"whole image"}


def test_an_untouched_image_keeps_its_pixels_in_the_format_of_the_others(photos: Path) -> None:
    row = row_of(photos / "beach.jpg")
    before = upright_rgb(row)
    Distort(DistortConfig(untouched=1.0))([row])
    assert row.regions == []
    np.testing.assert_array_equal(decoded(row.content), before)


def test_two_distortions_stand_in_the_order_of_application(photos: Path) -> None:
    config = DistortConfig(**ALWAYS, pairs=1.0)
    regions = [
        region
        for image_id in some_ids(12)
        for region in plant(row_of(photos / "lunch-plate.jpg", image_id), config, 0).truth.regions
    ]
    assert len(regions) > 12
    for region in regions:
        first, second = region.distortions
        assert second.family in FOLLOWERS[first.family]
        assert max(first.severity, second.severity) <= 3


def test_families_and_severities_stay_within_the_config(photos: Path) -> None:
    config = DistortConfig(**ALWAYS, families=("noise", "pixelate"), severity_min=2, severity_max=4, pairs=0.0)
    seen = {
        (each.family, each.severity)
        for image_id in some_ids(25)
        for region in plant(row_of(photos / "cat.png", image_id), config, 0).truth.regions
        for each in region.distortions
    }
    assert seen == {(family, severity) for family in ("noise", "pixelate") for severity in (2, 3, 4)}


def test_a_change_that_cannot_be_seen_is_not_planted(photos: Path) -> None:
    config = DistortConfig(**ALWAYS, families=("saturation-weaken", "saturation-strengthen"), pairs=0.0)
    grey = [plant(row_of(photos / "photographer.png", image_id), config, 0).truth for image_id in some_ids(3)]
    assert [truth.regions for truth in grey] == [[], [], []]
    for region in plant(row_of(photos / "cat.png"), DistortConfig(**ALWAYS), 0).truth.regions:
        assert min(region.changes) >= 3


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"severity_min": 4, "severity_max": 2}, "severity_min 4 is above severity_max 2"),
        ({"severity_min": 0}, "greater than or equal to 1"),
        ({"feather_min": 0.2, "feather_max": 0.1}, "feather_min 0.2 is above feather_max 0.1"),
        ({"families": []}, "at least 1 item"),
        ({"families": ["fog"]}, "Input should be 'blur'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], fact: str) -> None:
    with pytest.raises(ValidationError, match=fact):
        DistortConfig.model_validate(options)

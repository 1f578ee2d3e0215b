"""The measure stage on sample photographs: what it finds, and above all what it leaves unsaid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from manifests.masks import decode_mask
from manifests.records import ImageRecord
from stages.measure import Measure, MeasureConfig, scales

Photo = Callable[[str], npt.NDArray[np.uint8]]
Spoil = Callable[..., npt.NDArray[np.uint8]]
Measured = Callable[..., ImageRecord]

TRULY_BLURRED = "moving-clock.png"
BOX = (180, 120, 420, 330)


def families(distortions: list) -> list[str]:
    return [each.family for each in distortions]


def overlap(row: ImageRecord, box: tuple[int, int, int, int]) -> float:
    """Intersection over union of the only quality-map region's mask and the box."""
    (region,) = row.regions
    inside = decode_mask(region.mask)
    planted = np.zeros_like(inside)
    planted[box[1] : box[3], box[0] : box[2]] = True
    return float((inside & planted).sum() / (inside | planted).sum())


def test_no_sample_photograph_gets_a_distortion_that_it_does_not_have(photos: Path, photo: Photo, measured: Measured):
    for path in sorted(photos.glob("*.[jp][pn]g")):
        row = measured(photo(path.name))
        assert [region.distortions for region in row.regions] == [], path.name
        assert families(row.distortions) == (["blur"] if path.name == TRULY_BLURRED else []), path.name


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("blur", "pagoda.jpg"),
        ("noise", "pagoda.jpg"),
        ("pixelate", "pagoda.jpg"),
        ("saturation-weaken", "pagoda.jpg"),
        ("compression", "astronaut.jpg"),
        ("compression", "espresso.png"),
    ],
)
def test_a_spoilt_part_of_a_good_photo_becomes_a_region_with_its_family(
    family: str, name: str, photo: Photo, spoil: Spoil, measured: Measured
):
    row = measured(spoil(photo(name), family, BOX))
    (region,) = row.regions
    assert region.source == "quality-map"
    assert families(region.distortions) == [family]
    assert region.distortions[0].severity >= 2
    assert overlap(row, BOX) > 0.5
    assert families(row.distortions) == []
    assert [each.family for each in row.quality_map] == [family]


def test_a_part_clipped_to_white_is_overexposed(photo: Photo, spoil: Spoil, measured: Measured):
    row = measured(spoil(photo("astronaut.jpg"), "brighten", (130, 60, 330, 330)))
    assert [families(region.distortions) for region in row.regions] == [["brighten"]]


@pytest.mark.parametrize("family", ["blur", "noise", "compression", "darken", "contrast-weaken"])
def test_what_is_wrong_everywhere_belongs_to_the_image_and_makes_no_region(
    family: str, photo: Photo, spoil: Spoil, measured: Measured
):
    row = measured(spoil(photo("espresso.png"), family))
    assert families(row.distortions) == [family]
    assert row.regions == []


def test_objects_share_what_is_wrong_with_the_whole_image(photo: Photo, spoil: Spoil, measured: Measured):
    for family in ("blur", "noise", "darken"):
        row = measured(spoil(photo("espresso.png"), family), (170, 10, 430, 300))
        assert families(row.regions[0].distortions) == [family]


def test_a_spoilt_object_takes_the_distortion_and_no_second_region_appears(
    photo: Photo, spoil: Spoil, measured: Measured
):
    row = measured(spoil(photo("pagoda.jpg"), "noise", BOX), BOX)
    (region,) = row.regions
    assert region.source == "detector"
    assert families(region.distortions) == ["noise"]


def test_an_object_beside_the_flaw_stays_clean(photo: Photo, spoil: Spoil, measured: Measured):
    row = measured(spoil(photo("pagoda.jpg"), "noise", BOX), (460, 200, 620, 400))
    clean, area = row.regions
    assert clean.distortions == []
    assert area.source == "quality-map"


@pytest.mark.parametrize("block", [8, 16])
def test_blocks_on_the_grid_of_jpeg_are_pixelation_and_no_compression(block: int, photo: Photo, measured: Measured):
    image = photo("astronaut.jpg")
    part = image[120:344, 136:360]
    small = cv2.resize(part, None, fx=1 / block, fy=1 / block, interpolation=cv2.INTER_AREA)
    image[120:344, 136:360] = cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    row = measured(image)
    assert [families(region.distortions) for region in row.regions] == [["pixelate"]]


def test_flat_images_are_not_judged(measured: Measured):
    for grey in (0, 128, 255):
        row = measured(np.full((300, 400, 3), grey, np.uint8))
        assert row.attributes.sharpness is None
        assert "blur" not in families(row.distortions)
        assert row.regions == []


def test_a_page_of_text_is_not_overexposed(measured: Measured):
    page = np.full((600, 500, 3), 255, np.uint8)
    for line in range(40, 560, 24):
        cv2.putText(page, "white paper is not overexposed", (30, line), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
    row = measured(page)
    assert "brighten" not in families(row.distortions)
    assert row.regions == []


def test_a_monochrome_photo_has_not_lost_its_colour(photo: Photo, spoil: Spoil, measured: Measured):
    row = measured(spoil(photo("pagoda.jpg"), "saturation-weaken"))
    assert row.distortions == []
    assert row.regions == []
    assert row.attributes.saturation < scales.GREY


def test_a_grey_thing_in_warm_light_has_not_lost_its_colour(photo: Photo, spoil: Spoil, measured: Measured):
    lost = spoil(photo("pagoda.jpg"), "saturation-weaken", BOX)
    assert [families(region.distortions) for region in measured(lost).regions] == [["saturation-weaken"]]
    left, top, right, bottom = BOX
    lost[top:bottom, left:right, 0] = np.minimum(lost[top:bottom, left:right, 0], 253) + 2
    assert measured(lost).regions == []


@pytest.mark.parametrize(("height", "width"), [(1, 1), (19, 300), (20, 20), (33, 47), (64, 900)])
def test_small_and_narrow_images_are_measured_as_far_as_they_go(height: int, width: int, measured: Measured):
    row = measured(np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8))
    assert row.outcome is None
    assert row.attributes is not None


def test_the_quality_map_has_400_tenths_where_a_region_lies_and_none_elsewhere(
    photo: Photo, spoil: Spoil, measured: Measured
):
    row = measured(spoil(photo("pagoda.jpg"), "noise", BOX))
    tenths = np.array(row.quality_map[0].severity_tenths).reshape(20, 20)
    assert tenths[8, 9] >= 20
    assert tenths[:3].max() == 0
    assert tenths.max() <= 50


def test_attributes_follow_what_was_done_to_the_image(photo: Photo, spoil: Spoil, measured: Measured):
    image = photo("espresso.png")
    good = measured(image).attributes
    assert good.sharpness >= scales.CRISP
    assert good.noise < scales.CLEAN
    assert good.saturation >= scales.COLOURFUL
    assert measured(spoil(image, "blur")).attributes.sharpness < scales.BLURRED
    assert measured(spoil(image, "noise")).attributes.noise == pytest.approx(18, rel=0.15)
    assert measured(spoil(image, "compression")).attributes.compression > scales.BLOCKY
    assert measured(spoil(image, "darken")).attributes.luminance < scales.DARK
    assert measured(spoil(image, "contrast-weaken")).attributes.contrast < scales.LOW_CONTRAST
    assert measured(spoil(image, "pixelate")).attributes.pixelation > scales.PIXELATED
    assert measured(spoil(image, "brighten")).attributes.overexposed > scales.CLIPPED


def test_sharpness_is_that_of_what_is_in_focus(photo: Photo, measured: Measured):
    row = measured(photo("honey-bee.jpg"), (51, 209, 993, 788), (0, 0, 300, 180))
    assert row.attributes.sharpness > scales.SHARP
    assert row.regions[0].attributes.sharpness > scales.SHARP
    assert (row.regions[1].attributes.sharpness or 0) < scales.SOFT


def test_the_same_image_measures_the_same_alone_and_among_others(photo: Photo, spoil: Spoil):
    stage = Measure()
    stage.open()

    def row(number: int, name: str) -> ImageRecord:
        image = spoil(photo(name), "noise", (60, 60, 240, 240))
        content = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
        height, width = image.shape[:2]
        return ImageRecord(image_id=f"{name}-{number}", uri=name, content=content, width=width, height=height)

    names = ["cat.png", "pagoda.jpg", "astronaut.jpg"]
    together = stage([row(0, name) for name in names])
    alone = [stage([row(1, name)])[0] for name in names]
    for first, second in zip(together, alone, strict=True):
        assert first.model_dump(exclude={"image_id"}) == second.model_dump(exclude={"image_id"})


def test_limits_are_options_that_change_the_identity():
    limits = MeasureConfig.model_validate({"limits": {"noise": [9, 12, 16, 22, 30]}})
    assert Measure(limits).identity() != Measure().identity()
    assert Measure(MeasureConfig()).identity() == Measure().identity()

"""The weights that come with the package, in `measure`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from manifests.errors import InputError
from manifests.masks import decode_mask
from manifests.records import ImageRecord
from stages.measure import Measure, MeasureConfig
from stages.measure.recogniser.infer import CARD, CARD_SHA256, NETWORK, PACKAGED, VERIFIER, Recogniser, sha256_of

Photo = Callable[[str], npt.NDArray[np.uint8]]
Spoil = Callable[..., npt.NDArray[np.uint8]]
BOX = (180, 120, 420, 330)


@pytest.fixture(scope="module")
def recognised() -> Callable[[npt.NDArray[np.uint8]], ImageRecord]:
    """The record of an image after `measure` with the network."""
    return recognising(MeasureConfig())


def recognising(config: MeasureConfig) -> Callable[[npt.NDArray[np.uint8]], ImageRecord]:
    """What gives the record of an image after `measure` of this configuration."""
    import cv2

    stage = Measure(config)
    stage.open()
    numbers = iter(range(10**6))

    def run(image: npt.NDArray[np.uint8]) -> ImageRecord:
        name = f"recognised-{next(numbers)}"
        content = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
        height, width = image.shape[:2]
        return stage([ImageRecord(image_id=name, uri=name, content=content, width=width, height=height)])[0]

    return run


def test_the_packaged_weights_are_the_pinned_ones():
    assert sha256_of(PACKAGED / CARD) == CARD_SHA256
    pinned = json.loads((PACKAGED / CARD).read_text())["sha256"]
    assert {name: sha256_of(PACKAGED / name) for name in (NETWORK, VERIFIER)} == pinned
    assert sum(path.stat().st_size for path in PACKAGED.iterdir()) < 4_000_000


def test_a_file_that_was_changed_is_refused_in_one_line(tmp_path: Path):
    copy = tmp_path / "weights"
    shutil.copytree(PACKAGED, copy)
    with (copy / NETWORK).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(InputError, match="not the pinned file"):
        Recogniser(copy)


def test_the_weights_are_part_of_the_identity_of_the_stage():
    assert Measure().weights() == {CARD: CARD_SHA256}
    assert Measure(MeasureConfig(recogniser="evidence")).weights() == {}


@pytest.mark.parametrize("family", ["noise", "blur", "compression"])
def test_a_spoilt_part_of_a_good_photo_becomes_a_region_with_its_family(
    family: str, photo: Photo, spoil: Spoil, recognised: Callable[[npt.NDArray[np.uint8]], ImageRecord]
):
    row = recognised(spoil(photo("pagoda.jpg"), family, BOX))
    region = next(each for each in row.regions if family in {found.family for found in each.distortions})
    assert region.source == "quality-map"
    inside = decode_mask(region.mask)
    planted = np.zeros_like(inside)
    planted[BOX[1] : BOX[3], BOX[0] : BOX[2]] = True
    assert (inside & planted).sum() / (inside | planted).sum() > 0.5
    assert family in {each.family for each in row.quality_map}


def test_untouched_photographs_get_no_region(
    photos: Path, photo: Photo, recognised: Callable[[npt.NDArray[np.uint8]], ImageRecord]
):
    for path in sorted(photos.glob("*.[jp][pn]g")):
        assert recognised(photo(path.name)).regions == [], path.name


def test_what_is_slight_is_left_unsaid(photo: Photo, spoil: Spoil):
    spoilt = spoil(photo("pagoda.jpg"), "noise", BOX)
    told, silent = (recognising(MeasureConfig(least_severity=least))(spoilt) for least in (0, 5))
    assert told.regions
    assert silent.regions == []


def test_areas_of_a_picture_that_is_dark_or_flat_as_a_whole_are_not_judged(
    photo: Photo, spoil: Spoil, recognised: Callable[[npt.NDArray[np.uint8]], ImageRecord]
):
    pictures = [spoil(photo("espresso.png"), "darken"), np.full((300, 400, 3), 128, np.uint8)]
    for picture, family in zip(pictures, ("darken", "contrast-weaken"), strict=True):
        row = recognised(picture)
        assert [each.family for each in row.distortions] == [family]
        assert row.regions == []

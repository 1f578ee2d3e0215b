"""The benchmark's images: as many as asked, evenly dealt, and nothing about them but pixels tells what was planted."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from annotate.bench.planted.plant import PlantOptions, plant_images
from annotate.bench.planted.truth import ORIGINALS, Truth, read_truth
from manifests.errors import InputError
from manifests.masks import decode_mask
from manifests.sources import content_id

OPTIONS = PlantOptions(count=20, seed=5, untouched=0.25, megapixels=0.05)


@pytest.fixture(scope="module")
def folder(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    plant_images(str(photos / "*.jpg"), folder / "images", folder / "truth", OPTIONS)
    return folder


@pytest.fixture(scope="module")
def truth(folder: Path) -> Truth:
    return read_truth(folder / "truth" / "truth.parquet")


def rgb(path: Path) -> np.ndarray:
    return np.asarray(cv2.imread(str(path)))


def test_families_and_severities_come_equally_often(truth: Truth) -> None:
    planted = [region.distortions[0] for image in truth.images.values() for region in image.regions]
    assert len(truth.images) == 20
    assert len(truth.untouched) == 5
    assert Counter(found.severity for found in planted) == dict.fromkeys(range(1, 6), 3)
    assert max(Counter(found.family for found in planted).values()) <= 3
    edges = Counter(image.soft_edges for image in truth.images.values() if image.regions)
    assert abs(edges[True] - edges[False]) <= 1


def test_file_names_tell_nothing_but_the_content(folder: Path, truth: Truth) -> None:
    files = sorted((folder / "images").iterdir())
    assert [file.name for file in files] == sorted(image.file for image in truth.images.values())
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{32}\.png", file.name)
        assert file.name == f"{content_id(file.read_bytes())}.png"


def test_pixels_change_inside_the_mask_and_nowhere_else(folder: Path, truth: Truth) -> None:
    for image in truth.images.values():
        after = rgb(folder / "images" / image.file)
        assert after.shape[:2] == (image.height, image.width)
        if not image.regions:
            continue
        (region,) = image.regions
        assert region.mask is not None
        changed = (after != rgb(folder / "truth" / ORIGINALS / image.file)).any(axis=2)
        inside = decode_mask(region.mask)
        assert changed[inside].any()
        assert not changed[~inside].any()


def test_photos_are_shrunk_to_the_asked_size(truth: Truth) -> None:
    assert all(image.width * image.height <= 51_000 for image in truth.images.values())


def test_the_same_seed_plants_the_same_and_another_seed_something_else(
    photos: Path, folder: Path, truth: Truth, tmp_path: Path
) -> None:
    for name, seed in (("same", 5), ("other", 6)):
        options = PlantOptions(count=20, seed=seed, untouched=0.25, megapixels=0.05)
        plant_images(str(photos / "*.jpg"), tmp_path / name / "images", tmp_path / name / "truth", options)
    assert read_truth(tmp_path / "same" / "truth" / "truth.parquet").images == truth.images
    assert read_truth(tmp_path / "other" / "truth" / "truth.parquet").images != truth.images


def test_photos_that_are_too_small_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    cv2.imwrite(str(tmp_path / "small" / "a.png"), np.zeros((50, 300, 3), np.uint8))
    with pytest.raises(InputError, match="no photo with sides of at least 128 px"):
        plant_images(str(tmp_path / "small"), tmp_path / "images", tmp_path / "truth", OPTIONS)

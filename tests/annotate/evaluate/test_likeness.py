from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from annotate.evaluate.likeness import is_near, near_ones, perceptual_hash
from annotate.evaluate.make import NEAR_BITS


def encoded(image: Image.Image, kind: str = "PNG", quality: int = 90) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def images(photos: Path) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in sorted(photos.glob("*.jpg"))[:6]]


def test_copies_of_a_photo_are_near(images: list[Image.Image]) -> None:
    for image in images:
        original = perceptual_hash(encoded(image))
        half = image.resize((image.width // 2, image.height // 2))
        for copy in (encoded(image, "JPEG", 20), encoded(half), encoded(ImageEnhance.Brightness(image).enhance(1.2))):
            assert is_near(perceptual_hash(copy), [original], NEAR_BITS)


def test_different_photos_are_not_near(images: list[Image.Image]) -> None:
    hashes = [perceptual_hash(encoded(image)) for image in images]
    for place, each in enumerate(hashes):
        assert not is_near(each, hashes[:place] + hashes[place + 1 :], NEAR_BITS)


def test_distance_counts_bits() -> None:
    assert is_near(0b1011, [0b1000], 2)
    assert not is_near(0b1011, [0b0100], 3)
    assert not is_near(5, [], 64)
    assert near_ones([("a", 0), ("b", 2**64 - 1)], [1], 1) == ["a"]

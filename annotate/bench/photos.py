"""Many different photos out of a few: crops and mirror images, so that a speed can be measured on hundreds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from manifests.errors import InputError
from manifests.sources import list_inputs, location_of


def make_photos(source: str, folder: Path, *, count: int, megapixels: float, seed: int) -> None:
    """Write `count` JPEG files (quality 92) of about `megapixels` each: random crops of the photos in `source`.

    Crops keep at least half of each side; photos are enlarged where they are smaller than asked. Raises InputError.
    """
    inputs = list_inputs(source)
    if not inputs.uris:
        raise InputError(f"--images {source}: no image to make photos of")
    random = np.random.default_rng(seed)
    for number in range(count):
        path = location_of(inputs.root, inputs.uris[number % len(inputs.uris)])
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
        picture = _crop(picture, random)
        scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
        size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
        if random.random() < 0.5:
            picture = ImageOps.mirror(picture)
        picture.save(folder / f"photo-{number:05d}.jpg", quality=92)


def _crop(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    width = int(picture.width * random.uniform(0.5, 1.0))
    height = int(picture.height * random.uniform(0.5, 1.0))
    left = int(random.integers(0, picture.width - width + 1))
    top = int(random.integers(0, picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))

"""Photographs small enough to distort many times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

NAMES = ("astronaut.jpg", "cat.png", "honey-bee.jpg", "lunch-plate.jpg")


@pytest.fixture(scope="session")
def small_photos(photos: Path) -> dict[str, npt.NDArray[np.uint8]]:
    """Four colour photographs by name, uint8 RGB, at most 256 pixels long."""
    loaded = {}
    for name in NAMES:
        with Image.open(photos / name) as image:
            image.thumbnail((256, 256))
            loaded[name] = np.asarray(image.convert("RGB"))
    return loaded

"""Small real image files for the tests of this folder."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Encode = Callable[..., bytes]


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Encode a seeded picture with structure and noise: `encode(seed, "JPEG", size=(64, 48), **save_options)`."""

    def encode_picture(seed: int = 0, form: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
        width, height = size
        x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
        noise = np.random.default_rng(seed).integers(0, 40, (height, width, 3))
        pixels = np.stack([x * 200, y * 200, (x + y) * 100], axis=-1) + noise
        buffer = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).convert(options.pop("mode", "RGB")).save(buffer, form, **options)
        return buffer.getvalue()

    return encode_picture


@pytest.fixture
def photos(tmp_path_factory: pytest.TempPathFactory, encode: Encode) -> Path:
    """A folder: five images (one in a subfolder), a copy of the first, a truncated one, and two other files."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "more").mkdir()
    for seed, name in enumerate(["a.jpg", "b.JPG", "c.jpeg", "d.jpg"]):
        (folder / name).write_bytes(encode(seed))
    (folder / "more" / "e.png").write_bytes(encode(4, "PNG"))
    (folder / "z-copy.jpg").write_bytes(encode(0))
    (folder / "broken.bmp").write_bytes(encode(5, "BMP")[:1000])
    (folder / "notes.txt").write_text("not an image")
    (folder / ".hidden.jpg").write_bytes(encode(6))
    return folder

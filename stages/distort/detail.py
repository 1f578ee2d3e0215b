"""Distortions of fine structure that are no blur: codecs, pixels too large, edges too hard.

uint8 RGB [height, width, 3] in and out.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from stages.distort.pixels import Pixels, smoothed, to_bytes


def jpeg(rgb: Pixels, rng: np.random.Generator, *, quality: int) -> Pixels:
    """Through a baseline JPEG with halved chroma."""
    return _through("JPEG", rgb, quality=quality, subsampling="4:2:0")


def jpeg_2000(rgb: Pixels, rng: np.random.Generator, *, ratio: float) -> Pixels:
    """Through a JPEG 2000 (9-7 wavelet) `ratio` times smaller than the pixels."""
    return _through("JPEG2000", rgb, quality_mode="rates", quality_layers=[ratio], irreversible=True)


def oversharpen(rgb: Pixels, rng: np.random.Generator, *, amount: float, sigma_px: float) -> Pixels:
    """Unsharp mask: x + amount * (x - Gaussian(x))."""
    levels = rgb.astype(np.float32)
    return to_bytes(levels + amount * (levels - smoothed(levels, sigma_px)))


def pixelate(rgb: Pixels, rng: np.random.Generator, *, block_px: float) -> Pixels:
    """Blocks of one colour, the mean of the pixels below them."""
    height, width = rgb.shape[:2]
    side = max(round(block_px), 2)
    rows, columns = -(-height // side), -(-width // side)
    padded = np.pad(rgb, ((0, rows * side - height), (0, columns * side - width), (0, 0)), mode="edge")
    means = padded.reshape(rows, side, columns, side, 3).mean(axis=(1, 3))
    return to_bytes(means).repeat(side, axis=0).repeat(side, axis=1)[:height, :width]


def _through(codec: str, rgb: Pixels, **options: object) -> Pixels:
    encoded = io.BytesIO()
    Image.fromarray(rgb).save(encoded, codec, **options)
    with Image.open(encoded) as decoded:
        return np.asarray(decoded.convert("RGB"))

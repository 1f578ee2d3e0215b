"""`--model small`: the small model that a training starts from, built from the very data that it learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from annotate.evaluate.images import pixels_of
from annotate.train.examples import Example
from annotate.train.images import ImageFile
from annotate.train.small import build

SMALL = "small"
MOST_IMAGES = 800
"""Images whose patches the first layer is fitted to."""


def small_identity() -> dict[str, Any]:
    """What decides the starting weights beside data and seed, as plain values."""
    names = ("PATCH_PX", "MERGE", "HIDDEN", "VISION_LAYERS", "TEXT_LAYERS", "HEAD", "VOCABULARY", "LEAST_DEVIATION")
    return {"name": SMALL, **{name.lower(): getattr(build, name) for name in names}}


def write_start(
    folder: Path, examples: Sequence[Example], images: Mapping[tuple[int, str], ImageFile], seed: int
) -> None:
    """Write the starting model once; a folder that is there is kept. Raises InputError for an unreadable image."""
    if (folder / "config.json").is_file():
        return
    keys = sorted({example.image for example in examples}, key=lambda key: key[1])[:MOST_IMAGES]
    pixels = [pixels_of(images[key].read(), key[1]) for key in keys]
    build.write_small_model(folder, [f"{each.question}\n{each.answer}" for each in examples], pixels, seed)

"""The images that a benchmark's questions are about, as a model gets to see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotate.evaluate.bench import Bench, TextRow
from manifests.errors import InputError
from manifests.gate import Refusal, decode_upright, read_regular
from stages.mllm.families import FAMILIES, show

ReadImage = Callable[[TextRow], bytes]
"""The encoded image of a row. Raises InputError."""


def reader_of(bench: Bench) -> ReadImage:
    """Reads images from the benchmark's folder; a row that leads out of it is refused."""

    def read(row: TextRow) -> bytes:
        if bench.folder is None or row.uri is None:
            raise InputError(f"row {row.id} of the benchmark names no image; give a folder of `annotate bench make`")
        folder = bench.folder.resolve()
        path = (folder / row.uri).resolve()
        if not path.is_relative_to(folder):
            raise InputError(f"row {row.id} of the benchmark: {row.uri} lies outside of {bench.folder}; mend the row")
        return _content(path)

    return read


def read_file(path: Path) -> bytes:
    """An encoded image of its own. Raises InputError."""
    return _content(path)


def pixels_of(content: bytes, name: str) -> npt.NDArray[np.uint8]:
    """uint8 RGB [height, width, 3], EXIF-upright. Raises InputError for what does not decode."""
    try:
        return decode_upright(content).pixels
    except Refusal as refusal:
        raise InputError(f"image of {name}: {refusal}") from refusal


def png_for_model(content: bytes, name: str, max_pixels: int) -> bytes:
    """The upright image as PNG, shrunk only if it has more pixels than allowed: the model's processor does the rest."""
    return show(pixels_of(content, name), FAMILIES["none"], max_pixels).content


def _content(path: Path) -> bytes:
    try:
        return read_regular(path)
    except Refusal as refusal:
        raise InputError(f"image {path}: {refusal}; it must lie where its row says") from refusal

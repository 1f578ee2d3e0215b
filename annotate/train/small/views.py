"""Square views of photographs for a model that can afford few pixels: `python -m annotate.train.small.views IN OUT`.

A whole photo at 96 pixels shows no distortion that was planted at its own size. So pieces of it are cut out first, at
most `LARGEST_PX` wide, and shrunk to the side that the model sees; distortions are planted afterwards, in the view.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from annotate.evaluate.images import pixels_of, read_file
from manifests.errors import InputError

SIDE_PX = 96
LARGEST_PX = 480
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
VIEWS = 16
"""Views tried per photo."""
LEAST_CONTRAST = 18.0
"""Standard deviation of the grey levels below which a view shows nothing."""

Pixels = npt.NDArray[np.uint8]


def views_of(photo: Pixels, random: np.random.Generator, count: int = VIEWS) -> Iterator[Pixels]:
    """At most `count` squares of uint8 RGB [height, width, 3], every second one mirrored; none of a photo too small."""
    height, width = photo.shape[:2]
    largest = min(height, width, LARGEST_PX)
    if largest < SIDE_PX:
        return
    for _ in range(count):
        side = round(math.exp(random.uniform(math.log(SIDE_PX), math.log(largest))))
        top, left = int(random.integers(0, height - side + 1)), int(random.integers(0, width - side + 1))
        view = cv2.resize(photo[top : top + side, left : left + side], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        mirrored = random.random() < 0.5
        if cv2.cvtColor(view, cv2.COLOR_RGB2GRAY).std() >= LEAST_CONTRAST:
            yield np.asarray(view[:, ::-1] if mirrored else view, dtype=np.uint8)


def photographs(folder: Path) -> list[Path]:
    """The photographs of a folder by name. Raises InputError where there is none."""
    found = sorted(each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not found:
        raise InputError(f"{folder}: no photographs here ({', '.join(sorted(SUFFIXES))}); check the path")
    return found


def number_of(content: bytes) -> int:
    """A number that follows a file's content alone: what is drawn for a photo does not hang on its name or place."""
    return int(hashlib.sha256(content).hexdigest()[:16], 16)


def write_views(photos: Path, out: Path) -> int:
    """Write the views of every photo of a folder as PNG, the photo's name in theirs. Raises InputError."""
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    for path in photographs(photos):
        content = read_file(path)
        random = np.random.default_rng(number_of(content))
        for number, view in enumerate(views_of(pixels_of(content, path.name), random)):
            cv2.imwrite(str(out / f"{path.stem}__{number:02d}.png"), cv2.cvtColor(view, cv2.COLOR_RGB2BGR))
            count += 1
    return count


if __name__ == "__main__":
    write_views(Path(sys.argv[1]), Path(sys.argv[2]))

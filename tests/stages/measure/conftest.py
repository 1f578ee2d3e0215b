"""Sample photographs with one known flaw in a known place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from manifests.records import ImageRecord, Region
from stages.measure import Measure, MeasureConfig

Pixels = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]


@pytest.fixture(scope="session")
def photo(photos: Path) -> Callable[[str], Pixels]:
    """A sample photograph as RGB."""

    def read(name: str) -> Pixels:
        return np.ascontiguousarray(cv2.imread(str(photos / name))[..., ::-1])

    return read


@pytest.fixture(scope="session")
def spoil() -> Callable[..., Pixels]:
    """A copy of an image, spoilt inside a box (default: everywhere) in one named way."""
    ways: dict[str, Callable[[Pixels], npt.NDArray[np.generic]]] = {
        "blur": lambda image: cv2.GaussianBlur(image, (0, 0), 3),
        "noise": lambda image: image + np.random.default_rng(5).normal(0, 18, image.shape),
        "compression": lambda image: cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 9])[1], 1),
        "brighten": lambda image: 255 * (1 - (1 - image / 255.0) ** 9) + 4,
        "darken": lambda image: image * 0.15,
        "saturation-weaken": lambda image: cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB),
        "contrast-weaken": lambda image: 120 + (image - 120.0) * 0.15,
        "pixelate": lambda image: cv2.resize(
            cv2.resize(image, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA),
            image.shape[1::-1],
            interpolation=cv2.INTER_NEAREST,
        ),
    }

    def spoilt(image: Pixels, way: str, box: Box | None = None) -> Pixels:
        x1, y1, x2, y2 = box or (0, 0, image.shape[1], image.shape[0])
        copy = image.copy()
        changed = np.clip(np.rint(ways[way](image)), 0, 255).astype(np.uint8)
        copy[y1:y2, x1:x2] = changed[y1:y2, x1:x2]
        return copy

    return spoilt


@pytest.fixture(scope="session")
def measured() -> Callable[..., ImageRecord]:
    """The record of an image after `measure` by rules alone, with the given objects (boxes) found before."""
    stage = Measure(MeasureConfig(recogniser="evidence"))
    stage.open()
    numbers = iter(range(10**6))

    def run(image: Pixels, *objects: Box) -> ImageRecord:
        height, width = image.shape[:2]
        content = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
        regions = [
            Region(region_id=number, label="thing", phrase="thing", box_xyxy_px=box, source="detector")
            for number, box in enumerate(objects, 1)
        ]
        name = f"measured-{next(numbers)}"
        row = ImageRecord(
            image_id=name, uri=name, location=name, content=content, width=width, height=height, regions=regions
        )
        return stage([row])[0]

    return run

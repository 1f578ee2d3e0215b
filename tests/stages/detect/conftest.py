"""Small detectors as folders, made once; and rows of the sample photographs."""

from __future__ import annotations

import hashlib
import io
import runpy
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from manifests.records import ImageRecord
from stages.detect.detector import Detection

Pixels = np.ndarray


@pytest.fixture(scope="session")
def checkpoint(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder that a script of tests/checkpoints writes, by the script's name and its further arguments."""
    scripts = project / "tests" / "checkpoints"

    @cache
    def make(script: str, *arguments: str) -> Path:
        folder = tmp_path_factory.mktemp("detectors") / "-".join([script, *arguments])
        sys.path.insert(0, str(scripts))
        try:
            runpy.run_path(str(scripts / f"{script}.py"))["write_checkpoint"](folder, *arguments)
        finally:
            sys.path.remove(str(scripts))
        return folder

    return make


@pytest.fixture
def row_of() -> Callable[..., ImageRecord]:
    """A loaded row for pixels, or for encoded bytes."""

    def make(image: Pixels | bytes, **fields: object) -> ImageRecord:
        content = image if isinstance(image, bytes) else encoded(image)
        with Image.open(io.BytesIO(content)) as opened:
            width, height = opened.size
        fields = {"width": width, "height": height, **fields}
        digest = hashlib.sha256(content).hexdigest()[:32]
        return ImageRecord(image_id=digest, uri=f"{digest}.png", content=content, **fields)

    return make


@pytest.fixture
def noise() -> Callable[..., Pixels]:
    """Pixels without meaning, the same for the same height, width and seed."""

    def make(height: int, width: int, seed: int = 0) -> Pixels:
        return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)

    return make


@pytest.fixture
def assert_alike() -> Callable[..., None]:
    """Fails unless detections are the same but for the last digit of a score, which hangs on the size of a batch."""

    def check(some: list[list[Detection]], others: list[list[Detection]]) -> None:
        assert [len(found) for found in some] == [len(found) for found in others]
        for found, expected in zip(some, others, strict=True):
            for one, other in zip(sorted(found, key=_place), sorted(expected, key=_place), strict=True):
                assert replace(one, score=0.0) == replace(other, score=0.0)
                assert one.score == pytest.approx(other.score, abs=3e-4)

    return check


def _place(detection: Detection) -> tuple[object, ...]:
    return detection.box_xyxy_px, detection.label, str(detection.drop_reason)


def encoded(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()

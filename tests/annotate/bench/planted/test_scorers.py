"""Quality metrics on one region: which are there, and that they notice what was planted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from annotate.bench.planted.scorers import installed_scorers, row_of
from manifests.sources import content_id


def png(rgb: np.ndarray) -> bytes:
    return cv2.imencode(".png", rgb)[1].tobytes()


@pytest.fixture(scope="module")
def pictures(photos: Path) -> tuple[bytes, bytes]:
    """A sharp photo, and the same with its middle blurred away."""
    sharp = cv2.imread(str(photos / "pagoda.jpg"))[:400, :400]
    blurred = sharp.copy()
    blurred[100:300, 100:300] = cv2.GaussianBlur(sharp, (0, 0), 6)[100:300, 100:300]
    return png(sharp), png(blurred)


def test_what_is_left_out_is_left_out_with_a_reason() -> None:
    scorers, left_out = installed_scorers()
    names = [scorer.name for scorer in scorers]
    assert sorted([*names, *left_out]) == ["brisque", "evidence", "niqe", "piqe"]
    assert {"evidence", "piqe"} <= set(names)
    assert all("pip install" in reason for reason in left_out.values())


def test_every_installed_scorer_finds_a_blurred_region_worse(pictures: tuple[bytes, bytes]) -> None:
    for scorer in installed_scorers()[0]:
        before, after = (
            scorer.badness(row_of(content, content_id(content), (100, 100, 300, 300), 400, 400)) for content in pictures
        )
        assert after > before, scorer.name

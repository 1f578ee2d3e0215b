"""What a metric sees of a region."""

from __future__ import annotations

import numpy as np
import pytest

from stages.score.crops import at_least, at_most, crop_box, resized_to


def box(x1: float, y1: float, x2: float, y2: float, *, square: bool = False) -> tuple[float, ...]:
    return crop_box((x1, y1, x2, y2), 640, 120, padding=0.1, min_side_px=96, square=square)


def test_crops_are_padded_and_at_least_the_smallest_side_and_inside_the_image():
    assert box(100, 0, 300, 120) == (80, 0, 320, 120)
    assert box(0, 0, 10, 10) == (0, 0, 96, 96)
    assert box(630, 110, 640, 120) == (544, 24, 640, 120)


def test_a_square_is_as_square_as_the_image_allows():
    assert box(100, 0, 200, 50, square=True) == (90, 0, 210, 120)
    assert box(100, 0, 300, 50, square=True) == (80, 0, 320, 120)


@pytest.mark.parametrize(
    ("picture", "shape"),
    [
        (resized_to(np.zeros((100, 50, 3), np.uint8), 224), (224, 112, 3)),
        (resized_to(np.zeros((896, 448, 3), np.uint8), 224), (224, 112, 3)),
        (at_most(np.zeros((100, 50, 3), np.uint8), 224), (100, 50, 3)),
        (at_most(np.zeros((448, 100, 3), np.uint8), 224), (224, 50, 3)),
        (at_least(np.zeros((100, 50, 3), np.uint8), 192), (384, 192, 3)),
        (at_least(np.zeros((300, 200, 3), np.uint8), 192), (300, 200, 3)),
    ],
)
def test_sizes_change_as_asked_and_aspects_do_not(picture: np.ndarray, shape: tuple[int, ...]):
    assert picture.shape == shape

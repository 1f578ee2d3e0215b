"""The maps that the recogniser sees."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from stages.measure.recogniser.features import NAMES, feature_maps, padded, seam_planes

Photo = Callable[[str], npt.NDArray[np.uint8]]
Spoil = Callable[..., npt.NDArray[np.uint8]]


def of(image: npt.NDArray[np.uint8], name: str) -> npt.NDArray[np.float32]:
    return feature_maps(padded(image))[NAMES.index(name)]


def test_the_same_pixels_give_the_same_maps(photo: Photo):
    image = photo("espresso.png")
    assert np.array_equal(feature_maps(padded(image)), feature_maps(padded(image.copy())))


@pytest.mark.parametrize("size", [(64, 64), (300, 451), (65, 700)])
def test_there_is_one_cell_for_each_eight_pixels_of_the_continued_image(size: tuple[int, int]):
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    continued = padded(image)
    assert continued.shape[0] % 64 == continued.shape[1] % 64 == 0
    assert np.array_equal(continued[: size[0], : size[1]], image)
    maps = feature_maps(continued)
    assert maps.shape == (len(NAMES), continued.shape[0] // 8, continued.shape[1] // 8)
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()


def test_a_distortion_moves_the_maps_that_were_made_for_it(photo: Photo, spoil: Spoil):
    image = photo("espresso.png")
    assert of(spoil(image, "noise"), "quietest-detail").mean() > of(image, "quietest-detail").mean() + 1
    assert of(spoil(image, "blur"), "detail-1").mean() < of(image, "detail-1").mean() - 0.5
    assert of(spoil(image, "pixelate"), "equal-columns").mean() > 0.5 > of(image, "equal-columns").mean()
    assert of(spoil(image, "saturation-weaken"), "colour-step").mean() < of(image, "colour-step").mean() - 1


def test_the_grid_of_jpeg_lies_on_one_phase(photo: Photo):
    image = photo("astronaut.jpg")
    _, encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 10])
    compressed = cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1]
    phases = [of(compressed, f"phase-x-{phase}").mean() for phase in range(8)]
    assert np.argmax(phases) == 7
    assert phases[7] > 1


def test_a_change_of_brightness_is_one_step_in_the_seam_planes_whatever_lies_there(photo: Photo):
    image = photo("espresso.png")[:256, :320]
    image = np.maximum(image, 60)
    darker = np.asarray(np.rint(image * 0.5), np.uint8)
    steps = seam_planes(image) - seam_planes(darker)
    assert steps.shape == (3, 128, 160)
    assert steps.std() < 0.03
    assert 0.38 < steps.mean() < 0.5

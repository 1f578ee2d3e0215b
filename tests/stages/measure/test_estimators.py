"""Single estimators against signals whose answer is known."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from skimage.measure import blur_effect

from stages.measure.blocks import measure_blocks
from stages.measure.grid import (
    GRID,
    LUMA,
    cell_edges,
    cell_means,
    luma_of,
    medians,
    native_windows,
    pooled,
    working_view,
)
from stages.measure.noise import measure_noise
from stages.measure.sharpness import measure_sharpness
from stages.measure.tone import measure_tone

Photo = Callable[[str], npt.NDArray[np.uint8]]


def test_sharpness_ranks_blur_as_the_reference_implementation_does(photo: Photo):
    luma = luma_of(photo("astronaut.jpg"))
    ours, reference = [], []
    for sigma in (0.5, 1, 1.5, 2, 3):
        blurred = cv2.GaussianBlur(luma, (0, 0), sigma)
        measured = measure_sharpness(blurred)
        ours.append(float(np.median(measured.of_cells(0)[measured.detail > 2.5])))
        reference.append(1 - blur_effect(blurred / 255, h_size=9))
    assert ours == sorted(ours, reverse=True)
    assert reference == sorted(reference, reverse=True)
    assert np.corrcoef(ours, reference)[0, 1] > 0.98


@pytest.mark.parametrize("length", [1, 2, 7, 700])
def test_medians_are_those_of_numpy(length: int):
    values = np.random.default_rng(length).normal(size=(3, 5, length)).astype(np.float32)
    assert np.array_equal(medians(values), np.median(values, axis=2))


def test_luma_of_a_part_is_the_part_of_the_luma(photo: Photo):
    rgb = photo("astronaut.jpg")
    assert np.array_equal(luma_of(rgb), cv2.transform(rgb.astype(np.float32), LUMA))
    assert np.array_equal(luma_of(rgb[37:118, 5:]), luma_of(rgb)[37:118, 5:])


@pytest.mark.parametrize("sigma", [3.0, 8.0, 20.0])
def test_noise_is_estimated_at_its_true_strength_and_is_white(sigma: float):
    flat = 128 + np.random.default_rng(3).normal(0, sigma, (400, 600, 3))
    rgb = np.clip(np.rint(flat), 0, 255).astype(np.uint8)
    windows = native_windows(rgb, 64)
    noise = measure_noise(windows, luma_of(windows.rgb))
    assert float(np.median(noise.sigma)) == pytest.approx(sigma * np.linalg.norm(LUMA), rel=0.08)
    assert float(np.median(noise.colour_sigma)) == pytest.approx(sigma * 2**0.5, rel=0.08)
    assert float(np.median(noise.whiteness)) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("shift", [0, 3])
def test_the_block_grid_is_found_at_any_phase_and_only_after_compression(photo: Photo, shift: int):
    image = photo("cat.png")
    compressed = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 15])[1], 1)
    excess = []
    for pixels in (image, compressed):
        windows = native_windows(np.ascontiguousarray(pixels[shift:, shift:]), 64)
        excess.append(float(np.median(measure_blocks(windows, luma_of(windows.rgb)).grid)))
    assert excess[0] < 0.1 < 0.5 < excess[1]


@pytest.mark.parametrize("side", [4, 5, 8, 12])
def test_constant_blocks_give_their_side(photo: Photo, side: int):
    image = photo("pagoda.jpg")[:400, :600]
    small = cv2.resize(image, (600 // side, 400 // side), interpolation=cv2.INTER_AREA)
    blocks = np.repeat(np.repeat(small, side, axis=0), side, axis=1)
    windows = native_windows(blocks, 64)
    measured = measure_blocks(windows, luma_of(windows.rgb))
    textured = measured.step > 1
    assert float(np.median(measured.constant[textured])) > 0.9
    assert float(np.median(measured.period[textured])) == pytest.approx(side, rel=0.25)


def test_clipping_needs_all_channels():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, :20] = (255, 255, 255)
    image[:, 20:] = (255, 255, 0)
    tone = measure_tone(image, luma_of(image))
    assert tone.white[:, :10].min() == 1
    assert tone.white[:, 10:].max() == 0
    assert tone.black.max() == 0


def test_cells_cover_the_image_once_whatever_its_size():
    for length in (20, 21, 39, 640, 1201):
        edges = cell_edges(length)
        assert edges[0] == 0
        assert edges[-1] == length
        assert np.diff(edges).min() >= length // GRID


def test_windows_come_from_their_cells_at_full_resolution():
    image = np.random.default_rng(0).integers(0, 255, (2000, 3000, 3), np.uint8)
    windows = native_windows(image, 64)
    top, left = int(windows.top_px[7]), int(windows.left_px[11])
    assert windows.rgb.shape == (GRID * 64, GRID * 64, 3)
    assert (windows.rgb[7 * 64 : 8 * 64, 11 * 64 : 12 * 64] == image[top : top + 64, left : left + 64]).all()
    assert 700 <= top <= top + 64 <= 800


def test_large_images_are_shrunk_to_the_working_size_and_small_ones_are_left_alone():
    assert working_view(np.zeros((3000, 4000, 3), np.uint8), 1_000_000).shape == (866, 1155, 3)
    small = np.zeros((300, 400, 3), np.uint8)
    assert working_view(small, 1_000_000) is small


def test_pooling_adds_the_neighbours_and_nothing_beyond_the_border():
    sums = pooled(np.ones((GRID, GRID), np.float32), 1)
    assert (sums[0, 0], sums[0, 5], sums[5, 5]) == (4, 6, 9)
    assert cell_means(np.full((47, 31), 3.0)).mean() == pytest.approx(3)


@pytest.mark.parametrize("size", [(20, 20), (23, 400), (333, 251), (640, 480)])
def test_a_pixel_on_the_edge_of_two_cells_counts_in_both_by_its_share(size: tuple[int, int]):
    plane = np.random.default_rng(5).uniform(0, 255, size).astype(np.float32)
    finest = np.repeat(np.repeat(plane.astype(np.float64), GRID, axis=0), GRID, axis=1)
    expected = finest.reshape(GRID, size[0], GRID, size[1]).mean(axis=(1, 3))
    assert cell_means(plane) == pytest.approx(expected, rel=1e-5)
    bright = plane > 128
    assert cell_means(bright) == pytest.approx(cell_means(bright.astype(np.float32)), abs=1e-6)

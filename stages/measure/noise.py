"""Noise of each cell, told apart from fine texture by its spectrum and by its colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.measure.grid import GRID, FloatArray, Windows, cell_means, medians

_GAUSSIAN_MEDIAN = 0.6745
"""Median of the absolute value of a standard normal variable."""
_IMPULSE_STEP = 48.0
"""An impulse differs from the median of its 3x3 neighbourhood by more grey levels than this."""


@dataclass(frozen=True)
class Noise:
    """Per cell, [20, 20]: `sigma` of luma in grey levels, `whiteness`, the same of colour, and the share of `impulses`.

    `whiteness` is sigma of the finest diagonal band over sigma of the next: 1 for white noise, well below it for
    texture. The colour plane is red minus green, where texture mostly cancels and sensor noise does not.
    """

    sigma: FloatArray
    whiteness: FloatArray
    colour_sigma: FloatArray
    colour_whiteness: FloatArray
    impulses: FloatArray


def measure_noise(windows: Windows, luma: FloatArray) -> Noise:
    """Measure the native windows; `luma` is that of `windows.rgb`.

    sigma = median(|d|) / 0.6745 over the finest diagonal Haar coefficients d (Donoho and Johnstone, "Ideal spatial
    adaptation by wavelet shrinkage", Biometrika 81 (1994); the estimator of `skimage.restoration.estimate_sigma`).
    """
    red, green = (cv2.extractChannel(windows.rgb, channel) for channel in (0, 1))
    colour = np.asarray(cv2.subtract(red, green, dtype=cv2.CV_32F), np.float32)
    step = cv2.absdiff(luma, cv2.medianBlur(luma, 3))
    return Noise(
        *_sigma_and_whiteness(windows.split(luma)),
        *_sigma_and_whiteness(windows.split(colour)),
        cell_means(step > _IMPULSE_STEP),
    )


def _sigma_and_whiteness(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Noise of the cells [20, h, 20, w] in grey levels, and the ratio of the two finest bands."""
    fine, smooth = _haar(cells)
    coarse, _ = _haar(smooth)
    sigma = _robust_sigma(fine)
    return sigma, sigma / np.maximum(_robust_sigma(coarse), 0.1)


def _haar(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Diagonal detail and average of one level of the orthonormal Haar transform of [20, h, 20, w]."""
    height, width = cells.shape[1] // 2 * 2, cells.shape[3] // 2 * 2
    corners = (cells[:, row:height:2, :, column:width:2] for row in (0, 1) for column in (0, 1))
    a, b, c, d = (np.ascontiguousarray(corner) for corner in corners)
    return np.asarray((a - b - c + d) / 2, np.float32), np.asarray((a + b + c + d) / 2, np.float32)


def _robust_sigma(coefficients: FloatArray) -> FloatArray:
    if coefficients.shape[1] == 0 or coefficients.shape[3] == 0:
        return np.zeros((GRID, GRID), np.float32)
    flat = np.abs(coefficients).transpose(0, 2, 1, 3).reshape(GRID, GRID, -1)
    return np.asarray(medians(flat) / _GAUSSIAN_MEDIAN, np.float32)

"""The six blurs. Lengths are pixels; borders are mirrored. Every function: uint8 RGB [height, width, 3] in and out."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from stages.distort.pixels import Array, Pixels, smoothed, to_bytes

_MOST_ZOOM_LAYERS = 32


def gaussian(rgb: Pixels, rng: np.random.Generator, *, sigma_px: float) -> Pixels:
    """Convolution with a Gaussian."""
    return to_bytes(smoothed(rgb.astype(np.float32), sigma_px))


def motion(rgb: Pixels, rng: np.random.Generator, *, length_px: float) -> Pixels:
    """Mean along a straight line of random direction, as of a camera that moved at constant speed."""
    angle = rng.uniform(0, math.pi)
    side = 2 * math.ceil(length_px / 2) + 1
    reach = np.array([math.cos(angle), math.sin(angle)]) * (length_px - 1) / 2
    centre = np.array([side // 2, side // 2])
    # Eight times finer than a pixel, then averaged down: the line keeps its length at every angle.
    fine = np.zeros((8 * side, 8 * side), np.float32)
    start, end = ((8 * (centre + sign * reach) + 4).round().astype(int).tolist() for sign in (-1, 1))
    cv2.line(fine, start, end, 1.0, thickness=8)
    return _filter(rgb, cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32))


def glass(rgb: Pixels, rng: np.random.Generator, *, sigma_px: float, shift_px: float) -> Pixels:
    """Pixels scattered between two Gaussians, as through frosted glass."""
    softened = to_bytes(smoothed(rgb.astype(np.float32), sigma_px))
    return to_bytes(smoothed(_scatter(softened, rng, shift_px).astype(np.float32), sigma_px))


def lens(rgb: Pixels, rng: np.random.Generator, *, radius_px: float) -> Pixels:
    """Mean over a disc, as of a lens out of focus."""
    reach = math.ceil(radius_px)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    # The rim is as strong as the part of it that lies inside the circle.
    return _filter(rgb, np.clip(radius_px + 0.5 - np.hypot(rows, columns), 0, 1).astype(np.float32))


def zoom(rgb: Pixels, rng: np.random.Generator, *, zoom: float) -> Pixels:
    """Mean of enlargements about the centre from 1 to `zoom`, as of a zoom turned while the shutter is open."""
    height, width = rgb.shape[:2]
    layers = min(max(math.ceil((zoom - 1) * max(height, width) / 2), 2), _MOST_ZOOM_LAYERS)
    layered = rgb.astype(np.float32)
    total = np.zeros_like(layered)
    for factor in np.linspace(1, zoom, layers):
        about_centre = np.array(
            [[factor, 0, (1 - factor) * (width - 1) / 2], [0, factor, (1 - factor) * (height - 1) / 2]]
        )
        total += cv2.warpAffine(layered, about_centre, (width, height), borderMode=cv2.BORDER_REFLECT)
    return to_bytes(total / layers)


def jitter(rgb: Pixels, rng: np.random.Generator, *, shift_px: float) -> Pixels:
    """Each pixel takes the colour of a random near one."""
    return _scatter(rgb, rng, shift_px)


def _filter(rgb: Pixels, kernel: Array) -> Pixels:
    total = float(kernel.sum())
    return to_bytes(cv2.filter2D(rgb.astype(np.float32), -1, kernel / total, borderType=cv2.BORDER_REFLECT))


def _scatter(rgb: Pixels, rng: np.random.Generator, shift_px: float) -> Pixels:
    height, width = rgb.shape[:2]
    reach = max(round(shift_px), 1)
    moved: npt.NDArray[np.int64] = rng.integers(-reach, reach, size=(2, height, width), endpoint=True)
    rows = np.clip(np.arange(height)[:, None] + moved[0], 0, height - 1)
    columns = np.clip(np.arange(width)[None, :] + moved[1], 0, width - 1)
    scattered: Pixels = rgb[rows, columns]
    return scattered

"""The six noises. Standard deviations are shares of full scale. uint8 RGB [height, width, 3] in and out."""

from __future__ import annotations

import cv2
import numpy as np

from stages.distort.pixels import Array, Pixels, converted, of_unit, to_unit


def gaussian_rgb(rgb: Pixels, rng: np.random.Generator, *, sigma: float) -> Pixels:
    """Independent Gaussian noise in R, G and B."""
    return of_unit(to_unit(rgb) + _normal(rng, rgb.shape, sigma))


def gaussian_ycrcb(rgb: Pixels, rng: np.random.Generator, *, sigma_luma: float, sigma_chroma: float) -> Pixels:
    """Gaussian noise in luma and, stronger, in both chroma channels."""
    ycrcb = converted(to_unit(rgb), cv2.COLOR_RGB2YCrCb)
    sigmas = np.array([sigma_luma, sigma_chroma, sigma_chroma], np.float32)
    return of_unit(converted(ycrcb + _normal(rng, rgb.shape, 1.0) * sigmas, cv2.COLOR_YCrCb2RGB))


def speckle(rgb: Pixels, rng: np.random.Generator, *, sigma: float) -> Pixels:
    """Gaussian noise in proportion to the level: x + x * n."""
    unit = to_unit(rgb)
    return of_unit(unit + unit * _normal(rng, rgb.shape, sigma))


def spatially_correlated(rgb: Pixels, rng: np.random.Generator, *, sigma: float, grain: int) -> Pixels:
    """Gaussian noise averaged over `grain` x `grain` pixels: blotches, as in a picture that was enlarged."""
    noise = _normal(rng, rgb.shape, sigma)
    return of_unit(to_unit(rgb) + cv2.blur(noise, (grain, grain), borderType=cv2.BORDER_REFLECT))


def poisson(rgb: Pixels, rng: np.random.Generator, *, photons: float) -> Pixels:
    """Shot noise of a sensor that counts `photons` at white."""
    return of_unit(rng.poisson(to_unit(rgb) * photons) / photons)


def impulse(rgb: Pixels, rng: np.random.Generator, *, amount: float) -> Pixels:
    """A share of the samples becomes black or white (salt and pepper), each channel on its own."""
    draw = rng.random(rgb.shape, np.float32)
    return np.where(draw < amount / 2, np.uint8(0), np.where(draw > 1 - amount / 2, np.uint8(255), rgb))


def _normal(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Array:
    return rng.standard_normal(shape, np.float32) * np.float32(sigma)

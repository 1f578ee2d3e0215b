"""Brightness, contrast and saturation: what the value of a pixel becomes. uint8 RGB [height, width, 3] in and out.

Contrast turns about the mean luma of the pixels given, so a distorted region about keeps its brightness.
"""

from __future__ import annotations

import cv2
import numpy as np

from stages.distort.pixels import Array, Pixels, converted, of_unit, to_unit

_HALF_LEVEL = 0.5 / 255


def shift_rgb(rgb: Pixels, rng: np.random.Generator, *, shift: float) -> Pixels:
    """The same amount added to R, G and B."""
    return of_unit(to_unit(rgb) + shift)


def shift_hsv(rgb: Pixels, rng: np.random.Generator, *, shift: float) -> Pixels:
    """An amount added to V of HSV: hue and saturation stay."""
    hsv = converted(to_unit(rgb), cv2.COLOR_RGB2HSV)
    hsv[..., 2] = np.clip(hsv[..., 2] + shift, 0, 1)
    return of_unit(converted(hsv, cv2.COLOR_HSV2RGB))


def gamma_rgb(rgb: Pixels, rng: np.random.Generator, *, gamma: float) -> Pixels:
    """R, G and B to the power `gamma`: below 1 brightens, above 1 darkens."""
    return of_unit(to_unit(rgb) ** gamma)


def gamma_hsv(rgb: Pixels, rng: np.random.Generator, *, gamma: float) -> Pixels:
    """V of HSV to the power `gamma`: hue and saturation stay."""
    hsv = converted(to_unit(rgb), cv2.COLOR_RGB2HSV)
    hsv[..., 2] **= gamma
    return of_unit(converted(hsv, cv2.COLOR_HSV2RGB))


def contrast_scale(rgb: Pixels, rng: np.random.Generator, *, factor: float) -> Pixels:
    """Distances from the mean luma m times `factor`: m + factor * (x - m)."""
    unit = to_unit(rgb)
    mean = _mean_luma(unit)
    return of_unit(mean + factor * (unit - mean))


def contrast_stretch(rgb: Pixels, rng: np.random.Generator, *, slope: float) -> Pixels:
    """An S-curve through black, mean luma m and white: odds(y) = odds(m) * (odds(x) / odds(m)) ** slope."""
    unit = np.clip(to_unit(rgb), _HALF_LEVEL, 1 - _HALF_LEVEL)
    mean = float(np.clip(_mean_luma(unit), _HALF_LEVEL, 1 - _HALF_LEVEL))
    odds_of_mean = mean / (1 - mean)
    odds = odds_of_mean * (unit / (1 - unit) / odds_of_mean) ** slope
    return of_unit(odds / (1 + odds))


def saturation_hsv(rgb: Pixels, rng: np.random.Generator, *, factor: float) -> Pixels:
    """S of HSV times `factor`."""
    hsv = converted(to_unit(rgb), cv2.COLOR_RGB2HSV)
    hsv[..., 1] = np.clip(hsv[..., 1] * factor, 0, 1)
    return of_unit(converted(hsv, cv2.COLOR_HSV2RGB))


def saturation_ycrcb(rgb: Pixels, rng: np.random.Generator, *, factor: float) -> Pixels:
    """Both chroma channels of YCrCb times `factor`: luma stays, as far as the result has room in RGB."""
    ycrcb = converted(to_unit(rgb), cv2.COLOR_RGB2YCrCb)
    ycrcb[..., 1:] = 0.5 + (ycrcb[..., 1:] - 0.5) * factor
    return of_unit(converted(ycrcb, cv2.COLOR_YCrCb2RGB))


def _mean_luma(unit: Array) -> float:
    return float((unit.mean(axis=(0, 1)) * np.array([0.299, 0.587, 0.114], np.float32)).sum())

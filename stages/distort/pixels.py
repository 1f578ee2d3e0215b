"""Arrays that the distortions pass on, and the one way back to 8 bits."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""uint8 RGB [height, width, 3]."""

Array = npt.NDArray[np.float32]


def to_bytes(levels: npt.NDArray[Any]) -> Pixels:
    """Levels 0-255, rounded and clipped."""
    return cast(Pixels, np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def to_unit(rgb: Pixels) -> Array:
    """Levels as float32 0-1."""
    return rgb.astype(np.float32) / np.float32(255)


def of_unit(unit: npt.NDArray[Any]) -> Pixels:
    """Floats 0-1 as levels, rounded and clipped."""
    return to_bytes(unit * 255)


def converted(unit: Array, code: int) -> Array:
    """Floats 0-1 [height, width, 3] in another colour space of OpenCV (`cv2.COLOR_...`)."""
    return cast(Array, cv2.cvtColor(unit, code))


def smoothed(values: Array, sigma_px: float) -> Array:
    """Convolved with a Gaussian, borders mirrored."""
    return cast(Array, cv2.GaussianBlur(values, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT))

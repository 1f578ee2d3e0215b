"""Light and colour of each cell: luminance, spread, clipping, chroma."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.measure.grid import FloatArray, PixelArray, cell_means

_WHITE = 253
"""A pixel whose channels all reach this value is clipped at white (8-bit files rarely store more than this noise)."""
_NEAR_WHITE = 225
"""Between this and white lies what a photograph shows around a clipped area, and a drawing or a backdrop does not."""
_BLACK = 6
"""A pixel whose channels all stay at or below this value is clipped at black."""
_NEUTRAL = 1
"""A pixel whose channels differ by at most this is colourless. A loss of colour leaves no more, nor does a JPEG file of
it; on grey and black things the light's own colour leaves 2 or 3."""


@dataclass(frozen=True)
class Tone:
    """Per cell, [20, 20]; the units of `Attributes` unless said otherwise.

    `spread` is the standard deviation of luma in grey levels, `chroma` the mean CIELAB chroma, `neutral` the share of
    colourless pixels, `white` and `black` the shares of clipped pixels, `near_white` that of the almost clipped.
    """

    luminance: FloatArray
    spread: FloatArray
    chroma: FloatArray
    neutral: FloatArray
    white: FloatArray
    near_white: FloatArray
    black: FloatArray


def measure_tone(rgb: PixelArray, luma: FloatArray) -> Tone:
    """Measure the working view. Chroma is the distance from the grey axis of CIELAB (CIE 15:2004, section 8.2)."""
    lab = cv2.cvtColor(np.ascontiguousarray(rgb[::2, ::2]), cv2.COLOR_RGB2LAB).astype(np.float32)
    red_green, yellow_blue = lab[..., 1] - 128, lab[..., 2] - 128
    # Not cv2.magnitude, whose last digit depends on where in memory the planes lie.
    chroma = np.sqrt(red_green * red_green + yellow_blue * yellow_blue)
    red, green, blue = cv2.split(rgb)
    highest, lowest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    mean = cell_means(luma)
    variance = cell_means(luma * luma) - mean * mean
    return Tone(
        luminance=np.asarray(mean / 255, np.float32),
        spread=np.sqrt(np.maximum(variance, 0)),
        chroma=cell_means(chroma),
        neutral=cell_means(highest - lowest <= _NEUTRAL),
        white=cell_means(lowest >= _WHITE),
        near_white=cell_means((lowest >= _NEAR_WHITE) & (lowest < _WHITE)),
        black=cell_means(highest <= _BLACK),
    )

"""All local evidence of one image, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stages.measure.blocks import Blocks, measure_blocks
from stages.measure.grid import GRID, FloatArray, PixelArray, luma_of, native_windows, working_view
from stages.measure.noise import Noise, measure_noise
from stages.measure.sharpness import Sharpness, measure_sharpness
from stages.measure.tone import Tone, measure_tone

_SMALL_CELL_PX = 18
"""Cells with a shorter side are too small for steady statistics and borrow from their neighbours."""


@dataclass(frozen=True)
class Evidence:
    """What was measured, per cell; `luma` is the working view's luma in grey levels, for percentiles of areas.

    `pool` is the number of neighbours at each side from which a cell borrows (0 or 1).
    """

    luma: FloatArray
    sharpness: Sharpness
    noise: Noise
    blocks: Blocks
    tone: Tone
    pool: int

    @cached_property
    def levels(self) -> tuple[float, float, float]:
        """The 5th, 95th and 99th percentile of the luma of every second row and column, in grey levels."""
        low, high, highlight = np.percentile(self.luma[::2, ::2], (5, 95, 99))
        return float(low), float(high), float(highlight)


def gather(rgb: PixelArray, *, working_pixels: int, window_px: int) -> Evidence:
    """Measure an upright image of at least 20x20 pixels."""
    view = working_view(rgb, working_pixels)
    luma = luma_of(view)
    windows = native_windows(rgb, window_px)
    window_luma = luma_of(windows.rgb)
    return Evidence(
        luma=luma,
        sharpness=measure_sharpness(luma),
        noise=measure_noise(windows, window_luma),
        blocks=measure_blocks(windows, window_luma),
        tone=measure_tone(view, luma),
        pool=1 if min(view.shape[:2]) < _SMALL_CELL_PX * GRID else 0,
    )

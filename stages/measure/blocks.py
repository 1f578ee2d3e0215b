"""Block structure of each cell: the 8-pixel grid of JPEG, and the constant blocks of pixelation."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from stages.measure.grid import GRID, FloatArray, Windows, medians, pooled

_PERIOD = 8
_SHARED_LEVELS = 1.0
"""Grey levels added to the mean step, so that rounding in flat cells is no grid."""
_LARGEST_STEP = 12.0
"""Excess of one line that counts at most, in grey levels: a window frame is one strong line, a grid is many."""


@dataclass(frozen=True)
class Blocks:
    """Per cell, [20, 20]: the excess of steps on the best 8-pixel phase, `constant` blocks, and the mean `step`.

    `grid` is the excess relative to the mean step, `grid_levels` in grey levels. `constant` is 0-1: how far the steps
    of the cell concentrate on few whole columns and on few whole rows; `period` is the distance between those in
    pixels. `step` is the smaller of the mean steps across columns and across rows, in grey levels. `one_level` is the
    share of pixels that have the cell's middle grey level: large in drawings, which have straight edges too.
    """

    grid: FloatArray
    grid_levels: FloatArray
    constant: FloatArray
    period: FloatArray
    step: FloatArray
    one_level: FloatArray


def measure_blocks(windows: Windows, luma: FloatArray) -> Blocks:
    """Measure the native windows; `luma` is that of `windows.rgb`.

    The grid excess is the blockiness of Wang, Sheikh and Bovik, "No-reference perceptual quality assessment of JPEG
    compressed images", ICIP 2002 (steps across block borders against steps inside), with the second-difference
    correction of Wu and Yuen, "A generalized block-edge impairment metric", IEEE SPL 4 (1997), so that a gradient has
    none. The phase is free, because a cropped or pasted picture keeps the grid of its origin.
    """
    cells = windows.split(luma).transpose(0, 2, 1, 3)
    steps_x, steps_y = _mean_steps(windows, luma)
    levels = np.minimum(_grid_excess(steps_x, windows.left_px[None, :]), _grid_excess(steps_y, windows.top_px[:, None]))
    around = pooled(np.ones((GRID, GRID), np.float32), 1)
    mean_step = np.maximum(_mean(steps_x), _mean(steps_y))
    return Blocks(
        grid=levels / (pooled(mean_step, 1) / around + _SHARED_LEVELS),
        grid_levels=levels,
        constant=np.minimum(_concentration(steps_x), _concentration(steps_y)),
        period=_period(steps_x, steps_y),
        step=np.minimum(_mean(steps_x), _mean(steps_y)),
        one_level=_one_level(cells),
    )


def _mean_steps(windows: Windows, luma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean steps of each cell between its columns [20, 20, side_x - 1] and between its rows [20, 20, side_y - 1]."""
    across, down = np.empty_like(luma), np.empty_like(luma)
    cv2.absdiff(luma[:, 1:], luma[:, :-1], dst=across[:, :-1])
    cv2.absdiff(luma[1:], luma[:-1], dst=down[:-1])
    steps_x = windows.split(across)[..., :-1].mean(axis=1)
    steps_y = windows.split(down)[:, :-1].mean(axis=3)
    return np.asarray(steps_x, np.float32), np.ascontiguousarray(steps_y.transpose(0, 2, 1), np.float32)


def _mean(steps: FloatArray) -> FloatArray:
    if steps.shape[2] == 0:
        return np.zeros((GRID, GRID), np.float32)
    return np.asarray(steps.mean(axis=2), np.float32)


def _one_level(cells: FloatArray) -> FloatArray:
    flat = cells.reshape(GRID, GRID, -1)
    middle = medians(flat)[..., None]
    distance = flat - middle
    near = np.abs(distance, out=distance) < 0.5
    return np.asarray(near.view(np.uint8).sum(axis=2, dtype=np.uint32) / flat.shape[2], np.float32)


def _grid_excess(steps: FloatArray, origin_px: npt.NDArray[np.int64]) -> FloatArray:
    """Grey levels by which the strongest phase exceeds the second; `steps` [20, 20, n - 1] along one axis."""
    count = steps.shape[2]
    if count < _PERIOD + 2:
        return np.zeros((GRID, GRID), np.float32)
    excess = np.minimum(steps[..., 1:-1] - (steps[..., :-2] + steps[..., 2:]) / 2, _LARGEST_STEP)
    phase = (origin_px[..., None] + np.arange(1, count - 1)) % _PERIOD
    phase = np.broadcast_to(phase, excess.shape)
    by_phase = np.empty((_PERIOD, GRID, GRID), np.float32)
    for number in range(_PERIOD):
        chosen = phase == number
        sums = pooled(np.sum(excess * chosen, axis=2, dtype=np.float32), 1)
        by_phase[number] = sums / np.maximum(pooled(chosen.sum(axis=2).astype(np.float32), 1), 1)
    ordered = np.sort(by_phase, axis=0)
    return np.asarray(np.maximum(ordered[-1] - np.maximum(ordered[-2], 0), 0), np.float32)


def _concentration(steps: FloatArray) -> FloatArray:
    """1 minus median over mean of the steps of [20, 20, n] columns: 1 when half of the columns have no step at all."""
    if steps.shape[2] < 4:
        return np.zeros((GRID, GRID), np.float32)
    mean = steps.mean(axis=2)
    return np.asarray(np.where(mean > 0.1, 1 - np.median(steps, axis=2) / np.maximum(mean, 1e-6), 0), np.float32)


def _period(steps_x: FloatArray, steps_y: FloatArray) -> FloatArray:
    """Mean distance in pixels between columns (rows) that hold a step, over the cell and its neighbours."""
    held, all_of_them = np.zeros((GRID, GRID), np.float32), np.zeros((GRID, GRID), np.float32)
    for steps in (steps_x, steps_y):
        if steps.shape[2]:
            held += (steps > 0.1 * steps.max(axis=2, keepdims=True)).sum(axis=2)
            all_of_them += steps.shape[2]
    return np.asarray(pooled(all_of_them, 1) / np.maximum(pooled(held, 1), 1), np.float32)

"""What the recogniser sees: maps of local statistics, one cell per 8x8 pixels, the same in training and in use.

A distortion leaves its mark in the finest detail (noise, block borders, lost high frequencies, equal neighbours) or in
tone and colour; the maps hold both, so that a small network needs not learn them from the few photographs there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from stages.measure.grid import FloatArray, PixelArray, luma_of

Steps = tuple[FloatArray, FloatArray]
AnyArray = npt.NDArray[np.integer[Any] | np.floating[Any]]

STRIDE_PX = 8
"""Side of a cell; the grid of JPEG, so that a cell's eight columns are the eight phases of that grid."""
SEAM_STRIDE_PX = 2
"""Side of a pixel of the seam planes."""
PADDED_TO_PX = 64
"""Images are continued at the right and at the bottom to a multiple of this: the network halves three more times."""

_LARGEST_STEP = 24.0
"""Grey levels from which a step counts no more towards a block grid: one strong edge is no grid."""
_IMPULSE_STEP = 40.0
_SECOND_DIFFERENCE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
"""Immerkaer, "Fast noise variance estimation", CVIU 64 (1996): blind to edges along the axes."""
_LEVELS = 4
_LEAST = 0.05

NAMES = (
    *("luma", "luma-spread", "red-green", "yellow-blue", "brightest", "darkest"),
    *("white", "black", "near-white", "near-black"),
    *(f"detail-{2**level}" for level in range(_LEVELS)),
    *(f"step-x-{2**level}" for level in range(_LEVELS)),
    *(f"step-y-{2**level}" for level in range(_LEVELS)),
    *("quietest-detail", "loudest-step", "reblur-loss", "colour-detail", "colour-step"),
    *("impulse-share", "impulse-height"),
    *("equal-x", "equal-y", "equal-columns", "equal-rows"),
    *(f"phase-x-{phase}" for phase in range(STRIDE_PX)),
    *(f"phase-y-{phase}" for phase in range(STRIDE_PX)),
)
"""The maps, in the order in which `feature_maps` stacks them."""


def padded(rgb: PixelArray) -> PixelArray:
    """The image continued by its last row and column to multiples of `PADDED_TO_PX`."""
    height, width = rgb.shape[:2]
    bottom, right = -height % PADDED_TO_PX, -width % PADDED_TO_PX
    return np.asarray(cv2.copyMakeBorder(rgb, 0, bottom, 0, right, cv2.BORDER_REFLECT_101), np.uint8)


def seam_planes(rgb: PixelArray) -> FloatArray:
    """Logarithms of red, green and blue at half size, float32 [3, height / 2, width / 2], about -1 to 1.

    A change of tone or colour leaves no mark inside a cell, only a step of one ratio along its border: the network
    looks for that in these planes itself. `rgb` is uint8 with sides that are multiples of 8.
    """
    half = np.stack([_shrunk(channel.astype(np.float32), SEAM_STRIDE_PX) for channel in cv2.split(rgb)])
    half += 8
    np.log2(half, out=half)
    half /= 2
    half -= 2.5
    return half


def feature_maps(rgb: PixelArray) -> FloatArray:
    """Maps [len(NAMES), height / 8, width / 8], about -3 to 3, of uint8 RGB whose sides are multiples of 8."""
    luma = luma_of(rgb)
    channels = [np.asarray(channel, np.uint8) for channel in cv2.split(rgb)]
    residual = _second_difference(luma)
    from_before, to_next = _steps(luma)
    maps = [*_tone(luma, channels), *_spectrum(luma, residual, from_before)]
    return np.stack([*maps, *_detail(luma, residual, channels), *_blocks(*to_next)])


def _tone(luma: FloatArray, channels: Sequence[PixelArray]) -> list[FloatArray]:
    mean = _shrunk(luma, STRIDE_PX)
    spread = np.sqrt(np.maximum(_shrunk(cv2.multiply(luma, luma), STRIDE_PX) - mean * mean, 0))
    red, green, blue = (_cells(channel) for channel in channels)
    most = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    least = cv2.min(cv2.min(channels[0], channels[1]), channels[2])
    light = [plane / 64 - 2 for plane in (mean, _cells(most), _cells(least))]
    colour = [(red - green) / 32, ((red + green) / 2 - blue) / 32]
    shares = [_share(least >= 253), _share(most <= 2), _share(least >= 235), _share(most <= 20)]
    return [np.asarray(plane, np.float32) for plane in (light[0], _log(spread), *colour, *light[1:], *shares)]


def _spectrum(luma: FloatArray, residual: FloatArray, steps: Steps) -> list[FloatArray]:
    """Fine detail and steps at full, half, quarter and eighth size: how fast they fall tells blur from noise."""
    levels = [(residual, *steps)]
    plane = luma
    for _ in range(1, _LEVELS):
        plane = _shrunk(plane, 2)
        levels.append((_second_difference(plane), *_steps(plane)[0]))
    size = luma.shape[1] // STRIDE_PX, luma.shape[0] // STRIDE_PX
    return [_log(cv2.resize(level[kind], size, interpolation=cv2.INTER_AREA)) for kind in range(3) for level in levels]


def _detail(luma: FloatArray, residual: FloatArray, channels: Sequence[PixelArray]) -> list[FloatArray]:
    """Where in a cell the detail lies, how much of it a second blur takes, how much is colour, what is impulses."""
    quarters = _shrunk(residual, STRIDE_PX // 2)
    quietest = np.minimum(np.minimum(quarters[::2, ::2], quarters[1::2, ::2]), quarters[::2, 1::2])
    quietest = np.minimum(quietest, quarters[1::2, 1::2])
    lost = cv2.absdiff(luma, cv2.blur(luma, (5, 5), borderType=cv2.BORDER_REFLECT_101))
    red_green = np.asarray(cv2.subtract(channels[0], channels[1], dtype=cv2.CV_32F), np.float32)
    jump = cv2.absdiff(luma, cv2.medianBlur(luma, 3))
    highest = lost.reshape(-1, STRIDE_PX, lost.shape[1]).max(axis=1)
    step = cv2.dilate(highest, np.ones((1, STRIDE_PX), np.uint8))[:, STRIDE_PX // 2 :: STRIDE_PX]
    half = np.abs(np.diff(_shrunk(red_green, 4), axis=1, append=0))
    size = luma.shape[1] // STRIDE_PX, luma.shape[0] // STRIDE_PX
    return [
        _log(quietest),
        _log(step),
        _log(_cells(lost)),
        _log(_cells(_second_difference(red_green))),
        _log(cv2.resize(half, size, interpolation=cv2.INTER_AREA)),
        10 * _share(jump > _IMPULSE_STEP),
        _log(_cells(jump)),
    ]


def _blocks(steps_x: FloatArray, steps_y: FloatArray) -> list[FloatArray]:
    """Equal neighbours, wholly equal columns and rows, and for each phase of the 8-pixel grid the excess of steps."""
    height, width = steps_x.shape[0] // STRIDE_PX, steps_x.shape[1] // STRIDE_PX
    equal = [_share(steps < 0.5) for steps in (steps_x, steps_y)]
    capped_x, capped_y = (np.minimum(steps, _LARGEST_STEP) for steps in (steps_x, steps_y))
    by_row = cv2.resize(capped_y, (width, height * STRIDE_PX), interpolation=cv2.INTER_AREA)
    columns = np.ascontiguousarray(np.moveaxis(_sums_of_rows(capped_x).reshape(height, width, STRIDE_PX), 2, 0))
    columns /= STRIDE_PX
    rows = np.ascontiguousarray(np.moveaxis(by_row.reshape(height, STRIDE_PX, width), 1, 0))
    still = [(phases < 0.1).sum(axis=0, dtype=np.float32) / STRIDE_PX for phases in (columns, rows)]
    return [*equal, *still, *_excess(columns), *_excess(rows)]


def _excess(phases: npt.NDArray[np.number]) -> list[FloatArray]:
    """How far the steps of each phase [8, h, w] exceed their mean, relative to it."""
    mean = phases.mean(axis=0, keepdims=True)
    return list(np.asarray(np.clip((phases - mean) / (mean + 1), -1, 4), np.float32))


def _second_difference(plane: FloatArray) -> FloatArray:
    detail = cv2.filter2D(plane, -1, _SECOND_DIFFERENCE, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(np.abs(detail, out=detail), np.float32)


def _steps(plane: FloatArray) -> tuple[Steps, Steps]:
    """Absolute steps across columns and rows: from the pixel before, the first one twice; to the next, at last none."""
    height, width = plane.shape
    across, down = np.empty((height, width + 1), np.float32), np.empty((height + 1, width), np.float32)
    cv2.absdiff(plane[:, 1:], plane[:, :-1], dst=across[:, 1:-1])
    cv2.absdiff(plane[1:], plane[:-1], dst=down[1:-1])
    across[:, 0], down[0] = across[:, 1], down[1]
    across[:, -1], down[-1] = 0, 0
    return (across[:, :-1], down[:-1]), (across[:, 1:], down[1:])


def _share(there: npt.NDArray[np.bool_]) -> FloatArray:
    return _cells(there.view(np.uint8))


def _cells(plane: AnyArray) -> FloatArray:
    """Means of the cells; first along the columns, where numpy adds many pixels at once."""
    sums = _sums_of_rows(plane)
    size = sums.shape[1] // STRIDE_PX, sums.shape[0]
    return np.asarray(cv2.resize(sums, size, interpolation=cv2.INTER_AREA) / STRIDE_PX, np.float32)


def _sums_of_rows(plane: AnyArray) -> FloatArray:
    rows = plane.reshape(plane.shape[0] // STRIDE_PX, STRIDE_PX, plane.shape[1])
    return np.asarray(rows.sum(axis=1, dtype=np.uint16 if plane.dtype == np.uint8 else np.float32), np.float32)


def _shrunk(plane: AnyArray, times: int) -> FloatArray:
    size = plane.shape[1] // times, plane.shape[0] // times
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _log(plane: npt.NDArray[np.number]) -> FloatArray:
    """Logarithm to the base 2 of grey levels, moved so that ordinary detail lies around zero."""
    return np.asarray(np.log2(np.maximum(plane, _LEAST)) / 2, np.float32)

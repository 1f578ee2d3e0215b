"""What the recogniser sees: maps of local statistics, one cell per 8x8 pixels, the same in training and in use.

A distortion leaves its mark in the finest detail (noise, block borders, lost high frequencies, equal neighbours) or in
tone and colour; the maps hold both, so that a small network needs not learn them from the few photographs there are.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from stages.measure.grid import FloatArray, PixelArray, luma_of

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
    half = _shrunk(rgb.astype(np.float32), SEAM_STRIDE_PX)
    return np.ascontiguousarray(np.moveaxis(np.log2(half + 8) / 2 - 2.5, 2, 0), np.float32)


def feature_maps(rgb: PixelArray) -> FloatArray:
    """Maps [len(NAMES), height / 8, width / 8], about -3 to 3, of uint8 RGB whose sides are multiples of 8."""
    luma = luma_of(rgb)
    channels = cv2.split(rgb)
    red_green = np.asarray(cv2.subtract(channels[0], channels[1], dtype=cv2.CV_32F), np.float32)
    residual = _absolute(cv2.filter2D(luma, -1, _SECOND_DIFFERENCE, borderType=cv2.BORDER_REFLECT_101))
    maps = [*_tone(rgb, luma, red_green), *_spectrum(luma, residual)]
    return np.stack([*maps, *_detail(luma, residual, red_green), *_blocks(luma)]).astype(np.float32)


def _tone(rgb: PixelArray, luma: FloatArray, red_green: FloatArray) -> list[FloatArray]:
    mean = _cells(luma)
    spread = np.sqrt(np.maximum(_cells(cv2.multiply(luma, luma)) - mean * mean, 0))
    channels = cv2.split(rgb)
    most = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    least = cv2.min(cv2.min(channels[0], channels[1]), channels[2])
    means = [_cells(channel.astype(np.float32)) for channel in channels]
    light = [plane / 64 - 2 for plane in (mean, _cells(most.astype(np.float32)), _cells(least.astype(np.float32)))]
    colour = [_cells(red_green) / 32, ((means[0] + means[1]) / 2 - means[2]) / 32]
    shares = [_share(least >= 253), _share(most <= 2), _share(least >= 235), _share(most <= 20)]
    return [np.asarray(plane, np.float32) for plane in (light[0], _log(spread), *colour, *light[1:], *shares)]


def _spectrum(luma: FloatArray, residual: FloatArray) -> list[FloatArray]:
    """Fine detail and steps at full, half, quarter and eighth size: how fast they fall tells blur from noise."""
    size = luma.shape[1] // STRIDE_PX, luma.shape[0] // STRIDE_PX
    levels = []
    for level in range(_LEVELS):
        plane = _shrunk(luma, 2**level)
        detail = cv2.filter2D(plane, -1, _SECOND_DIFFERENCE, borderType=cv2.BORDER_REFLECT_101) if level else residual
        planes = (_absolute(detail), *_steps_from_before(plane))
        levels.append([_log(cv2.resize(each, size, interpolation=cv2.INTER_AREA)) for each in planes])
    return [level[kind] for kind in range(3) for level in levels]


def _detail(luma: FloatArray, residual: FloatArray, red_green: FloatArray) -> list[FloatArray]:
    """Where in a cell the detail lies, how much of it a second blur takes, how much is colour, what is impulses."""
    quarters = _shrunk(residual, STRIDE_PX // 2)
    quietest = np.minimum(np.minimum(quarters[::2, ::2], quarters[1::2, ::2]), quarters[::2, 1::2])
    quietest = np.minimum(quietest, quarters[1::2, 1::2])
    lost = cv2.absdiff(luma, cv2.blur(luma, (5, 5), borderType=cv2.BORDER_REFLECT_101))
    coloured = cv2.filter2D(red_green, -1, _SECOND_DIFFERENCE, borderType=cv2.BORDER_REFLECT_101)
    jump = cv2.absdiff(luma, cv2.medianBlur(luma, 3))
    step = cv2.dilate(lost, np.ones((STRIDE_PX, STRIDE_PX), np.uint8))[STRIDE_PX // 2 :: STRIDE_PX, 4::STRIDE_PX]
    half = np.abs(np.diff(_shrunk(red_green, 4), axis=1, append=0))
    size = luma.shape[1] // STRIDE_PX, luma.shape[0] // STRIDE_PX
    return [
        _log(quietest),
        _log(step),
        _log(_cells(lost)),
        _log(_cells(_absolute(coloured))),
        _log(cv2.resize(half, size, interpolation=cv2.INTER_AREA)),
        10 * _share(jump > _IMPULSE_STEP),
        _log(_cells(jump)),
    ]


def _blocks(luma: FloatArray) -> list[FloatArray]:
    """Equal neighbours, wholly equal columns and rows, and for each phase of the 8-pixel grid the excess of steps."""
    steps_x, steps_y = np.zeros_like(luma), np.zeros_like(luma)
    cv2.absdiff(luma[:, 1:], luma[:, :-1], dst=steps_x[:, :-1])
    cv2.absdiff(luma[1:], luma[:-1], dst=steps_y[:-1])
    height, width = steps_x.shape[0] // STRIDE_PX, steps_x.shape[1] // STRIDE_PX
    equal = [_share(steps < 0.5) for steps in (steps_x, steps_y)]
    capped_x, capped_y = (np.minimum(steps, _LARGEST_STEP) for steps in (steps_x, steps_y))
    by_column = cv2.resize(capped_x, (width * STRIDE_PX, height), interpolation=cv2.INTER_AREA)
    by_row = cv2.resize(capped_y, (width, height * STRIDE_PX), interpolation=cv2.INTER_AREA)
    columns = np.moveaxis(by_column.reshape(height, width, STRIDE_PX), 2, 0)
    rows = np.moveaxis(by_row.reshape(height, STRIDE_PX, width), 1, 0)
    still = [np.asarray((phases < 0.1).mean(axis=0), np.float32) for phases in (columns, rows)]
    return [*equal, *still, *_excess(columns), *_excess(rows)]


def _excess(phases: npt.NDArray[np.number]) -> list[FloatArray]:
    """How far the steps of each phase [8, h, w] exceed their mean, relative to it."""
    mean = phases.mean(axis=0, keepdims=True)
    return list(np.asarray(np.clip((phases - mean) / (mean + 1), -1, 4), np.float32))


def _steps_from_before(plane: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Absolute steps from the pixel to the left and from the one above; those at the border count twice."""
    across, down = np.empty_like(plane), np.empty_like(plane)
    cv2.absdiff(plane[:, 1:], plane[:, :-1], dst=across[:, 1:])
    cv2.absdiff(plane[1:], plane[:-1], dst=down[1:])
    across[:, 0], down[0] = across[:, 1], down[1]
    return across, down


def _absolute(plane: npt.NDArray[np.number]) -> FloatArray:
    return np.asarray(np.abs(plane, out=plane), np.float32)


def _share(there: npt.NDArray[np.bool_]) -> FloatArray:
    return _cells(there.view(np.uint8).astype(np.float32))


def _cells(plane: AnyArray) -> FloatArray:
    return _shrunk(plane, STRIDE_PX)


def _shrunk(plane: AnyArray, times: int) -> FloatArray:
    if times == 1:
        return np.asarray(plane, np.float32)
    size = plane.shape[1] // times, plane.shape[0] // times
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _log(plane: npt.NDArray[np.number]) -> FloatArray:
    """Logarithm to the base 2 of grey levels, moved so that ordinary detail lies around zero."""
    return np.asarray(np.log2(np.maximum(plane, _LEAST)) / 2, np.float32)

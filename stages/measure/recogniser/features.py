"""What the recogniser sees: maps of local statistics, one cell per 8x8 pixels, the same in training and in use.

A distortion leaves its mark in the finest detail (noise, block borders, lost high frequencies, equal neighbours) or in
tone and colour; the maps hold both, so that a small network needs not learn them from the few photographs there are.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from stages.measure.grid import FloatArray, PixelArray, luma_of

STRIDE_PX = 8
"""Side of a cell; the grid of JPEG, so that a cell's eight columns are the eight phases of that grid."""
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


def feature_maps(rgb: PixelArray) -> FloatArray:
    """Maps [len(NAMES), height / 8, width / 8], about -3 to 3, of uint8 RGB whose sides are multiples of 8."""
    luma = luma_of(rgb)
    red, green, blue = (np.asarray(plane, np.float32) for plane in cv2.split(rgb))
    red_green = red - green
    yellow_blue = np.asarray((red + green) / 2 - blue, np.float32)
    maps = [*_tone(rgb, luma, red_green, yellow_blue), *_spectrum(luma), *_detail(luma, red_green)]
    return np.stack([*maps, *_blocks(luma)]).astype(np.float32)


def _tone(rgb: PixelArray, luma: FloatArray, red_green: FloatArray, yellow_blue: FloatArray) -> list[FloatArray]:
    mean = _cells(luma)
    spread = np.sqrt(np.maximum(_cells(luma * luma) - mean * mean, 0))
    channels = cv2.split(rgb)
    most = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    least = cv2.min(cv2.min(channels[0], channels[1]), channels[2])
    shares = [
        _cells((least >= 253).astype(np.float32)),
        _cells((most <= 2).astype(np.float32)),
        _cells((least >= 235).astype(np.float32)),
        _cells((most <= 20).astype(np.float32)),
    ]
    light = [plane / 64 - 2 for plane in (mean, _cells(most.astype(np.float32)), _cells(least.astype(np.float32)))]
    colour = [_cells(red_green) / 32, _cells(yellow_blue) / 32]
    maps = [light[0], _log(spread), *colour, *light[1:], *shares]
    return [np.asarray(plane, np.float32) for plane in maps]


def _spectrum(luma: FloatArray) -> list[FloatArray]:
    """Fine detail and steps at full, half, quarter and eighth size: how fast they fall tells blur from noise."""
    detail: list[FloatArray] = []
    steps_x: list[FloatArray] = []
    steps_y: list[FloatArray] = []
    size = luma.shape[1] // STRIDE_PX, luma.shape[0] // STRIDE_PX
    for level in range(_LEVELS):
        plane = luma if level == 0 else _shrunk(luma, 2**level)
        for maps, kernel in (
            (detail, _SECOND_DIFFERENCE),
            (steps_x, np.array([[-1, 1, 0]], np.float32)),
            (steps_y, np.array([[-1], [1], [0]], np.float32)),
        ):
            filtered = np.abs(cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_REFLECT_101))
            maps.append(_log(cv2.resize(filtered, size, interpolation=cv2.INTER_AREA)))
    return [*detail, *steps_x, *steps_y]


def _detail(luma: FloatArray, red_green: FloatArray) -> list[FloatArray]:
    """Where in a cell the detail lies, how much of it a second blur takes, how much is colour, what is impulses."""
    residual = np.abs(cv2.filter2D(luma, -1, _SECOND_DIFFERENCE, borderType=cv2.BORDER_REFLECT_101))
    quarters = _shrunk(residual, STRIDE_PX // 2)
    quietest = np.minimum(np.minimum(quarters[::2, ::2], quarters[1::2, ::2]), quarters[::2, 1::2])
    quietest = np.minimum(quietest, quarters[1::2, 1::2])
    softened = cv2.blur(luma, (5, 5), borderType=cv2.BORDER_REFLECT_101)
    lost = np.abs(luma - softened)
    coloured = np.abs(cv2.filter2D(red_green, -1, _SECOND_DIFFERENCE, borderType=cv2.BORDER_REFLECT_101))
    jump = np.abs(luma - cv2.medianBlur(luma, 3))
    step = cv2.dilate(lost, np.ones((STRIDE_PX, STRIDE_PX), np.uint8))[STRIDE_PX // 2 :: STRIDE_PX, 4::STRIDE_PX]
    half = np.abs(np.diff(_shrunk(red_green, 4), axis=1, append=0))
    size = luma.shape[1] // STRIDE_PX, luma.shape[0] // STRIDE_PX
    return [
        _log(quietest),
        _log(step),
        _log(_cells(lost)),
        _log(_cells(coloured)),
        _log(cv2.resize(half, size, interpolation=cv2.INTER_AREA)),
        10 * _cells((jump > _IMPULSE_STEP).astype(np.float32)),
        _log(_cells(jump)),
    ]


def _blocks(luma: FloatArray) -> list[FloatArray]:
    """Equal neighbours, wholly equal columns and rows, and for each phase of the 8-pixel grid the excess of steps."""
    steps_x = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    steps_y = np.abs(np.diff(luma, axis=0, append=luma[-1:]))
    phases_x, columns = _phases(steps_x)
    phases_y, rows = _phases(np.ascontiguousarray(steps_y.T))
    equal = [_cells((steps < 0.5).astype(np.float32)) for steps in (steps_x, steps_y)]
    return [*equal, columns, rows.T, *phases_x, *(plane.T for plane in phases_y)]


def _phases(steps: FloatArray) -> tuple[list[FloatArray], FloatArray]:
    """Eight maps of relative excess by column of the cell, and the share of columns without a step."""
    height, width = steps.shape
    capped = np.minimum(steps, _LARGEST_STEP)
    by_column = cv2.resize(capped, (width, height // STRIDE_PX), interpolation=cv2.INTER_AREA)
    phases = by_column.reshape(height // STRIDE_PX, width // STRIDE_PX, STRIDE_PX)
    mean = phases.mean(axis=2, keepdims=True)
    excess = np.clip((phases - mean) / (mean + 1), -1, 4)
    return list(np.moveaxis(excess, 2, 0)), np.asarray((phases < 0.1).mean(axis=2), np.float32)


def _cells(plane: FloatArray) -> FloatArray:
    return _shrunk(plane, STRIDE_PX)


def _shrunk(plane: FloatArray, times: int) -> FloatArray:
    size = plane.shape[1] // times, plane.shape[0] // times
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _log(plane: npt.NDArray[np.number]) -> FloatArray:
    """Logarithm to the base 2 of grey levels, moved so that ordinary detail lies around zero."""
    return np.asarray(np.log2(np.maximum(plane, _LEAST)) / 2, np.float32)

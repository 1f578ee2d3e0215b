"""The 20x20 grid and the pixels behind its cells.

Two views of an image are measured. The *working view* has at most one megapixel, as a person sees the whole picture on
a screen. The *native windows* are one window per cell at the file's own resolution, because resizing destroys noise
and block grids; they are cut short for large images, so the cost of a stage has an upper bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

GRID = 20
"""Cells along each side of the GIQA grid (Grounding-IQA, arXiv 2411.17237, section 3.2, stage 4)."""

FloatArray = npt.NDArray[np.float32]
PixelArray = npt.NDArray[np.uint8]

LUMA = np.array([[0.299, 0.587, 0.114]], dtype=np.float32)
"""Weights of ITU-R BT.601, the ones of JPEG."""

_BAND_ROWS = 32


@dataclass(frozen=True)
class Windows:
    """One native window per cell: `rgb` is uint8 [20 * side_y, 20 * side_x, 3], window (r, c) at its place.

    `left_px[c]` and `top_px[r]` are the windows' near corners in the upright image.
    """

    rgb: PixelArray
    side_y: int
    side_x: int
    top_px: npt.NDArray[np.int64]
    left_px: npt.NDArray[np.int64]

    def split(self, plane: FloatArray) -> FloatArray:
        """A plane of `rgb`'s height and width as [20, side_y, 20, side_x] (no copy)."""
        return plane.reshape(GRID, self.side_y, GRID, self.side_x)


def working_view(rgb: PixelArray, max_pixels: int) -> PixelArray:
    """The image, shrunk by area averaging to at most `max_pixels` if it is larger."""
    height, width = rgb.shape[:2]
    scale = (max_pixels / (height * width)) ** 0.5
    if scale >= 1:
        return rgb
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def native_windows(rgb: PixelArray, max_side: int) -> Windows:
    """Windows of at most `max_side` pixels a side in the middle of each cell; the image has at least 20x20 pixels."""
    height, width = rgb.shape[:2]
    side_y, side_x = min(height // GRID, max_side), min(width // GRID, max_side)
    top, left = _near_corners(height, side_y), _near_corners(width, side_x)
    rows = np.concatenate([rgb[start : start + side_y] for start in top])
    windows = np.concatenate([rows[:, start : start + side_x] for start in left], axis=1)
    return Windows(windows, side_y, side_x, top, left)


def _near_corners(length: int, side: int) -> npt.NDArray[np.int64]:
    edges = cell_edges(length)
    return np.asarray(edges[:-1] + (np.diff(edges) - side) // 2, np.int64)


def cell_edges(length: int) -> npt.NDArray[np.int64]:
    """The 21 edges of the cells along a side of `length` pixels, rounded down to pixels."""
    return np.arange(GRID + 1, dtype=np.int64) * length // GRID


def cell_means(plane: npt.NDArray[np.generic]) -> FloatArray:
    """Mean of a plane over each cell, [20, 20], pixels on an edge shared by area."""
    height, width = plane.shape
    sums = _cell_sums(_cell_sums(plane).T).T
    return np.asarray(sums * (GRID * GRID / (height * width)), np.float32)


def _cell_sums(plane: npt.NDArray[np.generic]) -> FloatArray:
    """Sums of the rows of each of 20 cells, [20, width]; numpy adds whole rows, which is fast."""
    if plane.dtype == np.bool_:
        plane = plane.view(np.uint8)
    edges = np.arange(GRID + 1) * len(plane) / GRID
    first = edges.astype(int)
    kind = np.uint16 if plane.dtype == np.uint8 else np.float32
    sums = np.stack([plane[top:bottom].sum(axis=0, dtype=kind) for top, bottom in pairwise(first.tolist())])
    shared = (edges - first)[1:-1, None] * plane[first[1:-1]]
    sums = sums.astype(np.float32)
    sums[:-1] += shared
    sums[1:] -= shared
    return sums


def pooled(sums: FloatArray, radius: int) -> FloatArray:
    """Each cell's sum over the cells at most `radius` away (nothing beyond the border is counted)."""
    if radius == 0:
        return sums
    side = 2 * radius + 1
    border = cv2.BORDER_CONSTANT
    return np.asarray(cv2.boxFilter(sums, -1, (side, side), normalize=False, borderType=border), np.float32)


def medians(values: FloatArray) -> FloatArray:
    """Medians along the last axis, those of `np.median`, by one partition; there must be a value and no NaN."""
    half = values.shape[-1] // 2
    parted = np.partition(values, half, axis=-1)
    upper = parted[..., half]
    return upper if values.shape[-1] % 2 else np.asarray((parted[..., :half].max(axis=-1) + upper) / 2, np.float32)


def luma_of(rgb: PixelArray) -> FloatArray:
    """Luma in grey levels 0-255, float32; taken in bands, whose colours as real numbers stay in the cache."""
    luma = np.empty(rgb.shape[:2], np.float32)
    for top in range(0, len(rgb), _BAND_ROWS):
        rows = slice(top, top + _BAND_ROWS)
        cv2.transform(rgb[rows].astype(np.float32), LUMA, dst=luma[rows])
    return luma

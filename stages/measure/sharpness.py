"""Sharpness of each cell by re-blurring: an edge that a blur hardly changes was blurred before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from stages.measure.grid import FloatArray, cell_means, pooled

_TAPS = 9
"""Length of the re-blurring filter in pixels, as in the paper."""
_NOISE_FLOOR = 1.5
"""Steps below this many grey levels are rounding and compression, not edges."""
_SECOND_AXIS = 0.35
"""An axis with less than this share of the other's edge energy does not decide (blinds have edges in one axis only)."""


@dataclass(frozen=True)
class Sharpness:
    """Means per cell, of which any cell, alone or with its neighbours, gives its sharpness.

    `edges` [2, 20, 20]: mean step between neighbouring pixels, across columns and across rows, in grey levels.
    `lost` [2, 20, 20]: what re-blurring took from it. `detail` and `coarse_detail` [20, 20]: mean band-passed contrast
    in grey levels, at scales of a few and of about ten pixels.
    """

    edges: FloatArray
    lost: FloatArray
    detail: FloatArray
    coarse_detail: FloatArray

    def of_cells(self, radius: int) -> FloatArray:
        """Sharpness 0-1 of each cell pooled with its neighbours; meaningless where `detail` is low."""
        edges = np.stack([pooled(plane, radius) for plane in self.edges])
        lost = np.stack([pooled(plane, radius) for plane in self.lost])
        return _sharpness(edges, lost)

    def of_weaker_axis(self, cells: npt.NDArray[np.bool_], most_energy: float) -> float:
        """Sharpness of the cells together along the axis with fewer edges; 1 unless it has clearly fewer.

        `most_energy` is the share of the other axis's edges that it may have.
        """
        edges, lost = self.edges[:, cells].sum(axis=1), self.lost[:, cells].sum(axis=1)
        weaker = int(np.argmin(edges))
        if edges[weaker] >= most_energy * edges[1 - weaker]:
            return 1.0
        return float(lost[weaker] / max(float(edges[weaker]), 1e-6))


def measure_sharpness(luma: FloatArray) -> Sharpness:
    """Measure the working view.

    1 minus the blur metric of Crete, Dolmiere, Ladret and Nicolas, "The blur effect: perception and estimation with a
    new no-reference perceptual blur metric", SPIE 6492 (2007), the metric of `skimage.measure.blur_effect`, kept here
    as sums per cell. The details are mean absolute differences of two Gaussians (sigma 1.5 and 6 px, 6 and 16 px):
    a blur leaves them standing for long, a flat or evenly shaded surface has none.
    """
    edges, lost = [], []
    for taps, axis in (((_TAPS, 1), 1), ((1, _TAPS), 0)):
        before = _steps(luma, axis)
        before -= _NOISE_FLOOR
        np.maximum(before, 0, out=before)
        edges.append(cell_means(before))
        before -= _steps(cv2.blur(luma, taps, borderType=cv2.BORDER_REFLECT), axis)
        lost.append(cell_means(np.maximum(before, 0, out=before)))
    quarter = cv2.resize(luma, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(quarter, (0, 0), 1.5)
    coarse = np.abs(smooth - cv2.GaussianBlur(quarter, (0, 0), 4))
    wide = cv2.resize(smooth, luma.shape[::-1], interpolation=cv2.INTER_LINEAR)
    detail = cv2.absdiff(cv2.GaussianBlur(luma, (0, 0), 1.5), wide)
    return Sharpness(np.stack(edges), np.stack(lost), cell_means(detail), cell_means(coarse))


def _steps(plane: npt.NDArray[np.integer[Any] | np.floating[Any]], axis: int) -> FloatArray:
    """Absolute steps between neighbouring pixels along an axis."""
    first, second = (plane[:, :-1], plane[:, 1:]) if axis else (plane[:-1], plane[1:])
    return np.asarray(cv2.absdiff(first, second), np.float32)


def _sharpness(edges: FloatArray, lost: FloatArray) -> FloatArray:
    """The less sharp of the two axes; an axis with next to no edges does not count."""
    ratio = lost / np.maximum(edges, 1e-6)
    strongest = edges.max(axis=0)
    counts = edges >= _SECOND_AXIS * strongest
    return np.asarray(np.where(counts, ratio, 1.0).min(axis=0), np.float32)

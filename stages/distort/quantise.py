"""Too few colours, chosen in three ways. uint8 RGB [height, width, 3] in and out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from stages.distort.pixels import Pixels, to_bytes

Histogram = npt.NDArray[np.int64]


def otsu(rgb: Pixels, rng: np.random.Generator, *, levels: int) -> Pixels:
    """Each channel at `levels` levels with the least variance inside them (Otsu's criterion for many classes)."""
    return _each_channel(rgb, lambda counts: _least_variance_edges(counts, levels))


def median_cut(rgb: Pixels, rng: np.random.Generator, *, colours: int) -> Pixels:
    """A palette of `colours` colours by median cut, undithered."""
    palette = Image.fromarray(rgb).quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return np.asarray(palette.convert("RGB"))


def histogram(rgb: Pixels, rng: np.random.Generator, *, levels: int) -> Pixels:
    """Each channel at `levels` levels that hold equally many pixels (as even a histogram as they allow)."""
    return _each_channel(rgb, lambda counts: _equal_count_edges(counts, levels))


def _each_channel(rgb: Pixels, edges_of: Callable[[Histogram], list[int]]) -> Pixels:
    result = np.empty_like(rgb)
    for channel in range(3):
        counts = np.bincount(rgb[..., channel].ravel(), minlength=256)
        result[..., channel] = _means_between(counts, edges_of(counts))[rgb[..., channel]]
    return result


def _means_between(counts: Histogram, edges: list[int]) -> npt.NDArray[np.uint8]:
    """A table of 256 levels: each becomes the mean of the pixels between the edges around it."""
    means = np.zeros(256)
    for start, end in pairwise([0, *edges, 256]):
        if counts[start:end].any():
            means[start:end] = np.average(np.arange(start, end), weights=counts[start:end])
    return to_bytes(means)


def _equal_count_edges(counts: Histogram, levels: int) -> list[int]:
    below = np.cumsum(counts)
    wanted = below[-1] * np.arange(1, levels) / levels
    return sorted({int(edge) + 1 for edge in np.searchsorted(below, wanted)})


def _least_variance_edges(counts: Histogram, levels: int) -> list[int]:
    """Edges between at most `levels` classes with the least sum of squares about their means, found exactly.

    Dynamic programming: the best split of the values below b into k classes is, over all a, the best split of those
    below a into k - 1 classes and one class [a, b).
    """
    values = np.flatnonzero(counts)
    weights = counts[values].astype(np.float64)
    mass = np.concatenate([[0.0], np.cumsum(weights)])
    first = np.concatenate([[0.0], np.cumsum(weights * values)])
    second = np.concatenate([[0.0], np.cumsum(weights * values**2)])
    inside = mass[None, :] - mass[:, None]
    squares = (
        second[None, :] - second[:, None] - (first[None, :] - first[:, None]) ** 2 / np.where(inside > 0, inside, 1)
    )
    cost = np.where(inside > 0, squares, np.inf)
    best, cuts = cost[0], []
    for _ in range(min(levels, len(values)) - 1):
        through = best[:, None] + cost
        cuts.append(through.argmin(axis=0))
        best = through.min(axis=0)
    edges, end = [], len(values)
    for cut in reversed(cuts):
        end = int(cut[end])
        edges.append(int(values[end]))
    return edges[::-1]

"""Training samples: views of good photographs in which `stages.distort` plants, as feature maps with exact labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from manifests.masks import BoolArray, decode_mask
from manifests.records import Region
from manifests.vocabulary import FAMILIES, Family
from stages.measure.grid import PixelArray, working_view
from stages.measure.recogniser.features import (
    PADDED_TO_PX,
    SEAM_STRIDE_PX,
    STRIDE_PX,
    feature_maps,
    padded,
    seam_planes,
)

LABEL_STRIDE_PX = 16
"""Side of a cell of the labels and of what the network answers."""
WINDOW_CELLS = 64
"""Side of a sample in cells of the feature maps: 512 pixels, the shortest side of a view."""
SHORTER_SIDES_PX = (512, 896)
"""Range from which the shorter side of a view is drawn, evenly on a logarithmic scale."""

_LARGEST_ENLARGEMENT = 1.3
_DECOYS = 0.18
"""Share of views into which a part of another photograph is pasted: a closed border that is no distortion."""
_RECOMPRESSED = 0.35
"""Share of views that went through a JPEG file of good quality, as nearly all photographs have."""
_USUAL_PIXELS = 1_000_000
_CROPPED = 0.65
"""Share of whole views that are cropped."""
_SURE = 0.5
"""Share of a label's cell that must be inside a planted mask; cells with less, but some, are not scored."""
_TOUCHED = 0.08

_FAINT: tuple[Family, ...] = (
    *("brighten", "darken", "contrast-weaken", "contrast-strengthen", "saturation-weaken", "saturation-strengthen"),
)
PLANTED: tuple[Family, ...] = (*FAMILIES, *_FAINT)
"""Families that are planted to teach the network: those that leave no mark inside a cell twice as often."""


@dataclass(frozen=True)
class Sample:
    """A window of a view.

    Features are float16 [maps, h, w], seam planes float16 [3, 4h, 4w], severities uint8 [families, h / 2, w / 2];
    `counts` tells which of the cells of the severities count.
    """

    features: npt.NDArray[np.float16]
    seams: npt.NDArray[np.float16]
    severities: npt.NDArray[np.uint8]
    counts: BoolArray


def read_photo(path: Path) -> PixelArray:
    """The photograph as uint8 RGB [height, width, 3]. Raises ValueError for a file that does not decode."""
    content = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if content is None:
        raise ValueError(f"{path}: not a photograph that can be decoded; take it out of --images")
    return np.asarray(cv2.cvtColor(content, cv2.COLOR_BGR2RGB), np.uint8)


def random_view(rgb: PixelArray, rng: np.random.Generator, others: Sequence[Path] = ()) -> PixelArray:
    """A crop of the photograph at another size, light and colour: still a good photograph, but another one."""
    view = _resized(_cropped(rgb, rng), rng)
    if rng.random() < 0.5:
        view = np.ascontiguousarray(view[:, ::-1])
    view = _toned(view, rng)
    if others and rng.random() < _DECOYS:
        view = _with_decoy(view, read_photo(others[int(rng.integers(len(others)))]), rng)
    if rng.random() < _RECOMPRESSED:
        quality = int(rng.integers(75, 97))
        _, encoded = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, quality])
        view = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return view


def whole_view(rgb: PixelArray, rng: np.random.Generator) -> PixelArray:
    """The photograph as most users have it: at most a megapixel, whole or two thirds of the times a crop of most."""
    view = working_view(rgb, _USUAL_PIXELS)
    if rng.random() < _CROPPED:
        height, width = (int(side * rng.uniform(0.7, 0.97)) for side in view.shape[:2])
        top, left = int(rng.integers(view.shape[0] - height + 1)), int(rng.integers(view.shape[1] - width + 1))
        view = view[top : top + height, left : left + width]
    return np.ascontiguousarray(view)


def companions(paths: Sequence[Path], folds: Sequence[int], photo: int) -> list[Path]:
    """The photographs of a photograph's fold, itself among them: those of which a part may be pasted into it.

    So a network that is taught without a fold has seen nothing of its photographs.
    """
    return [path for path, fold in zip(paths, folds, strict=True) if fold == folds[photo]]


def make_sample(
    paths: Sequence[Path], folds: Sequence[int], seed: int, index: int, *, untouched: float = 0.25
) -> Sample:
    """The sample with this number, of the photograph `index % len(paths)`.

    `folds` is the fold of each photograph. The same arguments give the same sample.
    """
    from stages.distort.planting import DistortConfig, plant_pixels

    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, index])
    photo = index % len(paths)
    view = random_view(read_photo(paths[photo]), rng, companions(paths, folds, photo))
    config = DistortConfig(untouched=untouched, whole_image=0.04, pairs=0.1, families=PLANTED)
    rgb, regions = plant_pixels(view, random_boxes(view, rng), rng, config)
    planted = [(decode_mask(region.mask), region.distortions) for region in regions]
    severities, counts = _labels(
        [(inside, FAMILIES.index(each.family), each.severity) for inside, all_of in planted for each in all_of],
        view.shape[0],
        view.shape[1],
    )
    return _window(padded(rgb), severities, counts, rng)


def _window(rgb: PixelArray, severities: npt.NDArray[np.uint8], counts: BoolArray, rng: np.random.Generator) -> Sample:
    """A random window of a view, on whole cells of the labels; the maps are those of the whole view."""
    side, labels, scale = WINDOW_CELLS, WINDOW_CELLS // 2, STRIDE_PX // SEAM_STRIDE_PX
    top, left = (int(rng.integers(length - labels + 1)) for length in severities.shape[1:])
    cells = slice(2 * top, 2 * top + side), slice(2 * left, 2 * left + side)
    fine = tuple(slice(part.start * scale, part.stop * scale) for part in cells)
    return Sample(
        feature_maps(rgb)[:, *cells].astype(np.float16),
        seam_planes(rgb)[:, *fine].astype(np.float16),
        severities[:, top : top + labels, left : left + labels],
        counts[top : top + labels, left : left + labels],
    )


def random_boxes(rgb: PixelArray, rng: np.random.Generator) -> list[Region]:
    """Boxes as a detector would give them: planting takes masks of objects and of whole boxes from them."""
    height, width = rgb.shape[:2]
    regions = []
    for number in range(3):
        box_width, box_height = width * rng.uniform(0.15, 0.6), height * rng.uniform(0.15, 0.6)
        left, top = rng.uniform(0, width - box_width), rng.uniform(0, height - box_height)
        box = (float(left), float(top), float(left + box_width), float(top + box_height))
        regions.append(
            Region(region_id=number + 1, label="object", phrase="object", box_xyxy_px=box, source="detector")
        )
    return regions


def _labels(
    planted: Sequence[tuple[BoolArray, int, int]], height: int, width: int
) -> tuple[npt.NDArray[np.uint8], BoolArray]:
    bottom, right = -height % PADDED_TO_PX, -width % PADDED_TO_PX
    size = (width + right) // LABEL_STRIDE_PX, (height + bottom) // LABEL_STRIDE_PX
    severities = np.zeros((len(FAMILIES), size[1], size[0]), np.uint8)
    counts = np.ones((size[1], size[0]), np.bool_)
    for inside, family, severity in planted:
        border = cv2.BORDER_REFLECT_101
        whole = cv2.copyMakeBorder(inside.astype(np.float32), 0, bottom, 0, right, border)
        share = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
        severities[family][share >= _SURE] = severity
        counts &= (share >= _SURE) | (share <= _TOUCHED)
    return severities, counts


def _cropped(rgb: PixelArray, rng: np.random.Generator) -> PixelArray:
    height, width = rgb.shape[:2]
    share = rng.uniform(0.55, 1.0)
    crop_height, crop_width = int(height * share), int(width * min(1.0, share * rng.uniform(0.85, 1.15)))
    top, left = int(rng.integers(height - crop_height + 1)), int(rng.integers(width - crop_width + 1))
    return rgb[top : top + crop_height, left : left + crop_width]


def _resized(rgb: PixelArray, rng: np.random.Generator) -> PixelArray:
    least, most = SHORTER_SIDES_PX
    shorter = min(rgb.shape[:2])
    wanted = float(np.exp(rng.uniform(np.log(least), np.log(most))))
    times = min(wanted / shorter, _LARGEST_ENLARGEMENT if shorter < least else 1.0)
    times = max(times, least / shorter)
    size = max(least, round(rgb.shape[1] * times)), max(least, round(rgb.shape[0] * times))
    how = cv2.INTER_AREA if times < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=how), np.uint8)


def _toned(rgb: PixelArray, rng: np.random.Generator) -> PixelArray:
    """Another exposure, contrast, white balance and saturation, as far as a good photograph may have them."""
    if rng.random() < 0.25:
        return rgb
    plane = (rgb.astype(np.float32) + rng.random(rgb.shape, np.float32) - 0.5) / 255
    grey = plane @ np.array([0.299, 0.587, 0.114], np.float32)
    plane = grey[..., None] + (plane - grey[..., None]) * rng.uniform(0.7, 1.25)
    plane = (plane - grey.mean()) * rng.uniform(0.85, 1.1) + grey.mean()
    plane *= 1 + rng.uniform(-0.06, 0.06, 3)
    toned = np.clip(plane, 0, 1) ** np.exp(rng.uniform(-0.25, 0.35))
    return np.asarray(np.clip(np.rint(toned * 255), 0, 255), np.uint8)


def _with_decoy(rgb: PixelArray, other: PixelArray, rng: np.random.Generator) -> PixelArray:
    """A part of another photograph, an ellipse or a rectangle, laid on this one without any change."""
    height, width = rgb.shape[:2]
    times = max(height / other.shape[0], width / other.shape[1]) * rng.uniform(0.7, 1.0)
    size = max(2, int(other.shape[1] * min(times, 1.0))), max(2, int(other.shape[0] * min(times, 1.0)))
    small = cv2.resize(other, size, interpolation=cv2.INTER_AREA)
    tall, wide = min(height, small.shape[0]), min(width, small.shape[1])
    axes = int(wide * rng.uniform(0.12, 0.3)), int(tall * rng.uniform(0.12, 0.3))
    inside = np.zeros((tall, wide), np.uint8)
    centre = int(rng.integers(axes[0], wide - axes[0])), int(rng.integers(axes[1], tall - axes[1]))
    if rng.random() < 0.5:
        cv2.ellipse(inside, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, cv2.FILLED)
    else:
        near = centre[0] - axes[0], centre[1] - axes[1]
        cv2.rectangle(inside, near, (centre[0] + axes[0], centre[1] + axes[1]), 255, cv2.FILLED)
    result = rgb.copy()
    part = result[:tall, :wide]
    part[inside > 0] = small[:tall, :wide][inside > 0]
    return result

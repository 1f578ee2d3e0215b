"""Make the benchmark's images: photos, most of them degraded in one known region, under names that tell nothing.

Families, severities, edges and photos are dealt in turns from shuffled decks, so that every family and severity comes
equally often whatever the number of images. The regions come from a segmentation of the photo or are drawn (ellipses,
polygons), never from a detector: a benchmark must not plant where the pipeline's own boxes are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from annotate.bench.planted.truth import ORIGINALS, TruthImage, write_truth
from manifests.errors import InputError
from manifests.gate import Refusal, decode_upright
from manifests.sources import Inputs, content_id, list_inputs, location_of, read_content
from manifests.vocabulary import FAMILIES, Family
from stages.distort import DistortConfig, PlantedRegion, plant_pixels
from stages.distort.masks import MaskConfig

Pixels = npt.NDArray[np.uint8]
T = TypeVar("T")

MIN_SIDE_PX = 128
"""Shortest side of a photo that is used."""
LEAST_CROP = 0.7
"""Shortest side of the crops that later uses of one photo take, as a share of the photo's."""
TRIES = 8
"""Regions that are tried on a photo before its family is given up as invisible there."""
SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class PlantOptions:
    """How many images of how many pixels; `untouched` is the share of photos in which nothing is planted."""

    count: int = 200
    seed: int = 0
    untouched: float = 0.25
    megapixels: float = 1.0
    min_area: float = 0.02
    max_area: float = 0.35


@dataclass(frozen=True)
class _Assignment:
    """What one image gets; `family` is null for an untouched photo."""

    photo: str
    family: Family | None
    severity: int
    soft: bool


def plant_images(
    source: str,
    images: Path,
    truth: Path,
    options: PlantOptions,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write `count` PNG files into `images`, and the table and the untouched photos into `truth`. Returns the table.

    Photos larger than `megapixels` are shrunk. The first use of a photo takes all of it, later ones a random crop, so
    that no two images are equal. Raises InputError when there is no photo to use.
    """
    inputs = list_inputs(source)
    random = np.random.default_rng(options.seed)
    photos = _usable(inputs, options.count, random)
    if not photos:
        raise InputError(f"--images {source}: no photo with sides of at least {MIN_SIDE_PX} px; give larger ones")
    images.mkdir(parents=True)
    (truth / ORIGINALS).mkdir(parents=True)
    used: dict[str, int] = {}
    rows: dict[str, TruthImage] = {}
    for number, assignment in enumerate(_assignments(photos, options, random)):
        rgb = _shrunk(_pixels(inputs, assignment.photo), options.megapixels)
        before = rgb if not used.get(assignment.photo) else _crop(rgb, random)
        used[assignment.photo] = used.get(assignment.photo, 0) + 1
        after, planted = _plant(before, assignment, options, random)
        content = _png(after)
        image_id = content_id(content)
        file = f"{image_id}.png"
        (images / file).write_bytes(content)
        if planted:
            (truth / ORIGINALS / file).write_bytes(_png(before))
        rows[image_id] = TruthImage(
            image_id=image_id,
            file=file,
            photo=assignment.photo,
            width=after.shape[1],
            height=after.shape[0],
            soft_edges=assignment.soft if planted else None,
            regions=[region.as_region() for region in planted],
        )
        if on_progress is not None:
            on_progress(number + 1, options.count)
    settings = {**asdict(options), "photos": len(photos), "folder": Path(inputs.root).name}
    return write_truth(truth, list(rows.values()), settings)


def _assignments(photos: Sequence[str], options: PlantOptions, random: np.random.Generator) -> list[_Assignment]:
    untouched = round(options.count * options.untouched)
    planted = options.count - untouched
    families = _dealt(FAMILIES, random)
    severities = _dealt(SEVERITIES, random)
    edges = _dealt((False, True), random)
    touched = random.permutation(np.arange(options.count) < planted).tolist()
    assignments = []
    for photo, is_touched in zip(_dealt(photos, random), touched, strict=False):
        if not is_touched:
            assignments.append(_Assignment(photo, None, 0, False))
            continue
        assignments.append(_Assignment(photo, next(families), next(severities), next(edges)))
    return assignments


def _dealt(cards: Sequence[T], random: np.random.Generator) -> Iterator[T]:
    """The cards in random order, and again, without end."""
    while True:
        for index in random.permutation(len(cards)):
            yield cards[index]


def _plant(
    rgb: Pixels, assignment: _Assignment, options: PlantOptions, random: np.random.Generator
) -> tuple[Pixels, list[PlantedRegion]]:
    """The photo with one region planted, of another family where the assigned one cannot be seen on this photo.

    A photo on which nothing can be seen (a blank page) stays untouched.
    """
    if assignment.family is None:
        return rgb, []
    for family in (assignment.family, *random.permutation(FAMILIES).tolist()):
        config = DistortConfig(
            untouched=0,
            whole_image=0,
            pairs=0,
            severity_min=assignment.severity,
            severity_max=assignment.severity,
            families=(family,),
            soft_edges=float(assignment.soft),
            masks=MaskConfig(regions_min=1, regions_max=1, min_area=options.min_area, max_area=options.max_area),
        )
        for _ in range(TRIES):
            after, planted = plant_pixels(rgb, [], random, config)
            if planted:
                return after, planted
    return rgb, []


def _usable(inputs: Inputs, most: int, random: np.random.Generator) -> list[str]:
    """Photos that decode and are large enough: at most so many, drawn from all without opening the others."""
    drawn = (inputs.uris[index] for index in random.permutation(len(inputs.uris)))
    return list(islice((uri for uri in drawn if _is_usable(inputs, uri)), most))


def _is_usable(inputs: Inputs, uri: str) -> bool:
    try:
        return bool(min(_pixels(inputs, uri).shape[:2]) >= MIN_SIDE_PX)
    except Refusal:
        return False


def _pixels(inputs: Inputs, uri: str) -> Pixels:
    return decode_upright(read_content(location_of(inputs.root, uri)), np.inf).pixels


def _shrunk(rgb: Pixels, megapixels: float) -> Pixels:
    """The photo with at most so many pixels; averaging takes the traces of its own compression away."""
    height, width = rgb.shape[:2]
    scale = min(1.0, (megapixels * 1e6 / (width * height)) ** 0.5)
    if scale == 1.0:
        return rgb
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _crop(rgb: Pixels, random: np.random.Generator) -> Pixels:
    height, width = rgb.shape[:2]
    high, wide = (int(side * random.uniform(LEAST_CROP, 0.97)) for side in (height, width))
    top, left = int(random.integers(0, height - high + 1)), int(random.integers(0, width - wide + 1))
    return np.ascontiguousarray(rgb[top : top + high, left : left + wide])


def _png(rgb: Pixels) -> bytes:
    encoded: bytes = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()
    return encoded

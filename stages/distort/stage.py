"""The distort stage, and the same planting as a pure function that keeps the truth apart from the row."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from manifests.masks import decode_mask, mask_of_box
from manifests.records import ImageRecord, Record, Region
from stages.distort.pixels import Pixels
from stages.distort.planting import DistortConfig, PlantedRegion, plant_pixels
from stages.pixels import single_threaded, upright_rgb
from stages.stage import Stage

_PNG_LEVEL = 3


class Truth(Record):
    """What was planted in one image, as a line of a truth table; no regions: the image was left as it is."""

    image_id: str
    uri: str
    width: int
    height: int
    regions: list[PlantedRegion]


@dataclass(frozen=True)
class Planted:
    """The encoded image (PNG, upright) and, apart from it, the truth."""

    content: bytes
    truth: Truth


def plant(row: ImageRecord, config: DistortConfig, seed: int) -> Planted:
    """Plant in the image of a row and return content and truth; the row is not changed.

    The same row, config and seed give the same bytes. An image that is left alone is encoded anew like the others, so
    that the format of a file says nothing of its truth. Raises `manifests.gate.Refusal` for content that does not
    decode, ValueError for a row without content.
    """
    rgb, regions = plant_pixels(upright_rgb(row), row.regions, Distort(config, seed=seed).random(row.image_id), config)
    height, width = rgb.shape[:2]
    truth = Truth(image_id=row.image_id, uri=row.uri, width=width, height=height, regions=regions)
    return Planted(_png(rgb), truth)


class Distort(Stage):
    """Plants distortions with known masks, names and severities: regions of the source `planted`, exact by making."""

    name = "distort"
    needs = frozenset({"content"})
    adds = frozenset({"content", "regions"})
    Config = DistortConfig
    config: DistortConfig
    changes_content = True
    version = 2

    def undoable(self) -> bool:
        """The undistorted image is gone, and with it which regions the planted ones replaced."""
        return False

    def open(self) -> None:
        """Nothing to load; one core per worker."""
        single_threaded()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Replace each row's content by the distorted image and append its planted regions.

        Earlier regions that hold distorted pixels are dropped: the planted ones stand for them.
        """
        for row in rows:
            planted = plant(row, self.config, self.seed)
            row.content = planted.content
            _drop_touched(row.regions, planted.truth)
            row.regions = [*row.regions, *(region.as_region() for region in planted.truth.regions)]
        return rows


def _drop_touched(regions: Sequence[Region], truth: Truth) -> None:
    masks = [decode_mask(planted.mask) for planted in truth.regions]
    for region in regions:
        box = mask_of_box(region.box_xyxy_px, truth.width, truth.height)
        if region.kept and any((mask & box).any() for mask in masks):
            region.drop(Distort.name, "overlaps-better")


def _png(rgb: Pixels) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(rgb).save(encoded, "PNG", compress_level=_PNG_LEVEL)
    return encoded.getvalue()

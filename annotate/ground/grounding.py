"""From readings to points, and from points to masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from annotate.evaluate.bench import MaskRow, TextRow
from annotate.evaluate.images import ReadImage, pixels_of
from annotate.ground.place import Chi, Place, Taus
from annotate.ground.reading import Reading
from annotate.ground.segmenters import PointPx, Segmenter
from annotate.ground.sources import Source, place_of_truth
from manifests.masks import encode_mask
from manifests.records import Mask


@dataclass(frozen=True)
class Grounded:
    """A question's answer, how its place was found, and the mask; no point for the whole image and for no place."""

    row: TextRow
    answer: str
    how: str
    chi: Chi | None = None
    place: Place | None = None
    point_px: PointPx | None = None
    mask: Mask | None = None

    def line(self) -> dict[str, Any]:
        """The same as a line of predictions.jsonl: a `Prediction`, and beside it the point with its probabilities."""
        logits = None if self.chi is None else list(vars(self.chi).values())
        return {
            "id": self.row.id,
            "prediction": self.answer,
            "mask": None if self.mask is None else self.mask.model_dump(mode="json"),
            "point": {
                "read": self.how,
                "chi": logits,
                "p_right": None if self.place is None else self.place.right,
                "p_bottom": None if self.place is None else self.place.bottom,
                "x_px": None if self.point_px is None else self.point_px[0],
                "y_px": None if self.point_px is None else self.point_px[1],
            },
        }


def places_of_readings(rows: Sequence[TextRow], readings: Mapping[str, Reading], taus: Taus) -> list[Grounded]:
    """Where a model says each region is, for the rows that have a reading, without masks yet."""
    found = []
    for row in rows:
        reading = readings.get(row.id)
        if reading is not None:
            place = None if reading.chi is None else reading.chi.place(taus)
            point = None if place is None else place.point_px(row.width, row.height)
            found.append(Grounded(row, reading.answer, reading.how, reading.chi, place, point))
    return found


def places_of_truth(source: Source, rows: Sequence[TextRow], truth: Mapping[str, MaskRow]) -> list[Grounded]:
    """Where the truth says each region is, without masks yet."""
    found = []
    for row in rows:
        place = place_of_truth(source, truth[row.id])
        how = "whole-image" if place is None else source
        point = None if place is None else place.point_px(row.width, row.height)
        found.append(Grounded(row, "", how, place=place, point_px=point))
    return found


def with_masks(placed: Sequence[Grounded], segmenter: Segmenter, read_image: ReadImage) -> list[Grounded]:
    """The same with masks: the segmenter's at the point, all of the image for a whole-image answer, else none."""
    found = list(placed)
    by_image: dict[str, list[int]] = {}
    for number, each in enumerate(placed):
        if each.point_px is not None:
            by_image.setdefault(each.row.image_id, []).append(number)
        elif each.how == "whole-image":
            full = np.ones((each.row.height, each.row.width), np.bool_)
            found[number] = replace(each, mask=encode_mask(full))
    for numbers in by_image.values():
        first = placed[numbers[0]].row
        points = [point for number in numbers if (point := placed[number].point_px) is not None]
        masks = segmenter(pixels_of(read_image(first), first.id), points)
        for number, inside in zip(numbers, masks, strict=True):
            found[number] = replace(placed[number], mask=encode_mask(inside))
    return found

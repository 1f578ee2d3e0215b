"""A predicted mask against its reference."""

from __future__ import annotations

import numpy as np
from pycocotools import mask as coco

from annotate.evaluate.predictions import Prediction
from manifests.geometry import clip_box
from manifests.masks import encode_mask, mask_of_box
from manifests.records import Mask

_FIRST, _LAST, _CONTINUED = 48, 111, 0x20
"""COCO's compressed counts: characters of six bits from `0`, one bit of which says that the number goes on."""


def mask_iou_of(said: Prediction, reference: Mask) -> float | None:
    """IoU of the predicted mask, or else of the predicted box, with a mask, 0-1; None for one that is malformed.

    Malformed: neither mask nor box, another size than the reference's, counts that are no COCO RLE of that size, a box
    outside of the image.
    """
    mask = said.mask
    if mask is None and said.box_xyxy_px is not None:
        height, width = reference.size
        try:
            mask = encode_mask(mask_of_box(clip_box(said.box_xyxy_px, width, height), width, height))
        except ValueError:
            return None
    if mask is None or not _is_whole(mask, reference.size):
        return None
    return float(coco.iou([_plain(mask)], [_plain(reference)], [0])[0, 0])


def has_mask(said: Prediction | None) -> bool:
    """Whether a prediction says anything of a mask: a text alone does not."""
    return said is not None and (said.mask is not None or said.box_xyxy_px is not None)


def full_mask(reference: Mask) -> Mask:
    """The whole image as a mask."""
    return encode_mask(np.ones(reference.size, np.bool_))


def middle_mask(reference: Mask) -> Mask:
    """A box with half of the image's sides in its middle."""
    height, width = reference.size
    return encode_mask(mask_of_box((width / 4, height / 4, 3 * width / 4, 3 * height / 4), width, height))


def _is_whole(mask: Mask, size: tuple[int, int]) -> bool:
    """Whether counts can be read and add up to the image; the C code behind pycocotools trusts them."""
    codes = [ord(character) - _FIRST for character in mask.counts]
    readable = mask.size == size and codes and all(0 <= code <= _LAST - _FIRST for code in codes)
    if not readable or codes[-1] & _CONTINUED:
        return False
    runs = _runs(codes)
    return min(runs) >= 0 and sum(runs) == size[0] * size[1]


def _runs(codes: list[int]) -> list[int]:
    """Lengths of runs: numbers of five bits a character, lowest first, signed; from the fourth on, differences."""
    runs: list[int] = []
    value = shift = 0
    for code in codes:
        value |= (code & 0x1F) << shift
        shift += 5
        if not code & _CONTINUED:
            if code & 0x10:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs


def _plain(mask: Mask) -> dict[str, object]:
    return {"size": list(mask.size), "counts": mask.counts.encode("ascii")}

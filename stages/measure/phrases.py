"""Words for an area that has no name of its own: where it lies."""

from __future__ import annotations

from collections.abc import Iterable

from manifests.records import BoxXYXYPx

AREA = "area"
"""Label of a region that was found by its quality and not by its content."""

_PLACES = (
    ("in the upper left", "at the top", "in the upper right"),
    ("on the left", "in the centre", "on the right"),
    ("in the lower left", "at the bottom", "in the lower right"),
)
_ORDINALS = ("", "other ", "third ", "fourth ", "fifth ", "sixth ")


def place(box_xyxy_px: BoxXYXYPx, width: int, height: int) -> str:
    """Where the centre of a box lies among the nine thirds of the image: "in the upper left", "on the right"."""
    x1, y1, x2, y2 = box_xyxy_px
    column = min(max(int(3 * (x1 + x2) / 2 / width), 0), 2)
    row = min(max(int(3 * (y1 + y2) / 2 / height), 0), 2)
    return _PLACES[row][column]


def area_phrase(box_xyxy_px: BoxXYXYPx, width: int, height: int, taken: Iterable[str]) -> str:
    """Words for a text to say "the ..." of an area, different from those already `taken`."""
    words, used = f"{AREA} {place(box_xyxy_px, width, height)}", set(taken)
    free = (ordinal + words for ordinal in _ORDINALS if ordinal + words not in used)
    return next(free, words)

"""Place words of a phrase against a box: "the boat on the right" is no boat on the left."""

from __future__ import annotations

from collections.abc import Callable

from manifests.records import BoxXYXYPx
from stages.language.quality_words import words_of

Unit = tuple[float, float, float, float]

SLACK = 0.1
"""How far, in widths or heights of the image, the centre of a box may lie beyond the half that a word names."""

TALLEST_FAR = 1 / 3
"""Height, as a share of the image's, up to which a box may be something in the distance."""


def _centre(box: Unit) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _is_far(box: Unit) -> bool:
    return box[3] - box[1] <= TALLEST_FAR


def _is_left(box: Unit) -> bool:
    return _centre(box)[0] <= 0.5 + SLACK


def _is_right(box: Unit) -> bool:
    return _centre(box)[0] >= 0.5 - SLACK


def _is_upper(box: Unit) -> bool:
    return _centre(box)[1] <= 0.5 + SLACK


def _is_lower(box: Unit) -> bool:
    return _centre(box)[1] >= 0.5 - SLACK


def _is_near(box: Unit) -> bool:
    return box[3] >= 0.5


PLACES: dict[str, Callable[[Unit], bool]] = {
    "left": _is_left,
    "leftmost": _is_left,
    "right": _is_right,
    "rightmost": _is_right,
    "upper": _is_upper,
    "top": _is_upper,
    "lower": _is_lower,
    "bottom": _is_lower,
    "distance": _is_far,
    "distant": _is_far,
    "far": _is_far,
    "foreground": _is_near,
}
"""What a box of the image, in 0-1, must be like for a word. The background is not among them: what stands in it may be
large."""


def fits_place(phrase: str, box_xyxy_px: BoxXYXYPx, width: int, height: int) -> bool:
    """Whether a box lies where the words of a phrase say, as far as they say it."""
    x1, y1, x2, y2 = box_xyxy_px
    box = (x1 / width, y1 / height, x2 / width, y2 / height)
    return all(PLACES[word](box) for word in words_of(phrase) if word in PLACES)

"""Where points come from when no model is asked: from the truth, as bounds of what text-to-point can reach."""

from __future__ import annotations

from typing import Literal

from annotate.evaluate.bench import MaskRow
from annotate.ground.place import Place
from manifests.geometry import position_horizontal, position_vertical
from manifests.records import BoxXYXYPx

Source = Literal["model", "centre", "words", "box", "pole"]
"""`model`: its position words. `centre`: the middle of every image, which knows nothing. `words`: the true words, each
the middle of its half: all that two words say. `box`: the true box centre, what perfect probabilities would give.
`pole`: the deepest point of the true region, the best that one point can do."""


def place_of_truth(source: Source, region: MaskRow) -> Place | None:
    """The point in 0-1; None where the true answer is the whole image, which only `centre` does not know.

    Raises ValueError for the source `model`.
    """
    height, width = region.mask.size
    if source == "centre":
        return Place(0.5, 0.5)
    if region.whole_image:
        return None
    box = _box(region)
    match source:
        case "words":
            right = position_horizontal(box, width) == "right"
            bottom = position_vertical(box, height) == "bottom"
            return Place(0.75 if right else 0.25, 0.75 if bottom else 0.25)
        case "box":
            return Place(round((box[0] + box[2]) / 2 / width, 4), round((box[1] + box[3]) / 2 / height, 4))
        case "pole":
            assert region.pole_xy is not None
            return Place(*region.pole_xy)
        case _:
            raise ValueError("a model's points come from its logits")


def words_right(place: Place, region: MaskRow) -> bool:
    """Whether the likelier words are those of the true box centre (IQA-Spider, Eq. 1)."""
    height, width = region.mask.size
    box = _box(region)
    return (place.right >= 0.5) == (position_horizontal(box, width) == "right") and (place.bottom >= 0.5) == (
        position_vertical(box, height) == "bottom"
    )


def _box(region: MaskRow) -> BoxXYXYPx:
    assert region.box_xyxy_px is not None
    return region.box_xyxy_px

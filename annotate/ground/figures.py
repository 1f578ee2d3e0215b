"""How good the points are, where the truth is known: whether both words are right, whether the point hits the region.

Whole-image truths are left out: they have no place. An answer without a place counts as wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotate.bench.planted.figures import Figure, Item, mean_figure
from annotate.evaluate.bench import MaskRow
from annotate.ground.place import Place
from annotate.ground.sources import words_right
from manifests.masks import decode_mask


def place_figures(lines: Sequence[Mapping[str, Any]], truth: Mapping[str, MaskRow], seed: int) -> dict[str, Figure]:
    """`ground_words` and `ground_points`, 0-1, over images; questions not grounded yet count as wrong."""
    said = {line["id"]: line["point"] for line in lines}
    right, hit = [], []
    for row in truth.values():
        if not row.whole_image:
            point = said.get(row.id)
            right.append(Item("words", row.image_id, float(_right(point, row))))
            hit.append(Item("points", row.image_id, float(_hits(point, row))))
    figures = {"ground_words": mean_figure(right, seed), "ground_points": mean_figure(hit, seed)}
    return {name: figure for name, figure in figures.items() if figure.n}


def most_frequent_words(truth: Mapping[str, MaskRow], seed: int) -> dict[str, Figure]:
    """`ground_words` of who says the most frequent pair of words each time; nothing without a place in the truth."""
    placed = [row for row in truth.values() if not row.whole_image]
    constant = [Place(right, bottom) for bottom in (0.0, 1.0) for right in (0.0, 1.0)]
    answers = [[words_right(place, row) for row in placed] for place in constant]
    best = max(answers, key=sum)
    items = [Item("words", row.image_id, float(right)) for row, right in zip(placed, best, strict=True)]
    return {"ground_words": mean_figure(items, seed)} if items else {}


def _right(point: Mapping[str, Any] | None, row: MaskRow) -> bool:
    return (
        point is not None
        and point["p_right"] is not None
        and words_right(Place(point["p_right"], point["p_bottom"]), row)
    )


def _hits(point: Mapping[str, Any] | None, row: MaskRow) -> bool:
    if point is None or point["x_px"] is None:
        return False
    return bool(decode_mask(row.mask)[int(point["y_px"]), int(point["x_px"])])

"""Score honesty: whether a metric's score of a planted region falls as the planted severity rises."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotate.bench.planted.figures import Item, Pair
from annotate.bench.planted.scorers import Scorer, row_of
from annotate.bench.planted.truth import ORIGINALS, Truth
from manifests.sources import content_id


@dataclass
class Honesty:
    """One scorer's observations, on planted regions and on the same regions of the untouched photo.

    `severity` pairs planted severity with the score's badness; `rise` pairs it with how much badness the planting
    added; `worse` holds 1 where the planted region scored worse than the untouched one.
    """

    scorer: str
    severity: list[Pair] = field(default_factory=list)
    rise: list[Pair] = field(default_factory=list)
    worse: list[Item] = field(default_factory=list)
    untouched: list[Pair] = field(default_factory=list)
    unscored: int = 0


def observe_honesty(
    truth: Truth, images: Path, scorers: Sequence[Scorer], on_progress: Callable[[int, int], None] | None = None
) -> list[Honesty]:
    """Score every planted region with every scorer, before and after planting.

    A region whose crop a metric cannot score (NIQE of a flat patch is not a number) is counted as `unscored`.
    """
    found = [Honesty(scorer.name) for scorer in scorers]
    planted = [(image, region) for _, image in sorted(truth.images.items()) for region in image.regions]
    for number, (image, region) in enumerate(planted, start=1):
        after = (images / image.file).read_bytes()
        before = (truth.folder / ORIGINALS / image.file).read_bytes()
        main = region.distortions[0]
        for scorer, honesty in zip(scorers, found, strict=True):
            degraded, untouched = (
                scorer.badness(row_of(content, content_id(content), region.box_xyxy_px, image.width, image.height))
                for content in (after, before)
            )
            if not (math.isfinite(degraded) and math.isfinite(untouched)):
                honesty.unscored += 1
                continue
            honesty.severity.append(Pair(image.photo, main.severity, degraded, main.family))
            honesty.untouched.append(Pair(image.photo, main.severity, untouched, main.family))
            honesty.rise.append(Pair(image.photo, main.severity, degraded - untouched, main.family))
            honesty.worse.append(Item("worse", image.photo, float(degraded > untouched), main.family, main.severity))
        if on_progress is not None:
            on_progress(number, len(planted))
    return found

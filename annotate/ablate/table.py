"""The points of an ablation as a table, and their curves: one per data set, task, form of boxes and budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from annotate.ablate.fit import PowerLaw, fit_power_law, rises
from annotate.ablate.work import Done
from annotate.bench.planted.figures import Figure

CURVES = ("vqa_acc_yes_no", "vqa_acc_distortion", "vqa_tag_recall", "des_tag_recall", "vqa_acc_total", "des_bleu4")
"""Metrics that a curve is drawn of, if the benchmark has rows for them."""
_KEYS = ["data", "tasks", "boxes", "budget"]


@dataclass(frozen=True)
class Curve:
    """One metric over the number of images: the mean over seeds; its band holds every seed's interval."""

    label: str
    metric: str
    scales: tuple[float, ...]
    images: tuple[int, ...]
    figures: tuple[Figure, ...]

    def law(self) -> PowerLaw | str:
        """A power law for its error, or why there is none; a score out of 100 has no error."""
        return fit_power_law(self.images, self.figures)

    def verdict(self) -> str:
        """Whether it rises beyond its band, in words."""
        if len(self.figures) < 2:
            return "one point makes no curve"
        word = "rises beyond its band" if rises(self.figures) else "does not rise beyond its band"
        return f"{word}: {self.figures[0]} at {self.images[0]} images, {self.figures[-1]} at {self.images[-1]}"


def table_of(points: Sequence[Done]) -> pd.DataFrame:
    """One row per point: what it was, what the training took, every metric with its interval."""
    rows = []
    for done in points:
        row: dict[str, Any] = {
            **done.point.as_json(),
            "images": done.images,
            "examples": done.train["examples"],
            "steps": done.train["steps"],
            "held_out_loss": done.train["last_held_out_loss"],
            "seconds": done.train["seconds"],
        }
        for name, figure in done.figures.items():
            row |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        rows.append(row)
    return pd.DataFrame(rows).sort_values([*_KEYS, "scale", "seed"], ignore_index=True)


def curves_of(points: Sequence[Done]) -> list[Curve]:
    """All curves, in the order of `CURVES` within each kind of training."""
    kinds: dict[tuple[str, ...], list[Done]] = {}
    for done in points:
        kinds.setdefault(tuple(str(done.point.as_json()[key]) for key in _KEYS), []).append(done)
    varying = [place for place in range(len(_KEYS)) if len({kind[place] for kind in kinds}) > 1]
    found = []
    for kind, members in kinds.items():
        label = ", ".join(kind[place] for place in varying) or kind[-1]
        for metric in CURVES:
            having = [done for done in members if metric in done.figures]
            if having:
                found.append(_curve(label, metric, having))
    return found


def _curve(label: str, metric: str, members: Sequence[Done]) -> Curve:
    by_scale: dict[float, list[Done]] = {}
    for done in members:
        by_scale.setdefault(done.point.scale, []).append(done)
    scales = sorted(by_scale)
    images = tuple(round(float(np.mean([done.images for done in by_scale[scale]]))) for scale in scales)
    figures = tuple(_together([done.figures[metric] for done in by_scale[scale]]) for scale in scales)
    return Curve(label, metric, tuple(scales), images, figures)


def _together(seeds: Sequence[Figure]) -> Figure:
    values = [figure.value for figure in seeds if figure.value is not None]
    lows = [figure.low for figure in seeds if figure.low is not None]
    highs = [figure.high for figure in seeds if figure.high is not None]
    if not values:
        return Figure(None, None, None, 0)
    return Figure(
        float(np.mean(values)),
        min(lows) if lows else None,
        max(highs) if highs else None,
        sum(figure.n for figure in seeds),
    )

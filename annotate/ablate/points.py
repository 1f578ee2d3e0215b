"""The points of an ablation: which data, which share of it, which seed; each is one training and one evaluation."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from manifests.errors import InputError

Budget = Literal["steps", "epochs"]
"""`steps`: every point takes as many optimiser steps as the largest takes in the recipe's epochs; `epochs`: every point
takes the recipe's epochs."""

AXES = ("tasks", "boxes")
"""What `--vary` may vary: tasks=des,vqa,both and boxes=grid,grid:10,grid:40,continuous."""

DATA = "data"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Point:
    """One training: `data` names a set of runs, `scale` is the share of its images, by content id."""

    data: str
    scale: float
    budget: Budget
    seed: int
    tasks: str = "both"
    boxes: str = "grid"

    @property
    def name(self) -> str:
        """The point's folder."""
        boxes = self.boxes.replace(":", "-")
        return f"{self.data}_{self.tasks}_{boxes}_{self.scale:g}_{self.budget}_seed{self.seed}"

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def tasks_of(point: Point) -> str:
    """The point's tasks as a training's selection spells them."""
    return "des,vqa" if point.tasks == "both" else point.tasks


def points_of(
    data: Collection[str],
    scales: Sequence[float],
    budgets: Sequence[Budget],
    seeds: Sequence[int],
    vary: Mapping[str, Sequence[str]],
) -> list[Point]:
    """All combinations, the smallest scales first, so that a curve is there early."""
    tasks, boxes = vary.get("tasks", ("both",)), vary.get("boxes", ("grid",))
    combined = itertools.product(sorted(scales), seeds, data, tasks, boxes, budgets)
    return [Point(name, scale, budget, seed, task, box) for scale, seed, name, task, box, budget in combined]


def subset(image_ids: Collection[str], scale: float) -> frozenset[str]:
    """The first `scale` of the images in the order of their content ids: each smaller subset is part of each larger."""
    ordered = sorted(image_ids)
    return frozenset(ordered[: math.ceil(scale * len(ordered))])


def scales_of(text: str) -> list[float]:
    """`0.25,0.5,1` as numbers. Raises InputError."""
    try:
        scales = [float(word) for word in text.split(",")]
    except ValueError as error:
        raise InputError(f"--scales {text}: should read like 0.25,0.5,1") from error
    if not all(0 < scale <= 1 for scale in scales) or len(set(scales)) < len(scales):
        raise InputError(f"--scales {text}: each scale is above 0 and at most 1, and stands once")
    return scales


def seeds_of(text: str) -> list[int]:
    """`0,1,2` as numbers. Raises InputError."""
    words = text.split(",")
    if not all(word.strip().isdigit() for word in words) or len(set(words)) < len(words):
        raise InputError(f"--seeds {text}: should read like 0,1,2, each once")
    return [int(word) for word in words]


def budgets_of(text: str) -> list[Budget]:
    """`steps`, `epochs` or `both`. Raises InputError."""
    every: tuple[Budget, ...] = get_args(Budget)
    if text == "both":
        return list(every)
    found = [budget for budget in every if budget == text]
    if not found:
        raise InputError(f"--budget {text}: should be steps, epochs or both")
    return found


def varied_of(texts: Sequence[str]) -> dict[str, list[str]]:
    """`boxes=grid,continuous` by axis. Raises InputError."""
    found: dict[str, list[str]] = {}
    for text in texts:
        axis, equals, values = text.partition("=")
        if not equals or axis not in AXES or axis in found or not all(values.split(",")):
            raise InputError(f"--vary {text}: should read tasks=des,vqa,both or boxes=grid,grid:10,continuous")
        found[axis] = values.split(",")
    for task in found.get("tasks", ()):
        if task not in {"des", "vqa", "both"}:
            raise InputError(f"--vary tasks={task}: should be des, vqa or both")
    return found


def named_data(texts: Sequence[str]) -> dict[str, list[str]]:
    """`NAME=RUN` or `RUN`, repeated: folders of runs by name; what has no name is `data`. Raises InputError."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, run = text.partition("=")
        if equals and _NAME.fullmatch(name):
            found.setdefault(name, []).append(run)
        else:
            found.setdefault(DATA, []).append(text)
    return found

"""The networks of a training: one for each fold of the photographs, taught without it, and the one that is used.

What a network proposes on photographs that it was taught on is no guide to what it proposes on others. The networks of
the folds show that for every photograph, so that all of them can teach the network and the verifiers (stacked
generalisation: D. H. Wolpert, Neural Networks 5, 1992).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stages.measure.recogniser.features import NAMES, SEAM_STRIDE_PX, STRIDE_PX
from stages.measure.recogniser.infer import MAPS, SEAMS
from stages.measure.recogniser.learning import teach
from stages.measure.recogniser.samples import WINDOW_CELLS, make_sample
from stages.measure.recogniser.shelf import plant, planted

_COURSE, _PLANTED = "course.json", "planted"


@dataclass(frozen=True)
class Course:
    """What the networks are taught; `folds` is the fold of each photograph, from 0 on."""

    photos: Sequence[Path]
    folds: Sequence[int]
    seed: int
    samples: int
    passes: int
    bfloat16: bool

    def identity(self) -> str:
        """What decides which networks come out of it, as JSON."""
        facts = {
            "photos": [[path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in self.photos],
            "folds": list(self.folds),
            "seed": self.seed,
            "samples": self.samples,
            "passes": self.passes,
            "bfloat16": self.bfloat16,
        }
        return json.dumps(facts, indent=1) + "\n"


@dataclass(frozen=True)
class Taught:
    """A network that was written, and its mean loss in each pass."""

    network: Path
    losses: list[float]


def taught_networks(
    pool: Executor, course: Course, folder: Path, say: Callable[[str], None]
) -> tuple[Taught, list[Taught]]:
    """The network that learned from all photographs and, by fold, those that learned without it.

    Each is taught by one process on one core. Networks of the same course that lie in the folder are taken as they are;
    those of another are removed.
    """
    identity = course.identity()
    if (folder / _COURSE).exists() and (folder / _COURSE).read_text(encoding="utf-8") != identity:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _COURSE).write_text(identity, encoding="utf-8")
    left_out = [None, *range(max(course.folds) + 1)]
    missing = [fold for fold in left_out if not _path(folder, fold).exists()]
    if len(missing) < len(left_out):
        say(f"{len(left_out) - len(missing)} of {len(left_out)} networks found in {folder}")
    if missing:
        plant(pool, partial(make_sample, course.photos, course.folds, course.seed), course.samples, folder / _PLANTED)
        say(f"{course.samples} samples planted")
        jobs = {pool.submit(_teach_one, course, folder, fold): fold for fold in missing}
        for job in as_completed(jobs):
            losses = job.result()
            say(f"{_path(folder, jobs[job]).stem}: loss from {losses[0]} to {losses[-1]} in {len(losses)} passes")
    shutil.rmtree(folder / _PLANTED, ignore_errors=True)
    whole, *without = (Taught(_path(folder, fold), _losses(folder, fold)) for fold in left_out)
    return whole, without


def _teach_one(course: Course, folder: Path, left_out: int | None) -> list[float]:
    """Teach and write the network that sees nothing of one fold, its losses as they come beside it."""
    import torch

    from stages.measure.recogniser.network import export

    torch.set_num_threads(1)
    samples = [
        sample
        for index, sample in enumerate(planted(folder / _PLANTED))
        if course.folds[index % len(course.folds)] != left_out
    ]
    with _log(folder, left_out).open("w", encoding="utf-8", buffering=1) as log:
        network, losses = teach(
            samples,
            passes=course.passes,
            seed=course.seed,
            bfloat16=course.bfloat16,
            tell=lambda loss: print(loss, file=log),
        )
    maps = torch.zeros(1, len(NAMES), WINDOW_CELLS, WINDOW_CELLS)
    fine = WINDOW_CELLS * STRIDE_PX // SEAM_STRIDE_PX
    unfinished = _path(folder, left_out).with_suffix(".unfinished")
    export(network, (maps, torch.zeros(1, 3, fine, fine)), unfinished, inputs=(MAPS, SEAMS), dynamic=True)
    unfinished.replace(_path(folder, left_out))
    return losses


def _path(folder: Path, left_out: int | None) -> Path:
    return folder / ("network.onnx" if left_out is None else f"network-without-fold-{left_out + 1}.onnx")


def _log(folder: Path, left_out: int | None) -> Path:
    return _path(folder, left_out).with_suffix(".losses")


def _losses(folder: Path, left_out: int | None) -> list[float]:
    return [float(line) for line in _log(folder, left_out).read_text(encoding="utf-8").split()]

"""From photographs to weights: split, teach, propose, verify, choose thresholds, report. Reproducible by seed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import numpy as np

from manifests.errors import InputError
from manifests.vocabulary import FAMILIES
from stages.measure.recogniser.course import Course, taught_networks
from stages.measure.recogniser.features import NAMES
from stages.measure.recogniser.infer import (
    CARD,
    DESCRIPTION,
    NETWORK,
    VERIFIER,
    confidences,
    load_network,
    sha256_of,
)
from stages.measure.recogniser.proposals import FACTS
from stages.measure.recogniser.report import figures, report_text
from stages.measure.recogniser.samples import read_photo
from stages.measure.recogniser.survey import Scenes, Surveyed, survey
from stages.measure.recogniser.verifying import choose_thresholds, cross_fitted, folds_of, share_for, worth

Part = Literal["taught", "dev"]
PARTS: tuple[tuple[Part, int], ...] = (("taught", 85), ("dev", 100))
"""The parts with the percentile of a photograph's content hash at which each ends."""
FEWEST_PHOTOS = 12
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


@dataclass(frozen=True)
class TrainingPlan:
    """How much is planted and learned.

    `views` are those for verifiers and thresholds; a quarter as many are made of the dev part. `folds` is the number of
    groups of the taught photographs of which each is shown to a network that was taught without it. `most_alarms` is
    the share of untouched views that may raise an alarm, on photographs of series that thresholds were not chosen on.
    """

    photos: Sequence[Path]
    out: Path
    seed: int = 0
    samples: int = 20000
    passes: int = 10
    views: int = 10200
    folds: int = 3
    workers: int = 2
    bfloat16: bool = False
    most_alarms: float = 0.06
    say: Callable[[str], None] = field(default=lambda line: None)


def train(plan: TrainingPlan) -> dict[str, object]:
    """Write network, verifier, card and report into `plan.out` and return the report's figures.

    What was taught is kept in the folder `networks` there, and found by a training of the same photographs and
    settings: one that was interrupted, or that differs in its views alone. Raises InputError when torch is missing or
    there are too few photographs for the split.
    """
    for package in ("torch", "onnx"):
        if importlib.util.find_spec(package) is None:
            raise InputError(f"train-recogniser needs {package}, which is not installed: pip install 'annotate[train]'")
    # Threads that spin while they wait are slower by far as soon as anything else runs on the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.set_num_threads(1)
    from stages.measure.recogniser.network import Panel, export

    parts = split(plan.photos)
    plan.out.mkdir(parents=True, exist_ok=True)
    plan.say(f"{len(parts['taught'])} photographs are taught, {len(parts['dev'])} are for the report")
    series = [series_of(path) for path in parts["taught"]]
    course = Course(parts["taught"], folds_of(series, plan.folds), plan.seed, plan.samples, plan.passes, plan.bfloat16)
    with ProcessPoolExecutor(plan.workers, mp_context=get_context("spawn")) as pool:
        whole, without = taught_networks(pool, course, plan.out / "networks", plan.say)
        shutil.copyfile(whole.network, plan.out / NETWORK)
        surveyed = _survey_all(pool, parts, course, [each.network for each in without], plan)
    worths = [worth(found, view) for view in surveyed["taught"] for found in view.found]
    if not any(worths) or all(worths):
        raise InputError("the networks propose nothing that a verifier could learn from; raise --samples or --passes")
    plan.say(f"{len(worths)} candidates to teach the verifiers, {sum(each > 0.5 for each in worths)} of them true")
    folds = folds_of(series)
    panel = Panel(cross_fitted(surveyed["taught"], folds, seed=plan.seed))
    export(panel, (torch.zeros(1, FACTS),), plan.out / VERIFIER, inputs=(DESCRIPTION,), dynamic=False)
    _judge(surveyed["dev"], plan.out / VERIFIER)
    share, expected = share_for(surveyed["taught"], folds, plan.most_alarms)
    plan.say(f"thresholds at {share:.1%} of alarms on the taught photographs; on series that are new {expected:.1%}")
    thresholds = choose_thresholds(surveyed["taught"], share)
    results = {**figures(surveyed["dev"], thresholds), "alarms of taught": share, "alarms of new series": expected}
    card = {
        "families": list(FAMILIES),
        "maps": list(NAMES),
        "thresholds": thresholds,
        "sha256": {name: sha256_of(plan.out / name) for name in (NETWORK, VERIFIER)},
        "seed": plan.seed,
        "samples": plan.samples,
        "passes": plan.passes,
        "views": plan.views,
        "folds": plan.folds,
        "alarms": share,
        "photos": {part: [path.name for path in paths] for part, paths in parts.items()},
    }
    (plan.out / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (plan.out / "report.md").write_text(report_text(results, thresholds, whole.losses), encoding="utf-8")
    (plan.out / "report.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


def split(photos: Sequence[Path]) -> dict[Part, list[Path]]:
    """Photographs by part, by the hash of their content: a photograph stays in its part whatever is added."""
    parts: dict[Part, list[Path]] = {part: [] for part, _ in PARTS}
    for path in sorted(photos, key=lambda path: (path.name, str(path))):
        percentile = int(hashlib.sha256(path.read_bytes()).hexdigest()[:8], 16) % 100
        parts[next(part for part, end in PARTS if percentile < end)].append(path)
    if len(photos) < FEWEST_PHOTOS or not all(parts.values()):
        raise InputError(
            f"--images: {len(photos)} photographs are too few for the two parts of the split "
            f"({', '.join(f'{part} {len(paths)}' for part, paths in parts.items())}); "
            f"give {FEWEST_PHOTOS} at the very least, hundreds for a recogniser of use"
        )
    return parts


def series_of(photo: Path) -> str:
    """Photographs of one package or series are alike: what stands before `__` in the name, else the folder's name."""
    return photo.name.partition("__")[0] if "__" in photo.name else photo.parent.name


def photos_in(places: Sequence[Path]) -> list[Path]:
    """The photographs in folders (recursively) and files. Raises InputError where there is none."""
    found: list[Path] = []
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        photos = [path for path in inside if path.is_file() and path.suffix.lower() in SUFFIXES]
        if not photos:
            raise InputError(
                f"--images {place}: no photograph ({', '.join(sorted(SUFFIXES))}) in it; name another place"
            )
        found += photos
    for path in found:
        try:
            read_photo(path)
        except ValueError as error:
            raise InputError(str(error)) from None
    return found


def _survey_all(
    pool: ProcessPoolExecutor,
    parts: dict[Part, list[Path]],
    course: Course,
    without: Sequence[Path],
    plan: TrainingPlan,
) -> dict[Part, list[Surveyed]]:
    """What networks propose on views of photographs that they were not taught on."""
    dev = parts["dev"]
    taught = partial(survey, course.photos, course.folds, without, plan.seed + 1000, Scenes(0.4, 0.25))
    reported = partial(survey, dev, [0] * len(dev), [plan.out / NETWORK], plan.seed + 2000, Scenes(0.25, 0.0))
    surveyed: dict[Part, list[Surveyed]] = {}
    looks: tuple[tuple[Part, Callable[[int], Surveyed], int], ...] = (
        ("taught", taught, plan.views),
        ("dev", reported, plan.views // 4),
    )
    for part, look, count in looks:
        surveyed[part] = list(pool.map(look, range(count), chunksize=8))
        plan.say(f"{count} {part} views looked at")
    return surveyed


def _judge(views: Sequence[Surveyed], verifier: Path) -> None:
    loaded = load_network(verifier)
    for view in views:
        view.confidences.extend(np.round(confidences(loaded, [found.candidate for found in view.found]), 4).tolist())

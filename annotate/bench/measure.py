"""Processor time of `measure` for a megapixel, on one core, with either recogniser, and where it goes."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from annotate import __version__
from annotate.bench.photos import make_photos
from manifests.records import ImageRecord
from stages.measure import Measure, MeasureConfig
from stages.measure.evidence import gather
from stages.measure.grid import working_view
from stages.measure.recogniser.features import feature_maps, padded, seam_planes
from stages.measure.recogniser.infer import (
    NETWORK,
    PACKAGED,
    VERIFIER,
    WORKING_PIXELS,
    answers,
    confidences,
    load_network,
)
from stages.measure.recogniser.proposals import candidates
from stages.pixels import upright_rgb

Answer = TypeVar("Answer")
_NAMES: dict[Literal["evidence", "net"], str] = {
    "evidence": "measure with evidence",
    "net": "measure with the network",
}


def bench_measure(console: Console, *, images: str, count: int, megapixels: float, rounds: int, seed: int) -> None:
    """Measure and print; the last line is JSON. Decoding is not in the time. Raises AnnotateError."""
    with tempfile.TemporaryDirectory(prefix="annotate-bench-") as scratch:
        make_photos(images, Path(scratch), count=count, megapixels=megapixels, seed=seed)
        contents = [path.read_bytes() for path in sorted(Path(scratch).iterdir())]
    watch = _Watch(rounds)
    for content in track(contents, "measuring", transient=True):
        watch.photo(content)
    spent = {name: float(np.mean(costs)) for name, costs in watch.costs.items()}
    spent["network"] = spent.pop("maps and network") - spent["maps"]
    rounded = {name: round(milliseconds, 1) for name, milliseconds in spent.items()}
    table = Table("", "ms of a processor for a megapixel", title=f"{count} photos of {megapixels:g} megapixels")
    for name, milliseconds in rounded.items():
        table.add_row(name, f"{milliseconds:.1f}")
    console.print(table)
    headline = {
        "bench": "measure",
        "photos": count,
        "megapixels": megapixels,
        "version": __version__,
        "cpu_ms_per_megapixel": rounded,
        "net_over_evidence": round(spent[_NAMES["net"]] / spent[_NAMES["evidence"]], 3),
    }
    print(json.dumps(headline))


class _Watch:
    """The least processor time of some rounds, photo by photo: what other programs do makes a round longer only."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds
        self._stages = {name: Measure(MeasureConfig(recogniser=recogniser)) for recogniser, name in _NAMES.items()}
        for stage in self._stages.values():
            stage.open()
        self._network, self._verifier = (load_network(PACKAGED / name) for name in (NETWORK, VERIFIER))
        self.costs: dict[str, list[float]] = {}

    def photo(self, content: bytes) -> None:
        """Measure a photo, then the parts one by one."""
        rgb = upright_rgb(_row(content))
        megapixels = rgb.shape[0] * rgb.shape[1] / 1e6
        config = MeasureConfig()
        view = working_view(rgb, WORKING_PIXELS)
        whole = padded(view)

        def spend(name: str, work: Callable[[], Answer]) -> Answer:
            cost, answer = _least(work, self._rounds)
            self.costs.setdefault(name, []).append(1e3 * cost / megapixels)
            return answer

        for name, stage in self._stages.items():
            spend(name, partial(_measured, stage, content))
        spend("evidence", partial(gather, rgb, working_pixels=config.working_pixels, window_px=config.window_px))
        spend("maps", lambda: (feature_maps(whole), seam_planes(whole)))
        maps = spend("maps and network", partial(answers, self._network, view))
        found = spend("candidates", partial(candidates, maps))
        spend("verifiers", partial(confidences, self._verifier, found))


def _measured(stage: Measure, content: bytes) -> list[ImageRecord]:
    return stage([_row(content)])


def _row(content: bytes) -> ImageRecord:
    """A row that nothing was measured of; its pixels are held from the first time on."""
    return ImageRecord(image_id="photo", uri="photo", content=content)


def _least(work: Callable[[], Answer], rounds: int) -> tuple[float, Answer]:
    costs = []
    for _ in range(rounds):
        start = time.process_time()
        answer = work()
        costs.append(time.process_time() - start)
    return min(costs), answer

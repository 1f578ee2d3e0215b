"""Any no-reference metric of pyiqa, built from files on this machine and from nothing else.

Imported only when a recipe asks for it: the package is an extra with its own licence. pyiqa looks for weights by their
file name in torch's hub folder, in the CLIP cache and at the hub, and downloads what it does not find. While a metric
is built, these places are one temporary folder of links to the given files, and a download is an error.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt
import pyiqa
import timm
import torch
import torchvision
from pyiqa.archs import topiq_arch
from pyiqa.utils import download_util

from stages.score.transformers5 import give_back_removed_method

BACKBONES = ("resnet18", "resnet34", "resnet50", "vgg16")
"""Builders of torchvision that pyiqa's metrics call."""


def is_no_reference(name: str) -> bool:
    """Whether the installed pyiqa offers a no-reference metric of this name."""
    return name in pyiqa.list_models(metric_mode="NR")


class PyiqaMetric:
    """One metric on the GPU, if there is one, else on one core of the CPU."""

    def __init__(
        self,
        name: str,
        files: Mapping[str, Path] | None = None,
        models: Mapping[str, Path] | None = None,
        *,
        trust_pickles: bool = False,
    ) -> None:
        """`files` by the names that pyiqa gives them, `models` (folders) by their names at the hub.

        Checkpoints are read with `weights_only`, unless `trust_pickles`. Raises RuntimeError when a file is missing,
        holds more than weights, or leaves a part of the metric without weights.
        """
        self.name = name
        torch.set_num_threads(1)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if name.startswith(("qalign", "compare2score")):
            give_back_removed_method()
        with _nothing_but(files or {}, models or {}), _checkpoints_are_weights(name, trust_pickles):
            self.metric: Any = pyiqa.create_metric(name, device=device)
        _check_filled(name, self.metric)
        self.lower_better = bool(self.metric.lower_better)

    def score(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> list[float]:
        """Scores of uint8 RGB pictures [height, width, 3] of one shape, in the metric's unit, to 4 decimals."""
        pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            scores = self.metric(pixels).reshape(-1).tolist()
        if len(scores) != len(pictures) or not all(math.isfinite(score) for score in scores):
            raise RuntimeError(f"{self.name} gives {scores} for {len(pictures)} pictures of {pictures[0].shape}")
        return [round(score, 4) for score in scores]


@contextlib.contextmanager
def _nothing_but(files: Mapping[str, Path], models: Mapping[str, Path]) -> Iterator[None]:
    """Make every place where pyiqa looks for weights hold these files and no others; its chatter is dropped."""
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="annotate-pyiqa-")))
        for place in ("pyiqa", "checkpoints", "clip", ".cache/clip"):
            (root / place).mkdir(parents=True)
            for name, path in files.items():
                # By the last part of its address, in which pyiqa leaves a "+" as it is quoted.
                (root / place / quote(name)).symlink_to(path)
        for name, path in models.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(path, target_is_directory=True)
        stack.enter_context(contextlib.chdir(root))
        stack.enter_context(contextlib.redirect_stdout(None))
        stack.enter_context(_variable("HOME", str(root)))
        stack.callback(torch.hub.set_dir, torch.hub.get_dir())
        torch.hub.set_dir(str(root))
        for place, name, value in _replacements(root):
            stack.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, value)
        yield


def _replacements(root: Path) -> Iterator[tuple[Any, str, Any]]:
    """What stands in for what while a metric is built: (module, name, value)."""
    yield download_util, "DEFAULT_CACHE_DIR", str(root / "pyiqa")
    yield download_util, "download_url_to_file", _refuse_download
    yield torch.hub, "download_url_to_file", _refuse_download
    yield urllib.request, "urlopen", _refuse_download
    yield timm, "create_model", _without_weights(timm.create_model)
    yield topiq_arch, "create_swin", _without_weights(topiq_arch.create_swin)
    for name in BACKBONES:
        yield torchvision.models, name, _without_weights(getattr(torchvision.models, name))


def _refuse_download(url: str, *_: Any, **__: Any) -> None:
    name = unquote(url.rpartition("/")[2])
    raise RuntimeError(f"the metric wants {name}, which is not among its files; add it to score.files and fetch again")


def _without_weights(build: Callable[..., Any]) -> Callable[..., Any]:
    """A backbone's builder that downloads nothing and leaves NaN where the metric's own checkpoint must put weights."""

    def built(*args: Any, pretrained: Any = None, weights: Any = None, **options: Any) -> Any:
        network = build(*args, **options)
        if pretrained or weights:
            for tensor in network.state_dict().values():
                if tensor.is_floating_point():
                    tensor.fill_(math.nan)
        return network

    return built


def _check_filled(name: str, metric: Any) -> None:
    """Raises RuntimeError when the metric's checkpoint did not fill its backbone."""
    for key, tensor in metric.state_dict().items():
        if tensor.is_floating_point() and bool(tensor.isnan().any()):
            raise RuntimeError(f"the files of {name} leave {key} without weights; they are not those of this metric")


@contextlib.contextmanager
def _checkpoints_are_weights(name: str, trust_pickles: bool) -> Iterator[None]:
    """Let `torch.load` read nothing but weights, whatever pyiqa asks of it, unless pickles are trusted."""
    if trust_pickles:
        yield
        return
    with _variable("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "1"):
        try:
            yield
        except pickle.UnpicklingError as error:
            raise RuntimeError(
                f"a file of {name} holds more than weights; score.trust_pickles=true loads it all the same"
            ) from error


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before

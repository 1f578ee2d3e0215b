"""Grounding DINO's own code, as groundingdino-py carries it (Apache-2.0). Imported only when a recipe asks for it."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torchvision.transforms.v2 import functional as transform
from transformers.utils import logging

from manifests.errors import RecipeError
from manifests.weights import local_path
from stages.detect import bert_for_groundingdino
from stages.detect.captions import Caption, captions_of
from stages.detect.detector import Detection, Pixels
from stages.detect.options import GroundingDinoPyOptions
from stages.detect.token_labels import CaptionTokens, Thresholds, read_boxes
from stages.detect.torch_device import pick_device

MEAN_RGB, DEVIATION_RGB = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
"""ImageNet's, with which the checkpoints were trained."""


@dataclass(frozen=True)
class Job:
    """One forward pass of one image: its number, its pixels as the network takes them, and some of its prompts."""

    image: int
    pixels: torch.Tensor
    caption: Caption


class GroundingDinoPy:
    """Finds what prompts name.

    Only images of the same shape and the same caption share a batch: the package gives the masks of a batch's captions
    to the attention heads in the wrong order, so that with different captions each is read through another's mask.
    """

    def __init__(self, options: GroundingDinoPyOptions, name: str, min_score: float, together: int | None) -> None:
        """`min_score`: least score of a recorded box; `together`: most prompts in one caption, None: all that fit."""
        self.name = name
        self._options, self._together = options, together
        self._thresholds = Thresholds(min_score, options.box_threshold, options.text_threshold)

    def open(self) -> None:
        """Build the network and load the checkpoint. Raises RecipeError without files, or when they do not fit."""
        self._device = pick_device(self._options.device)
        self._network: Any = build(self._options, self._device)
        path = local_path(self._options.checkpoint_source())
        path = path / self._options.file if path.is_dir() else path
        said = torch.load(path, map_location="cpu", weights_only=True)
        weights = {name.removeprefix("module."): value for name, value in said.get("model", said).items()}
        # The published files also hold what older transformers and the training code kept: that may be left over.
        missing = self._network.load_state_dict(weights, strict=False).missing_keys
        if missing:
            raise RecipeError(
                f"{path}: holds no {missing[0]} (and {len(missing) - 1} more) for {self._options.config}; name the "
                "configuration that belongs to the checkpoint in detect.groundingdino_py.config"
            )
        self._network.to(self._device).eval()

    def __call__(self, images: Sequence[Pixels], prompts: Sequence[Sequence[str]]) -> list[list[Detection]]:
        """Detections of each image for its prompts, most confident first. Raises FloatingPointError."""
        found: list[list[Detection]] = [[] for _ in images]
        for jobs in self._batches(images, prompts):
            sizes = [(images[job.image].shape[1], images[job.image].shape[0]) for job in jobs]
            for job, detections in zip(jobs, self._detect(jobs, sizes, prompts), strict=True):
                found[job.image] += detections
        return [sorted(each, key=lambda one: (-one.score, one.box_xyxy_px, one.label)) for each in found]

    def _batches(self, images: Sequence[Pixels], prompts: Sequence[Sequence[str]]) -> Iterator[list[Job]]:
        groups: defaultdict[tuple[object, ...], list[Job]] = defaultdict(list)
        for number, (image, asked) in enumerate(zip(images, prompts, strict=True)):
            captions = captions_of(asked, self._token_count, self._options.max_text_tokens, self._together)
            if captions:
                pixels = self._pixels(image)
                for caption in captions:
                    groups[*pixels.shape, caption.text].append(Job(number, pixels, caption))
        for group in groups.values():
            for start in range(0, len(group), self._options.batch):
                yield group[start : start + self._options.batch]

    def _token_count(self, text: str) -> int:
        return len(self._network.tokenizer(text)["input_ids"])

    def _pixels(self, image: Pixels) -> torch.Tensor:
        """Normalised float32 [3, height, width]: the shorter side as wanted, the longer one within its limit."""
        height, width = image.shape[:2]
        scale = min(
            self._options.shortest_px / min(height, width),
            self._options.longest_px / max(height, width),
        )
        size = [max(round(height * scale), 1), max(round(width * scale), 1)]
        pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)
        resized = transform.to_dtype(transform.resize(pixels, size, antialias=True), torch.float32, scale=True)
        normalised: torch.Tensor = transform.normalize(resized, MEAN_RGB, DEVIATION_RGB)
        return normalised

    def _detect(
        self, jobs: Sequence[Job], sizes: Sequence[tuple[int, int]], prompts: Sequence[Sequence[str]]
    ) -> list[list[Detection]]:
        with torch.inference_mode():
            output = self._network(
                torch.stack([job.pixels for job in jobs]).to(self._device), captions=[job.caption.text for job in jobs]
            )
        probabilities = output["pred_logits"].float().sigmoid().cpu().numpy()
        boxes = output["pred_boxes"].float().cpu().numpy()
        return [
            read_boxes(
                probabilities[place],
                boxes[place],
                self._tokens(job.caption),
                prompts[job.image],
                sizes[place],
                self._thresholds,
            )
            for place, job in enumerate(jobs)
        ]

    def _tokens(self, caption: Caption) -> CaptionTokens:
        tokenizer = self._network.tokenizer
        read = tokenizer(caption.text, return_offsets_mapping=True)
        tokens = tokenizer.convert_ids_to_tokens(read["input_ids"])
        return CaptionTokens(caption, tuple(tokens), tuple((start, end) for start, end in read["offset_mapping"]))


def build(options: GroundingDinoPyOptions, device: torch.device) -> Any:
    """The network of a configuration with its text backbone, all else random. Raises RecipeError."""
    logging.disable_progress_bar()
    bert = local_path(options.bert_source())
    # The package prints what it does, and imports what its own dependencies warn of.
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
        bert_for_groundingdino.install()
        from groundingdino.models import build_model
        from groundingdino.util.slconfig import SLConfig

        config = SLConfig.fromfile(str(_config_file(options.config)))
        config.device = device.type
        config.text_encoder_type = str(bert)
        config.use_checkpoint = config.use_transformer_ckpt = False
        return build_model(config)


def _config_file(config: str) -> Path:
    if config.endswith(".py"):
        return Path(config).expanduser()
    package = find_spec("groundingdino")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / "config"
    path = folder / f"{config}.py"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("Grounding*.py")))
        raise RecipeError(f"detect.groundingdino_py.config={config}: no such configuration; there are {known}")
    return path

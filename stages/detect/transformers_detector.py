"""Grounding DINO, MM Grounding DINO and OWLv2 in transformers. Imported only when a recipe asks for them.

Images are batched only with images that the processor brings to the same shape, and captions with captions of any
length: what is padded beside an image would change its boxes a little, what is padded behind a caption is masked out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor
from transformers.utils import logging

from manifests.errors import RecipeError
from manifests.vocabulary import DropReason
from manifests.weights import local_path
from stages.detect.boxes import check_finite, pixels_of_corners
from stages.detect.captions import Caption, captions_of
from stages.detect.detector import Detection, Pixels
from stages.detect.options import TransformersOptions
from stages.detect.token_labels import CaptionTokens, Thresholds, read_boxes
from stages.detect.torch_device import pick_device

TOKEN_MODELS = ("grounding-dino", "mm-grounding-dino")
QUERY_MODELS = ("owlv2", "owlvit")
OWL_PROMPT = "a photo of a {}"
"""The template of OWL-ViT (arXiv 2205.06230, appendix) that its published checkpoints expect."""


@dataclass(frozen=True)
class Job:
    """One forward pass of one image: its number, its pixels as the network takes them, and some of its prompts."""

    image: int
    pixels: torch.Tensor
    caption: Caption


class TransformersDetector:
    """Finds what prompts name; the model's own type decides how they are written."""

    def __init__(self, options: TransformersOptions, name: str, min_score: float, together: int | None) -> None:
        """`min_score`: least score of a recorded box; `together`: most prompts in one caption, None: all that fit."""
        self.name = name
        self._options, self._together = options, together
        self._thresholds = Thresholds(min_score, options.box_threshold, options.text_threshold)

    def open(self) -> None:
        """Load processor and model. Raises RecipeError without the files, or for a model of another type."""
        logging.disable_progress_bar()
        folder = local_path(self._options.source())
        self._device = pick_device(self._options.device)
        self._dtype: torch.dtype = getattr(torch, self._options.dtype)
        self._processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)
        model = AutoModelForZeroShotObjectDetection.from_pretrained(folder, local_files_only=True, dtype=self._dtype)
        self._type = str(model.config.model_type)
        if self._type not in (*TOKEN_MODELS, *QUERY_MODELS):
            raise RecipeError(
                f"{self._options.model}: a {self._type} model is not supported; the backend transformers runs "
                f"{', '.join((*TOKEN_MODELS, *QUERY_MODELS))}"
            )
        self._model: Any = model.to(self._device).eval()

    def __call__(self, images: Sequence[Pixels], prompts: Sequence[Sequence[str]]) -> list[list[Detection]]:
        """Detections of each image for its prompts, most confident first. Raises FloatingPointError."""
        found: list[list[Detection]] = [[] for _ in images]
        detect = self._by_tokens if self._type in TOKEN_MODELS else self._by_queries
        for jobs in self._batches(list(self._jobs(images, prompts))):
            sizes = [(images[job.image].shape[1], images[job.image].shape[0]) for job in jobs]
            for job, detections in zip(jobs, detect(jobs, sizes, prompts), strict=True):
                found[job.image] += detections
        return [sorted(each, key=lambda one: (-one.score, one.box_xyxy_px, one.label)) for each in found]

    def _jobs(self, images: Sequence[Pixels], prompts: Sequence[Sequence[str]]) -> Iterator[Job]:
        for number, (image, asked) in enumerate(zip(images, prompts, strict=True)):
            captions = self._captions(asked)
            if captions:
                pixels = self._network_pixels(image)
                for caption in captions:
                    yield Job(number, pixels, caption)

    def _network_pixels(self, image: Pixels) -> torch.Tensor:
        # An image of one or three rows could as well be channels first, and would be taken for that.
        read = self._processor.image_processor(
            images=image.copy(), input_data_format="channels_last", return_tensors="pt"
        )
        pixels: torch.Tensor = read["pixel_values"][0]
        return pixels

    def _captions(self, prompts: Sequence[str]) -> list[Caption]:
        if self._type in QUERY_MODELS:
            together = self._together or max(len(prompts), 1)
            return [
                Caption("", tuple(range(start, min(start + together, len(prompts)))), ())
                for start in range(0, len(prompts), together)
            ]
        limit = min(self._options.max_text_tokens, self._model.config.max_text_len)
        return captions_of(prompts, self._token_count, limit, self._together)

    def _token_count(self, text: str) -> int:
        return len(self._processor.tokenizer(text)["input_ids"])

    def _batches(self, jobs: Sequence[Job]) -> Iterator[list[Job]]:
        """Jobs of one shape; of a model with queries also of equally many prompts."""
        groups: defaultdict[tuple[object, ...], list[Job]] = defaultdict(list)
        for job in jobs:
            queries = len(job.caption.places) if self._type in QUERY_MODELS else 0
            groups[*job.pixels.shape, queries].append(job)
        for group in groups.values():
            for start in range(0, len(group), self._options.batch):
                yield group[start : start + self._options.batch]

    def _pixels(self, jobs: Sequence[Job]) -> torch.Tensor:
        return torch.stack([job.pixels for job in jobs]).to(self._device, self._dtype)

    def _by_tokens(
        self, jobs: Sequence[Job], sizes: Sequence[tuple[int, int]], prompts: Sequence[Sequence[str]]
    ) -> list[list[Detection]]:
        tokenizer = self._processor.tokenizer
        read = tokenizer(
            [job.caption.text for job in jobs],
            padding=True,
            return_tensors="pt",
            return_token_type_ids=True,
            return_offsets_mapping=True,
        )
        offsets = read.pop("offset_mapping").tolist()
        lengths = read["attention_mask"].sum(dim=1).tolist()
        with torch.inference_mode():
            output = self._model(pixel_values=self._pixels(jobs), **read.to(self._device))
        probabilities = output.logits.float().sigmoid().cpu().numpy()
        boxes = output.pred_boxes.float().cpu().numpy()
        return [
            read_boxes(
                probabilities[place],
                boxes[place],
                CaptionTokens(
                    job.caption,
                    tuple(tokenizer.convert_ids_to_tokens(read["input_ids"][place][: lengths[place]].tolist())),
                    tuple((start, end) for start, end in offsets[place][: lengths[place]]),
                ),
                prompts[job.image],
                sizes[place],
                self._thresholds,
            )
            for place, job in enumerate(jobs)
        ]

    def _by_queries(
        self, jobs: Sequence[Job], sizes: Sequence[tuple[int, int]], prompts: Sequence[Sequence[str]]
    ) -> list[list[Detection]]:
        texts = [[OWL_PROMPT.format(prompts[job.image][place]) for place in job.caption.places] for job in jobs]
        read = self._processor.tokenizer(
            [text for each in texts for text in each],
            padding="max_length",
            truncation=True,
            max_length=self._model.config.text_config.max_position_embeddings,
            return_tensors="pt",
        ).to(self._device)
        with torch.inference_mode():
            output = self._model(pixel_values=self._pixels(jobs), **read)
        check_finite([float(output.logits.float().sum()), float(output.pred_boxes.float().sum())])
        results = self._processor.post_process_grounded_object_detection(
            output,
            threshold=self._thresholds.record,
            target_sizes=torch.tensor([(height, width) for width, height in sizes], device=self._device),
        )
        return [
            self._answers(result, job, prompts[job.image], size)
            for result, job, size in zip(results, jobs, sizes, strict=True)
        ]

    def _answers(
        self, result: dict[str, Any], job: Job, prompts: Sequence[str], size: tuple[int, int]
    ) -> list[Detection]:
        found = []
        columns = (result[name].float().cpu().tolist() for name in ("scores", "labels", "boxes"))
        for score, query, corners in zip(*columns, strict=True):
            box_xyxy_px = pixels_of_corners(corners, *size)
            if box_xyxy_px is not None:
                place = job.caption.places[int(query)]
                reason: DropReason | None = None if score >= self._thresholds.box else "low-detector-score"
                found.append(Detection(prompts[place], round(score, 4), box_xyxy_px, reason, prompt=place))
        return found

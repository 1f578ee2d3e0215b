"""YOLOE, YOLO-World and closed YOLO in ultralytics (AGPL-3.0). Imported only when a recipe asks for them.

The network is called directly: ultralytics' own predictor fuses the words into YOLOE's head at its first picture, so
that no other words could be asked for afterwards. Letterbox and non-maximum suppression are ultralytics' own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from manifests.errors import RecipeError
from manifests.vocabulary import DropReason
from manifests.weights import local_path
from stages.detect.boxes import check_finite, pixels_of_corners
from stages.detect.detector import Detection, Pixels
from stages.detect.options import UltralyticsOptions
from stages.detect.torch_device import pick_device

NMS_IOU = 0.7
"""ultralytics' own: much weaker than `detect.max_iou`, it thins out what the head gives for one thing."""
MOST_BOXES = 300
NO_TIME_LIMIT_S = 3600.0
"""ultralytics' suppression leaves out what it has no time for, which would make results depend on the machine."""
STRIDE_PX = 32


class _Yolo:
    """What all families share: loading, pictures in, boxes out."""

    def __init__(self, options: UltralyticsOptions, name: str, min_score: float) -> None:
        self.name = name
        self._options, self._min_score = options, min_score

    def open(self) -> None:
        """Load the network. Raises RecipeError without its files, or for a task that is not detection."""
        _settle(trust_pickles=self._options.trust_pickles)
        from ultralytics import YOLO

        path = self._path()
        torch.manual_seed(0)
        try:
            model = YOLO(path)
        except TypeError as error:
            raise RecipeError(
                f"{path}: not a checkpoint of ultralytics, or it holds more than a network; set "
                "detect.ultralytics.trust_pickles=true if you trust the file to run code"
            ) from error
        if model.task not in ("detect", "segment"):
            raise RecipeError(f"{self._options.model}: a YOLO for the task {model.task} finds no boxes for detect")
        self._device = pick_device(self._options.device)
        self._numbers = torch.float16 if self._options.half else torch.float32
        self._network: Any = model.model.to(self._device, self._numbers).eval()
        self._prepare()

    def _path(self) -> str:
        if self._options.is_untrained:
            return self._options.model
        path = local_path(self._options.source())
        return str(path / self._options.file if path.is_dir() else path)

    def _prepare(self) -> None:
        """Check the network and load what goes with it."""

    def _boxes(self, images: Sequence[Pixels], names: Sequence[str]) -> list[list[Detection]]:
        """Detections of each image, most confident first, labelled by the network's class numbers."""
        found: list[list[Detection]] = [[] for _ in images]
        for places, batch in self._batches(images):
            for place, boxes in zip(places, self._forward(batch, len(names)), strict=True):
                found[place] = self._read(boxes, batch.shape[2:], images[place], names)
        return found

    def _batches(self, images: Sequence[Pixels]) -> Iterator[tuple[list[int], torch.Tensor]]:
        """Numbers of images that the letterbox brings to one shape, and their pixels."""
        from ultralytics.data.augment import LetterBox

        letterbox = LetterBox((self._options.image_size,) * 2, auto=True, stride=STRIDE_PX)
        shapes: defaultdict[tuple[int, ...], list[tuple[int, Pixels]]] = defaultdict(list)
        for place, image in enumerate(images):
            boxed = letterbox(image=image)
            shapes[boxed.shape].append((place, boxed))
        for group in shapes.values():
            for start in range(0, len(group), self._options.batch):
                part = group[start : start + self._options.batch]
                pixels = np.stack([boxed for _, boxed in part]).transpose(0, 3, 1, 2)
                yield [place for place, _ in part], torch.from_numpy(np.ascontiguousarray(pixels))

    def _forward(self, batch: torch.Tensor, classes: int) -> list[torch.Tensor]:
        from ultralytics.utils import nms

        with torch.inference_mode():
            raw = self._network(batch.to(self._device, self._numbers) / 255)
            while isinstance(raw, (tuple, list)):
                raw = raw[0]
            check_finite([float(raw.float().sum())])
            boxes: list[torch.Tensor] = nms.non_max_suppression(
                raw.float(),
                self._min_score,
                NMS_IOU,
                nc=classes,
                max_det=MOST_BOXES,
                max_time_img=NO_TIME_LIMIT_S,
                end2end=getattr(self._network, "end2end", False),
            )
        return boxes

    def _read(self, boxes: torch.Tensor, shape: Sequence[int], image: Pixels, names: Sequence[str]) -> list[Detection]:
        from ultralytics.utils import ops

        scaled = ops.scale_boxes(shape, boxes[:, :4].cpu().clone(), image.shape[:2])
        found = []
        for corners, (score, number) in zip(scaled.tolist(), boxes[:, 4:6].tolist(), strict=True):
            box_xyxy_px = pixels_of_corners(corners, image.shape[1], image.shape[0])
            if box_xyxy_px is not None and score >= self._min_score:
                sure = score >= self._options.box_threshold
                reason: DropReason | None = None if sure else "low-detector-score"
                found.append(Detection(names[int(number)], round(score, 4), box_xyxy_px, reason))
        return sorted(found, key=lambda one: (-one.score, one.box_xyxy_px, one.label))


class ClosedYolo(_Yolo):
    """A YOLO with the labels that it was trained on."""

    def _prepare(self) -> None:
        from ultralytics.nn.tasks import WorldModel, YOLOEModel

        prompt_free = hasattr(self._network.model[-1], "lrpc")
        if isinstance(self._network, (WorldModel, YOLOEModel)) and not prompt_free:
            raise RecipeError(
                f"{self._options.model}: an open-vocabulary model needs the words' embeddings; set "
                "detect.ultralytics.embeddings or detect.ultralytics.text_encoder"
            )
        self._names = [str(name) for _, name in sorted(dict(self._network.names).items())]

    def __call__(self, images: Sequence[Pixels], prompts: Sequence[Sequence[str]] = ()) -> list[list[Detection]]:
        """Detections of each image, most confident first. Raises FloatingPointError."""
        return self._boxes(images, self._names)


class OpenYolo(_Yolo):
    """YOLOE or YOLO-World, told what to look for through the embeddings of the words."""

    def _prepare(self) -> None:
        from ultralytics.nn.tasks import WorldModel, YOLOEModel

        if not isinstance(self._network, (WorldModel, YOLOEModel)) or hasattr(self._network.model[-1], "lrpc"):
            raise RecipeError(
                f"{self._options.model}: its labels are fixed, so that it takes neither embeddings nor a text_encoder"
            )
        self._is_world = isinstance(self._network, WorldModel)
        source = self._options.text_source()
        assert source is not None
        self._known: dict[str, torch.Tensor] = {}
        self._encoder: Any = None
        if self._options.embeddings is not None:
            self._known = _read_embeddings(local_path(source))
        else:
            self._encoder = self._open_encoder(local_path(source))

    def __call__(self, images: Sequence[Pixels], prompts: Sequence[Sequence[str]]) -> list[list[Detection]]:
        """Detections of each image for its prompts, most confident first. Raises FloatingPointError, LookupError."""
        found: list[list[Detection]] = [[] for _ in images]
        groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, asked in enumerate(prompts):
            if asked:
                groups[tuple(asked)].append(place)
        for asked, places in groups.items():
            self._ask_for(asked)
            for place, detections in zip(places, self._boxes([images[place] for place in places], asked), strict=True):
                found[place] = [_answering(detection, asked) for detection in detections]
        return found

    def _ask_for(self, words: Sequence[str]) -> None:
        embeddings = self._embed(words).to(self._device, self._numbers)
        if self._is_world:
            self._network.txt_feats = embeddings
            self._network.model[-1].nc = len(words)
        else:
            self._network.set_classes(list(words), embeddings)

    def _embed(self, words: Sequence[str]) -> torch.Tensor:
        """Embeddings [1, words, dimensions], each word's computed or looked up once."""
        new = [word for word in words if word not in self._known]
        if new and self._encoder is None:
            raise LookupError(
                f"{self._options.embeddings}: holds no embedding of {new[0]!r}; add it, or set a text_encoder"
            )
        if new:
            with torch.inference_mode():
                features = self._encoder.encode_text(self._encoder.tokenize(new)).reshape(1, len(new), -1)
                features = features.to(self._numbers)
                features = features if self._is_world else self._network.model[-1].get_tpe(features)
            self._known |= {word: features[0, place].float().cpu() for place, word in enumerate(new)}
        return torch.stack([self._known[word] for word in words])[None]

    def _open_encoder(self, file: Path) -> Any:
        from ultralytics.nn.text_model import CLIP, MobileCLIPTS

        return CLIP(str(file), self._device) if self._is_world else MobileCLIPTS(self._device, str(file))


def _answering(detection: Detection, asked: Sequence[str]) -> Detection:
    return Detection(
        detection.label,
        detection.score,
        detection.box_xyxy_px,
        detection.drop_reason,
        prompt=asked.index(detection.label),
    )


def _read_embeddings(file: Path) -> dict[str, torch.Tensor]:
    """Embeddings by word. Raises RecipeError for a file of another form."""
    try:
        with np.load(file, allow_pickle=False) as data:
            names, vectors = [str(name) for name in data["names"]], np.asarray(data["embeddings"], dtype=np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise RecipeError(f"{file}: not an .npz file of names and embeddings ({error}); write it anew") from error
    if vectors.ndim != 3 or vectors.shape[:2] != (1, len(names)) or not np.isfinite(vectors).all():
        raise RecipeError(f"{file}: embeddings should be finite and [1, {len(names)}, dimensions]; write it anew")
    return {name: torch.from_numpy(vectors[0, place].copy()) for place, name in enumerate(names)}


def _settle(*, trust_pickles: bool) -> None:
    """Before ultralytics is imported: no network, nothing installed or written to the user's folders, safe loading."""
    os.environ.update(YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", YOLO_VERBOSE="false")
    os.environ["ULTRALYTICS_SAFE_LOAD"] = "false" if trust_pickles else "true"
    if "YOLO_CONFIG_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="annotate-ultralytics-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["YOLO_CONFIG_DIR"] = folder

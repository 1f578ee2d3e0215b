"""Quality scores of one region by every metric whose parameters are on this machine.

NIQE and BRISQUE run in pyiqa on parameters that other packages carry (`stages.score.packaged`). Without them the metric
is left out, and the reason told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from annotate.doctor import check_requirements
from manifests.errors import RecipeError
from manifests.records import BoxXYXYPx, ImageRecord, Region
from stages.measure import Measure
from stages.score import ScoreConfig, ScoreStage
from stages.score.grades import GRADES
from stages.score.packaged import PACKAGED
from stages.score.score import PACKAGES
from stages.stage import Stage

METRICS = ("evidence", "piqe", "niqe", "brisque")


@dataclass(frozen=True)
class Scorer:
    """A metric: `badness` of a region of an image grows as its quality falls, whatever the metric's own direction."""

    name: str
    badness: Callable[[ImageRecord], float]


def installed_scorers() -> tuple[list[Scorer], dict[str, str]]:
    """The scorers that can run here, in a fixed order, and why the others were left out."""
    found: list[Scorer] = []
    left_out: dict[str, str] = {}
    for metric in METRICS:
        stage = ScoreStage(ScoreConfig(metric=metric, weights=PACKAGES if metric in PACKAGED else None))
        try:
            check_requirements([stage])
            stage.open()
        except RecipeError as error:
            left_out[metric] = str(error)
        else:
            found.append(_scorer(metric, stage))
    return found, left_out


def row_of(content: bytes, image_id: str, box_xyxy_px: BoxXYXYPx, width: int, height: int) -> ImageRecord:
    """An image with the one region that is to be scored."""
    region = Region(region_id=1, label="region", phrase="region", box_xyxy_px=box_xyxy_px, source="planted")
    return ImageRecord(image_id=image_id, uri=image_id, content=content, width=width, height=height, regions=[region])


def _scorer(metric: str, stage: ScoreStage) -> Scorer:
    """The product's own way to score; evidence measures the image with the region in it before."""
    grades = GRADES[metric]
    stages: list[Stage] = [stage]
    if metric == "evidence":
        measure = Measure()
        measure.open()
        stages = [measure, stage]

    def badness(row: ImageRecord) -> float:
        for each in stages:
            each([row])
        score = row.regions[0].iqa_score
        assert score is not None
        return score if grades.lower_better else -score

    return Scorer(metric, badness)

"""Options of the filter stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stages.mllm.options import ModelOptions


class FilterConfig(ModelOptions):
    """Options of `filter`: what both rules share, the detect-first rule, and the text-first rule (with `agreement`).

    The options of a language model count for the agreement `mllm` alone.
    """

    min_detector_score: float = Field(default=0.4, ge=0, le=1)
    """Objects below this confidence are dropped: a wrong name spoils a true sentence."""
    min_side_px: float = Field(default=12, ge=0)
    """Shortest side of a region that can be pointed at."""
    min_area: float = Field(default=0.002, ge=0, le=1)
    """Smallest area of a region, as a share of the image."""
    whole_image_area: float = Field(default=0.95, gt=0, le=1)
    """A box with at least this share of the image's area is the image, not a region of it."""
    same_object_iou: float = Field(default=0.8, gt=0, le=1)
    """Detect-first: boxes of different labels that overlap more than this are one object; the better one stays."""
    min_severity: int = Field(default=1, ge=1, le=5)
    """Detect-first: severity from which a distortion alone keeps a region."""
    margin: dict[str, float] = Field(default={"evidence": 0.15, "piqe": 15.0})
    """Difference from the image's score, by metric and in its unit, from which a region stands out. Of a metric that is
    not named: a quarter of the distance from the border of excellent to that of bad."""
    max_salient: int = Field(default=4, ge=0)
    """Detect-first: most objects that stay for their salience alone."""
    max_regions: int = Field(default=8, ge=1)
    """Detect-first: most regions of an image that stay at all."""
    agreement: Literal["evidence", "score", "mllm"] | None = None
    """Text-first: what tells whether a box shows what the text says of its phrase. `evidence`: what was measured there.
    `score`: the quality score of the crop. `mllm`: a model that is shown the crop, as in Grounding-IQA. Empty: the
    detect-first rule."""
    agreement_prompt: Literal["algorithm", "prose"] = "algorithm"
    """`mllm`: the question as the paper's Algorithm 1 prints it ("Is the image quality clear?"), or as its prose does
    ("Is the image quality is clear?")."""
    crop_padding: float = Field(default=0.0, ge=0, le=1)
    """`mllm`: how much of its sides a box is widened by on each side before it is shown."""
    crop_min_side_px: int = Field(default=64, ge=1)
    """`mllm`: smaller boxes are shown with so much of what surrounds them."""
    only_several: bool = True
    """Text-first: judge only where a phrase has several boxes (Grounding-IQA's prose); false: every box (its
    Algorithm 1 as printed)."""
    min_agreement: float = Field(default=0.5, ge=0, le=1)
    """Text-first: a box whose agreement is lower does not show what the text means."""
    none_agrees: Literal["keep-best", "drop"] = "keep-best"
    """Text-first: where no box of a phrase agrees, keep the one that agrees most, or leave the phrase without boxes."""
    match_places: bool = False
    """Text-first: drop boxes that lie elsewhere than the phrase says ("on the left", "in the distance"). For detectors
    that match the noun alone; one that is prompted with the phrase has read it."""
    one_for_singular: bool = False
    """Text-first: a phrase in the singular keeps only the most salient of the boxes that are left."""

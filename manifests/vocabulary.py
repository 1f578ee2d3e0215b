"""Closed lists: every word that a table may hold where a table does not hold free text."""

from __future__ import annotations

from typing import Literal, get_args

Outcome = Literal["ok", "filtered", "failed", "duplicate"]
"""What became of an input image. Every input has exactly one (`reason` stands beside it)."""

Family = Literal[
    "blur",
    "noise",
    "compression",
    "brighten",
    "darken",
    "contrast-weaken",
    "contrast-strengthen",
    "saturation-weaken",
    "saturation-strengthen",
    "oversharpen",
    "pixelate",
    "quantise",
]
"""The twelve distortion families of DQ-495K (DepictQA-Wild, arXiv 2405.18842)."""

FAMILIES: tuple[Family, ...] = get_args(Family)

DISTORTIONS: dict[Family, tuple[str, ...]] = {
    "blur": ("blur-gaussian", "blur-motion", "blur-glass", "blur-lens", "blur-zoom", "blur-jitter"),
    "noise": (
        "noise-gaussian-rgb",
        "noise-gaussian-ycrcb",
        "noise-speckle",
        "noise-spatially-correlated",
        "noise-poisson",
        "noise-impulse",
    ),
    "compression": ("compression-jpeg", "compression-jpeg-2000"),
    "brighten": ("brighten-shift-hsv", "brighten-shift-rgb", "brighten-gamma-hsv", "brighten-gamma-rgb"),
    "darken": ("darken-shift-hsv", "darken-shift-rgb", "darken-gamma-hsv", "darken-gamma-rgb"),
    "contrast-weaken": ("contrast-weaken-scale", "contrast-weaken-stretch"),
    "contrast-strengthen": ("contrast-strengthen-scale", "contrast-strengthen-stretch"),
    "saturation-weaken": ("saturation-weaken-hsv", "saturation-weaken-ycrcb"),
    "saturation-strengthen": ("saturation-strengthen-hsv", "saturation-strengthen-ycrcb"),
    "oversharpen": ("oversharpen",),
    "pixelate": ("pixelate",),
    "quantise": ("quantise-otsu", "quantise-median-cut", "quantise-histogram"),
}
"""Names of the 35 distortions of DQ-495K by family, as `stages.distort` plants them. Names are unique."""

SEVERITY_WORDS = {1: "slight", 2: "mild", 3: "moderate", 4: "severe", 5: "extreme"}
"""Severity 1-5 in words."""

RegionSource = Literal["detector", "quality-map", "text", "planted"]

DropReason = Literal[
    "low-detector-score",
    "not-confirmed",
    "too-small",
    "whole-image",
    "not-salient",
    "disagrees-with-claim",
    "over-limit",
    "merged",
    "overlaps-better",
    "elsewhere",
    "not-in-text",
    "not-in-vocabulary",
    "empty-label",
    "merged-label",
    "fragment-label",
]
"""Why a region was kept out of the labels. The region itself stays in the table."""

Effect = Literal["no impact", "positive", "negative"]
"""T_e of Grounding-IQA (arXiv 2411.17237, section 3.2, stage 1)."""

PhraseDropReason = Literal[
    "whole-image",
    "non-critical",
    "no-quality",
    "not-in-text",
    "repeated",
    "over-limit",
    "no-box",
    "no-fit-box",
    "disagrees-with-claim",
    "contradicted",
]
"""Why a phrase of a given text gets no boxes: what `extract` leaves out, what `detect` does not find, and what `filter`
and `check` leave without a box. The phrase itself stays in the record."""

QuestionFamily = Literal["yes-no", "what", "why", "how", "refer-short", "refer-long", "ground"]

Spatial = Literal["none", "referring", "grounding"]
"""Where the boxes of a VQA pair stand: nowhere, in the question, in the answer."""

Level = Literal["global", "local"]

QUALITY_WORDS = ("bad", "poor", "fair", "good", "excellent")
"""ITU-T five-grade scale, worst first: the words of `regions.quality`."""

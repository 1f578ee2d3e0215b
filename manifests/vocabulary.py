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
]
"""Why a region was kept out of the labels. The region itself stays in the table."""

Effect = Literal["no impact", "positive", "negative"]
"""T_e of Grounding-IQA (arXiv 2411.17237, section 3.2, stage 1)."""

QuestionFamily = Literal["yes-no", "what", "why", "how", "refer-short", "refer-long", "ground"]

Spatial = Literal["none", "referring", "grounding"]
"""Where the boxes of a VQA pair stand: nowhere, in the question, in the answer."""

Level = Literal["global", "local"]

QUALITY_WORDS = ("bad", "poor", "fair", "good", "excellent")
"""ITU-T five-grade scale, worst first: the words of `regions.quality`."""

"""Agreement by evidence: what was measured in a box against the words that the text has for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from manifests.records import Attributes, Distortion
from manifests.vocabulary import Family
from stages.filter.agreement import Case
from stages.filter.by_score import goodness_of_score
from stages.language.evidence import MIDDLE_CONTRAST, NO_BLOCKS
from stages.language.quality_words import Saying, sayings
from stages.measure import scales

RAMPS: dict[Family, tuple[tuple[str, float, float], ...]] = {
    "blur": (("sharpness", scales.BLURRED, scales.CRISP),),
    "noise": (("noise", scales.VERY_NOISY, scales.CLEAN),),
    "compression": (("compression", 2 * scales.BLOCKY, NO_BLOCKS),),
    "brighten": (
        ("overexposed", 2 * scales.CLIPPED, scales.WELL_EXPOSED_CLIPPED),
        ("luminance", scales.VERY_BRIGHT + 0.1, scales.BRIGHT),
    ),
    "darken": (
        ("underexposed", 2 * scales.CLIPPED, scales.WELL_EXPOSED_CLIPPED),
        ("luminance", scales.DARK / 2, scales.DIM + 0.1),
    ),
    "contrast-weaken": (("contrast", scales.LOW_CONTRAST / 2, scales.HIGH_CONTRAST),),
    "contrast-strengthen": (("contrast", 1.0, MIDDLE_CONTRAST),),
    "saturation-weaken": (("saturation", scales.GREY, scales.COLOURFUL),),
    "saturation-strengthen": (("saturation", 0.8, scales.VIVID),),
    "pixelate": (("pixelation", scales.PIXELATED, 0.0),),
}
"""Attributes that tell how free of a family a box is: worst value (0), best value (1), linear between. The worst of
several attributes counts. What has no entry is known only where it was recognised."""

RECOGNISED = 0.4
"""How free of a family a box is at most where the family was recognised at severity 1; 0.1 less for each step more."""


class EvidenceJudge:
    """Mean over the words of T_q: a word of praise agrees as far as the box is free of what it denies."""

    def open(self) -> None:
        """Nothing to load."""

    def __call__(self, cases: Sequence[Case]) -> list[float | None]:
        """Agreement of each case; None where nothing that its words speak of was measured."""
        return [_agreement(case) for case in cases]


def _agreement(case: Case) -> float | None:
    found = [(saying, _goodness(case, saying)) for saying in sayings(case.phrase.quality) if saying.polarity]
    agreements = [good if saying.polarity > 0 else 1 - good for saying, good in found if good is not None]
    return float(np.mean(agreements)) if agreements else None


def _goodness(case: Case, saying: Saying) -> float | None:
    """How good the box is in what one word speaks of, 0-1: by its families, or by its score for words without any."""
    if not saying.families:
        return goodness_of_score(case)
    region = case.region
    free = [freedom(region.attributes or Attributes(), region.distortions, family) for family in saying.families]
    return min((each for each in free if each is not None), default=None)


def freedom(attributes: Attributes, distortions: Sequence[Distortion], family: Family) -> float | None:
    """How free of a family an area is, 0-1; None where nothing was measured that would tell."""
    ramps = [_ramp(getattr(attributes, name), worst, best) for name, worst, best in RAMPS.get(family, ())]
    measured = [value for value in ramps if value is not None]
    recognised = [RECOGNISED - 0.1 * (each.severity - 1) for each in distortions if each.family == family]
    return min([*measured, *recognised], default=None)


def _ramp(value: float | None, worst: float, best: float) -> float | None:
    return None if value is None else float(np.clip((value - worst) / (best - worst), 0, 1))

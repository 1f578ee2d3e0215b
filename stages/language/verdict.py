"""Quality in one of the five words: the score's word, held inside the bounds that the evidence allows."""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import Score
from manifests.vocabulary import QUALITY_WORDS, Family
from stages.language.evidence import Evidence
from stages.language.virtues import is_soft, shows_detail
from stages.score import quality_word
from stages.score.grades import GRADES

BAD, POOR, FAIR, GOOD, EXCELLENT = range(5)
"""Indices into QUALITY_WORDS."""

TASTE: frozenset[Family] = frozenset(
    {"contrast-weaken", "contrast-strengthen", "saturation-weaken", "saturation-strengthen"}
)
"""Families that change the look more than they destroy information: they weigh one grade less."""

BOUNDS = {0: (FAIR, EXCELLENT), 1: (FAIR, GOOD), 2: (POOR, GOOD), 3: (POOR, FAIR), 4: (BAD, POOR), 5: (BAD, POOR)}
"""Lowest and highest grade that agree with the worst severity."""

USUAL = {1: GOOD, 2: FAIR, 3: POOR, 4: POOR, 5: BAD}
"""Grade by the worst severity where no score says more."""

ALL_VIRTUES_THAT_COUNT = frozenset({"sharp", "clean", "well-exposed"})


def weight(evidence: Evidence) -> int:
    """The severity that counts, 0-5: the worst one, families of taste one grade less."""
    return max(
        (max(1, found.severity - 1) if found.family in TASTE else found.severity for found in evidence.distortions),
        default=0,
    )


def quality_of(evidence: Evidence, scored: str | None) -> str | None:
    """The quality of one thing. `scored` is the word of its score, if it has one.

    None when nothing was found wrong, too little could be judged to praise it, and there is no score.
    """
    low, high = _bounds(evidence)
    grade = QUALITY_WORDS.index(scored) if scored else _unscored(evidence)
    return None if grade is None else QUALITY_WORDS[min(max(grade, low), high)]


def _bounds(evidence: Evidence) -> tuple[int, int]:
    """Lowest and highest grade that agree with the evidence: praise without reserve needs all that counts."""
    low, high = BOUNDS[weight(evidence)]
    if is_soft(evidence) or evidence.is_rough():
        return min(low, FAIR), min(high, FAIR)
    if not set(evidence.virtues()) >= ALL_VIRTUES_THAT_COUNT:
        return low, min(high, GOOD)
    return low, high


def quality_of_image(image: Evidence, parts: Sequence[tuple[Evidence, float]], scores: Sequence[Score]) -> str | None:
    """The quality of the image: its own, held down by distorted regions according to their share of the image (0-1).

    Distorted regions that together take a tenth of the image count fully, a fiftieth one grade less, others two.
    """
    own = quality_of(image, _word_of(scores))
    grades = [QUALITY_WORDS.index(own)] if own else []
    for severity in {weight(evidence) for evidence, _ in parts} - {0}:
        share = sum(share for evidence, share in parts if weight(evidence) >= severity)
        relief = 0 if share >= 0.10 else 1 if share >= 0.02 else 2
        grades.append(min(GOOD, BOUNDS[severity][1] + relief))
    return QUALITY_WORDS[min(grades)] if grades else None


def _word_of(scores: Sequence[Score]) -> str | None:
    """The word of the first score whose metric has grades."""
    graded = (score for score in scores if score.borders is not None or score.metric in GRADES)
    return next((quality_word(score.metric, score.value, score.borders) for score in graded), None)


def _unscored(evidence: Evidence) -> int | None:
    severity = weight(evidence)
    if severity:
        return USUAL[severity]
    virtues = set(evidence.virtues())
    if virtues >= ALL_VIRTUES_THAT_COUNT and shows_detail(evidence):
        return EXCELLENT
    if "sharp" in virtues and len(virtues) >= 2:
        return GOOD
    return None

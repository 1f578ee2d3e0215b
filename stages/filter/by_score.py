"""Agreement by score: the quality score of the crop against the polarity of the words that the text has for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stages.filter.agreement import Case
from stages.language.quality_words import polarity_of, sayings
from stages.score.grades import grades_of

POLARITY_OF_EFFECT = {"positive": 1, "no impact": 0, "negative": -1}
"""What stands in for T_q where none of its words is in the lexicon."""


class ScoreJudge:
    """Praise agrees as far as the crop is good on the metric's five grades, blame as far as it is bad."""

    def open(self) -> None:
        """Nothing to load: the crops were scored by the `score` stage."""

    def __call__(self, cases: Sequence[Case]) -> list[float | None]:
        """Agreement of each case; None for words that neither praise nor blame."""
        return [_agreement(case) for case in cases]


def _agreement(case: Case) -> float | None:
    words = sayings(case.phrase.quality)
    polarity = polarity_of(words) if words else POLARITY_OF_EFFECT[case.phrase.effect]
    good = goodness_of_score(case)
    if polarity == 0 or good is None:
        return None
    return good if polarity > 0 else 1 - good


def goodness_of_score(case: Case) -> float | None:
    """The box's score on the five grades, 0-1: the borders between them lie at 0.2, 0.4, 0.6 and 0.8.

    None where the box has no score. Raises ValueError for a metric without grades.
    """
    if case.region.iqa_score is None or not case.row.scores:
        return None
    score = case.row.scores[0]
    grades = grades_of(score.metric, score.borders)
    steps = sorted(zip(grades.bounds, (0.8, 0.6, 0.4, 0.2), strict=True))
    borders, goodness = [bound for bound, _ in steps], [good for _, good in steps]
    borders = [2 * borders[0] - borders[1], *borders, 2 * borders[-1] - borders[-2]]
    goodness = [1.0, *goodness, 0.0] if grades.lower_better else [0.0, *goodness, 1.0]
    return float(np.interp(case.region.iqa_score, borders, goodness))

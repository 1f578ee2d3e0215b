"""By how many alarms thresholds are chosen."""

from __future__ import annotations

import numpy as np
import pytest

from stages.measure.recogniser.proposals import FACTS, Candidate
from stages.measure.recogniser.survey import Found, Surveyed
from stages.measure.recogniser.verifying import alarm, choose_thresholds, share_for

FOLDS = [0, 0, 1, 1]


def view(photo: int, confidence: float, planted: bool) -> Surveyed:
    """A view with one candidate, noise of moderate severity, that lies on what was planted if anything was."""
    candidate = Candidate("noise", np.ones((4, 4), np.bool_), 3.0, 0.5, np.zeros(FACTS, np.float32))
    ious = [0.9] if planted else []
    return Surveyed(
        photo, [{"noise": 3}] if planted else [], [Found(candidate, ious, ious, float(planted))], [confidence]
    )


def views(loudest_untouched: dict[int, float]) -> list[Surveyed]:
    """Planted views of four photographs that are all sure, and 20 untouched ones of each: the surest as given."""
    planted = [view(photo, 0.9, True) for photo in range(4)]
    quiet = [view(photo, 0.1, False) for photo in range(4) for _ in range(19)]
    return [*planted, *quiet, *(view(photo, sure, False) for photo, sure in loudest_untouched.items())]


def test_photographs_that_are_alike_in_their_alarms_bear_many():
    share, expected = share_for(views(dict.fromkeys(range(4), 0.2)), FOLDS, 0.08)
    assert share == 0.1
    assert expected == 0


def test_a_series_with_louder_alarms_than_the_others_costs_alarms_of_the_choice():
    found = views({0: 0.2, 1: 0.2, 2: 0.6, 3: 0.8})
    share, expected = share_for(found, FOLDS, 0.03)
    thresholds = choose_thresholds(found, share)
    assert expected == pytest.approx(0.025)
    assert np.mean([alarm(each, thresholds) for each in found if not each.truths]) <= share


def test_where_nothing_keeps_to_the_wish_the_fewest_alarms_are_chosen():
    share, expected = share_for(views({0: 0.2, 1: 0.2, 2: 0.6, 3: 0.8}), FOLDS, 0.0)
    assert (share, expected) == (0.0, pytest.approx(0.025))


def test_a_family_is_claimed_only_from_where_most_of_its_claims_are_right():
    wrong = [view(0, 0.6, True) for _ in range(8)]
    for each in wrong:
        each.found[0] = Found(each.found[0].candidate, [0.1], [0.1], 0.2)
    right = [view(1, 0.8, True) for _ in range(3)]
    assert 0.6 < choose_thresholds([*wrong, *right], 1.0)["noise"] <= 0.8
    assert choose_thresholds(right, 1.0)["noise"] == 0.3
    assert choose_thresholds(wrong, 1.0)["noise"] > 0.6

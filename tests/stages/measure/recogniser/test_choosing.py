"""Which candidates of one image become claims."""

from __future__ import annotations

import numpy as np

from manifests.vocabulary import FAMILIES, Family
from stages.measure.recogniser.choosing import chosen
from stages.measure.recogniser.proposals import FACTS, Candidate

HALF = dict.fromkeys(FAMILIES, 0.5)


def area(family: Family, top: int, left: int, side: int = 8) -> Candidate:
    cells = np.zeros((30, 40), np.bool_)
    cells[top : top + side, left : left + side] = True
    return Candidate(family, cells, 3.0, 0.5, np.zeros(FACTS, np.float32))


def test_one_area_found_at_several_levels_is_claimed_once():
    found = [area("noise", 4, 4, 6), area("noise", 3, 3, 8), area("noise", 20, 20)]
    assert chosen(found, [0.6, 0.8, 0.7], HALF) == [1, 2]


def test_the_surer_of_two_names_for_a_place_is_claimed():
    found = [area("blur", 4, 4), area("compression", 4, 5)]
    assert chosen(found, [0.6, 0.8], HALF) == [1]


def test_two_names_are_claimed_where_both_are_sure():
    found = [area("blur", 4, 4), area("compression", 4, 5)]
    assert chosen(found, [0.96, 0.97], HALF) == [1, 0]
    assert chosen(found, [0.93, 0.97], HALF) == [1]


def test_a_surer_name_that_must_not_be_claimed_silences_the_others_of_its_place_only():
    found = [area("darken", 4, 4), area("contrast-strengthen", 4, 5), area("contrast-strengthen", 20, 20)]
    assert chosen(found, [0.7, 0.6, 0.6], {**HALF, "darken": 0.9}) == [2]


def test_nothing_below_its_threshold_is_claimed():
    assert chosen([area("noise", 4, 4)], [0.49], HALF) == []
    assert chosen([], [], HALF) == []

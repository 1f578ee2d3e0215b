"""The words of scores."""

from __future__ import annotations

import pytest

from stages.score.grades import check_borders, grades_of, quality_word

WORDS = ["excellent", "good", "fair", "poor", "bad"]


def test_words_follow_the_direction_of_the_metric():
    assert [quality_word("evidence", value) for value in (0.95, 0.8, 0.6, 0.4, 0.1)] == WORDS
    assert [quality_word("piqe", value) for value in (5, 30, 45, 70, 95)] == WORDS


def test_a_metric_without_grades_of_its_own_has_the_fifths_of_its_documented_range():
    assert [quality_word("topiq_nr", value) for value in (0.9, 0.7, 0.5, 0.3, 0.1)] == WORDS
    assert [quality_word("liqe", value) for value in (4.9, 4.0, 3.0, 2.0, 1.0)] == WORDS
    assert [quality_word("brisque", value) for value in (-5, 45, 75, 100, 160)] == WORDS


def test_the_recipes_borders_come_first():
    assert [quality_word("niqe", value, (3, 4, 6, 9)) for value in (2, 3.5, 5, 7, 12)] == WORDS
    assert [quality_word("of tomorrow", value, (0.8, 0.6, 0.4, 0.2)) for value in (1, 0.7, 0.5, 0.3, 0)] == WORDS
    with pytest.raises(ValueError, match=r"has no grades; give score\.borders"):
        quality_word("of tomorrow", 1.0)


def test_borders_go_one_way():
    assert check_borders((1, 2, 3, 4)) == (1, 2, 3, 4)
    for wrong in ((1, 3, 2, 4), (1, 1, 2, 3), (4, 3, 1, 2)):
        with pytest.raises(ValueError, match="rise all the way"):
            check_borders(wrong)


def test_a_region_stands_out_by_a_quarter_of_the_distance_between_the_outer_borders():
    assert grades_of("piqe").margin == 15
    assert grades_of("topiq_nr").margin == pytest.approx(0.15)
    assert grades_of("niqe", (3, 4, 6, 9)).margin == 1.5

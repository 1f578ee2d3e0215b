from __future__ import annotations

import math

import pytest

from annotate.ground.place import Chi, Place, far_probability


def test_equal_logits_are_the_middle() -> None:
    assert Chi(3.0, 3.0, -1.0, -1.0).place(1.0) == Place(0.5, 0.5)


def test_a_point_is_the_probability_times_the_side() -> None:
    """p(right) = e^0 / (e^ln3 + e^0) = 1/4 and p(bottom) = 3/4, by hand."""
    place = Chi(left=math.log(3), right=0.0, top=0.0, bottom=math.log(3)).place(1.0)
    assert place == Place(0.25, 0.75)
    assert place.point_px(400, 200) == (100.0, 150.0)


def test_the_temperature_divides_the_logits() -> None:
    assert far_probability(2 * math.log(3), 0.0, 2.0) == 0.25
    assert far_probability(4.0, 0.0, 1e6) == 0.5


def test_sure_words_stay_inside_the_image() -> None:
    place = Chi(-1e4, 1e4, 1e4, -1e4).place(0.01)
    assert place == Place(1.0, 0.0)
    assert place.point_px(30, 20) == (29.5, 0.0)


def test_only_differences_count() -> None:
    """So log-probabilities serve as well as logits."""
    assert far_probability(1.0, 2.0, 1.3) == far_probability(-101.0, -100.0, 1.3)


def test_a_temperature_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        far_probability(0.0, 1.0, 0.0)

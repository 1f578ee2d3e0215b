from __future__ import annotations

import math

import pytest

from annotate.ground.place import Chi, Place, Taus, far_probability, taus_for

ONE = Taus(1.0, 1.0)


def test_equal_logits_are_the_middle() -> None:
    assert Chi(3.0, 3.0, -1.0, -1.0).place(ONE) == Place(0.5, 0.5)


def test_a_point_is_the_probability_times_the_side() -> None:
    """p(right) = e^0 / (e^ln3 + e^0) = 1/4 and p(bottom) = 3/4, by hand."""
    place = Chi(left=math.log(3), right=0.0, top=0.0, bottom=math.log(3)).place(ONE)
    assert place == Place(0.25, 0.75)
    assert place.point_px(400, 200) == (100.0, 150.0)


def test_the_temperature_divides_the_logits() -> None:
    assert far_probability(2 * math.log(3), 0.0, 2.0) == 0.25
    assert far_probability(4.0, 0.0, 1e6) == 0.5


def test_sure_words_stay_inside_the_image() -> None:
    place = Chi(-1e4, 1e4, 1e4, -1e4).place(Taus(0.01, 0.01))
    assert place == Place(1.0, 0.0)
    assert place.point_px(30, 20) == (29.5, 0.0)


def test_only_differences_count() -> None:
    """So log-probabilities serve as well as logits."""
    assert far_probability(1.0, 2.0, 1.3) == far_probability(-101.0, -100.0, 1.3)


def test_a_models_own_sureness_sets_the_temperature_of_each_axis() -> None:
    """Medians of |right - left| = 1, 2, 3 and |bottom - top| = 4: the probability of 0.7 is a margin of ln(7 / 3)."""
    chis = [Chi(0.0, margin, 4.0, 0.0) for margin in (1.0, -2.0, 3.0)] * 7
    taus = taus_for(chis)
    assert (taus.horizontal, taus.vertical) == pytest.approx((2 / math.log(7 / 3), 4 / math.log(7 / 3)), abs=1e-4)
    assert chis[1].place(taus) == Place(0.3, 0.3)


def test_too_few_questions_tell_no_sureness() -> None:
    assert taus_for([Chi(0.0, 9.0, 0.0, 9.0)] * 19) == Taus(4.0, 4.0)


def test_a_model_that_is_sure_of_nothing_points_at_the_middle() -> None:
    chis = [Chi(1.0, 1.0, 0.0, 0.0)] * 20
    assert chis[0].place(taus_for(chis)) == Place(0.5, 0.5)


def test_a_temperature_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        far_probability(0.0, 1.0, 0.0)

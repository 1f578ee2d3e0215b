"""What a data-scale curve may claim."""

from __future__ import annotations

import numpy as np
import pytest

from annotate.ablate.fit import PowerLaw, fit_power_law, rises
from annotate.bench.planted.figures import Figure

IMAGES = [100, 200, 400, 800, 1600]


def curve(values: list[float], width: float = 0.005) -> list[Figure]:
    return [Figure(value, value - width, value + width, 100) for value in values]


def test_a_power_law_is_found_again() -> None:
    truth = [1 - (4.0 * images**-0.6 + 0.1) for images in IMAGES]
    law = fit_power_law(IMAGES, curve(truth, 0.002))
    assert isinstance(law, PowerLaw)
    assert law.b == pytest.approx(0.6, abs=0.05)
    assert law.c == pytest.approx(0.1, abs=0.02)
    assert law.b_low < 0.6 < law.b_high
    assert np.allclose(1 - law.error_at(np.asarray(IMAGES, float)), truth, atol=0.01)


def test_noise_and_too_few_points_give_a_sentence_and_no_law() -> None:
    flat = fit_power_law(IMAGES, curve([0.5, 0.52, 0.49, 0.51, 0.5], 0.05))
    assert isinstance(flat, str)
    assert "no power law" in flat
    step = fit_power_law(IMAGES, curve([0.5, 0.72, 0.71, 0.73, 0.72]))
    assert step == "no power law: the error falls once and stays"
    assert "takes 4 scales" in str(fit_power_law(IMAGES[:3], curve([0.5, 0.6, 0.7])))


def test_a_curve_rises_only_when_the_intervals_of_its_ends_lie_apart() -> None:
    assert rises(curve([0.5, 0.7], 0.05))
    assert not rises(curve([0.5, 0.55], 0.05))
    assert not rises(curve([0.7, 0.5], 0.05))

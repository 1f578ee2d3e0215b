"""Means, rank correlations and intervals."""

from __future__ import annotations

import pytest

from annotate.bench.planted.figures import Figure, Item, Pair, mean_figure, rank_figure, rank_value, spearman


def items(values: dict[str, list[float]]) -> list[Item]:
    return [Item("recall", photo, value) for photo, found in values.items() for value in found]


def test_the_mean_counts_items_and_the_interval_photos() -> None:
    figure = mean_figure(items({"a": [1, 1, 1], "b": [0]}), seed=0)
    assert (figure.value, figure.n) == (0.75, 4)
    assert (figure.low, figure.high) == (0.0, 1.0), "two photos: a draw may hold either alone"


def test_many_items_of_one_photo_are_one_observation() -> None:
    kin = mean_figure(items({f"photo-{number}": [number % 2] * 10 for number in range(10)}), seed=0)
    strangers = mean_figure(items({f"photo-{number}": [number % 2] for number in range(100)}), seed=0)
    assert kin.value == strangers.value == 0.5
    assert kin.high is not None
    assert strangers.high is not None
    assert kin.high - 0.5 > 2 * (strangers.high - 0.5)


def test_equal_seeds_give_equal_intervals() -> None:
    values = items({"a": [1, 0], "b": [1, 1], "c": [0, 0]})
    assert mean_figure(values, seed=4) == mean_figure(values, seed=4)


def test_nothing_to_count_has_no_value() -> None:
    assert mean_figure([], seed=0) == Figure(None, None, None, 0)
    assert str(mean_figure([], seed=0)) == "-"


def test_spearman_by_hand() -> None:
    assert spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(1 - 6 * 4 / (5 * 24))
    assert spearman([1, 2, 3], [10, 20, 400]) == pytest.approx(1)
    assert spearman([1, 1, 2], [1, 2, 3]) == pytest.approx(3**0.5 / 2), "equal values share their mean rank"


def test_a_constant_has_no_rank_correlation() -> None:
    assert spearman([3, 3, 3], [1, 2, 3]) is None
    assert spearman([1, 2], [1, 2]) is None
    assert rank_value([]) is None
    assert rank_figure([Pair("a", 3, 1.0), Pair("b", 3, 2.0), Pair("c", 3, 3.0)], seed=0).value is None


def test_a_rank_correlation_lies_in_its_interval() -> None:
    pairs = [Pair(f"{number}", 1 + number % 5, number % 5 + (number % 3) * 0.7) for number in range(30)]
    figure = rank_figure(pairs, seed=0)
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low < figure.value < figure.high <= 1

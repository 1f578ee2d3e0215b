from __future__ import annotations

import pytest
from sacrebleu import corpus_bleu

from annotate.evaluate.bleu import Pair, bleu4, bleu_figure

PAIRS = [
    Pair("a", "The image is sharp, and the dog is well lit.", "The image is sharp, but the dog is not well lit."),
    Pair("b", "Strong noise covers the sky.", "The sky is covered with strong noise."),
    Pair("b", "", "The colours are pale."),
]


def test_bleu_is_that_of_sacrebleu() -> None:
    theirs = corpus_bleu([pair.prediction for pair in PAIRS], [[pair.reference for pair in PAIRS]])
    assert bleu4(PAIRS) == pytest.approx(theirs.score, abs=1e-9)


def test_the_interval_holds_the_value_and_is_the_same_again() -> None:
    figure = bleu_figure(PAIRS, seed=3)
    assert figure == bleu_figure(PAIRS, seed=3)
    assert figure.low is not None
    assert figure.value is not None
    assert figure.high is not None
    assert figure.low <= figure.value <= figure.high
    assert figure.n == 3


def test_equal_texts_score_a_hundred() -> None:
    assert bleu4([Pair("a", "the sky is noisy and dark", "the sky is noisy and dark")]) == pytest.approx(100)

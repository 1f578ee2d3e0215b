"""BLEU@4 by sacrebleu: corpus BLEU x 100, tokenisation 13a (WMT), case kept, exponential smoothing.

The paper does not say which implementation it used; the signature stands in every report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotate.bench.planted.figures import NOTHING, RESAMPLES, Figure
from manifests.errors import InputError

SIGNATURE = "sacrebleu corpus BLEU, 4-grams, case:mixed, tok:13a, smooth:exp"
_ORDERS = 4


@dataclass(frozen=True)
class Pair:
    """A predicted text and its reference, both without coordinates, and the image that they are of."""

    image_id: str
    prediction: str
    reference: str


def bleu4(pairs: Sequence[Pair]) -> float:
    """Corpus BLEU of all pairs, 0-100."""
    return _score(_counts(pairs).sum(axis=0))


def bleu_figure(pairs: Sequence[Pair], seed: int) -> Figure:
    """Corpus BLEU with its 95 % bootstrap interval over images, each with all of its pairs."""
    if not pairs:
        return NOTHING
    counts = _counts(pairs)
    _, index = np.unique([pair.image_id for pair in pairs], return_inverse=True)
    images = int(index.max()) + 1
    per_image = np.zeros((images, counts.shape[1]), np.int64)
    np.add.at(per_image, index, counts)
    draws = np.random.default_rng(seed).integers(0, images, (RESAMPLES, images))
    low, high = np.percentile([_score(per_image[drawn].sum(axis=0)) for drawn in draws], (2.5, 97.5))
    return Figure(round(_score(counts.sum(axis=0)), 4), round(float(low), 4), round(float(high), 4), len(pairs))


def _counts(pairs: Sequence[Pair]) -> npt.NDArray[np.int64]:
    """Per pair: right n-grams of orders 1-4, n-grams in all, length of the prediction, length of the reference."""
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError as error:
        raise InputError("annotate eval needs sacrebleu; pip install 'annotate[eval]'") from error
    metric = BLEU(tokenize="13a")
    scores = [metric.corpus_score([pair.prediction], [[pair.reference]]) for pair in pairs]
    return np.array([[*each.counts, *each.totals, each.sys_len, each.ref_len] for each in scores], np.int64)


def _score(counts: npt.NDArray[np.int64]) -> float:
    from sacrebleu.metrics.bleu import BLEU

    numbers = [int(count) for count in counts]
    score = BLEU.compute_bleu(
        numbers[:_ORDERS], numbers[_ORDERS : 2 * _ORDERS], numbers[-2], numbers[-1], smooth_method="exp"
    )
    return float(score.score)

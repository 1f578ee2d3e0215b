"""Teaching the network: windows of the samples in random order, untouched cells first counted little, then fully."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stages.measure.grid import FloatArray
from stages.measure.recogniser.features import SEAM_STRIDE_PX, STRIDE_PX
from stages.measure.recogniser.samples import Sample

_TAUGHT_CELLS = 48
"""Side of what the network sees of a sample at a time, drawn anew in each pass."""

_BATCH = 8
_RATE = 2e-3
_UNTOUCHED_FIRST, _UNTOUCHED_LAST = 0.15, 1.0
_SEVERITY_WEIGHT = 1.0


def teach(
    samples: Sequence[Sample],
    *,
    passes: int,
    seed: int,
    bfloat16: bool = False,
    tell: Callable[[float], None] = lambda loss: None,
) -> tuple[Any, list[float]]:
    """A trained `Recogniser` and its mean loss in each pass, which is told as soon as it is known.

    The same samples and seed give the same network on the same kind of processor. With `bfloat16` the layers compute in
    that precision; weights and losses stay float32. The losses that are told count untouched cells fully from the
    first pass on, so that they can be compared.
    """
    import torch

    from stages.measure.recogniser.network import Recogniser

    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    # What is filled is never read here, and filling takes a seventh of the time.
    deterministic: Any = torch.utils.deterministic
    deterministic.fill_uninitialized_memory = False
    mean, spread = map_statistics(samples)
    network = Recogniser(mean, spread).to(memory_format=torch.channels_last)
    steps = passes * max(len(samples) // _BATCH, 1)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_RATE, total_steps=steps, pct_start=0.15)
    rng = np.random.default_rng(seed)
    losses, step = [], 0
    for _ in range(passes):
        order, total, batches = rng.permutation(len(samples)), 0.0, max(len(samples) // _BATCH, 1)
        network.train()
        for batch in range(batches):
            chosen = [samples[index] for index in order[batch * _BATCH : (batch + 1) * _BATCH]]
            features, seams, severities, counts = (
                torch.from_numpy(part).to(memory_format=torch.channels_last) for part in _windows(chosen, rng)
            )
            untouched = _UNTOUCHED_FIRST + (_UNTOUCHED_LAST - _UNTOUCHED_FIRST) * min(1.0, 1.4 * step / steps)
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                answer = network(features, seams)
            answer = answer.float()
            value = _loss(answer, severities, counts, untouched)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            total += float(_loss(answer.detach(), severities, counts, _UNTOUCHED_LAST))
            step += 1
        losses.append(round(total / batches, 4))
        tell(losses[-1])
    network.eval()
    return network, losses


def map_statistics(samples: Sequence[Sample]) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each map over (at most 200 of) the samples."""
    flat = np.concatenate(
        [sample.features.reshape(len(sample.features), -1)[:, ::7] for sample in samples[:200]], axis=1
    )
    mean, spread = flat.mean(axis=1, dtype=np.float64), flat.astype(np.float64).std(axis=1)
    return mean.astype(np.float32), np.maximum(spread, 0.02).astype(np.float32)


def _windows(
    samples: Sequence[Sample], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """One random window of each sample: features, seam planes, severities, and which cells count."""
    side, scale = _TAUGHT_CELLS, STRIDE_PX // SEAM_STRIDE_PX
    parts: list[tuple[npt.NDArray[np.generic], ...]] = []
    for sample in samples:
        top, left = (2 * int(rng.integers((length - side) // 2 + 1)) for length in sample.features.shape[1:])
        parts.append(
            (
                sample.features[:, top : top + side, left : left + side],
                sample.seams[:, scale * top : scale * (top + side), scale * left : scale * (left + side)],
                sample.severities[:, top // 2 : (top + side) // 2, left // 2 : (left + side) // 2],
                sample.counts[None, top // 2 : (top + side) // 2, left // 2 : (left + side) // 2],
            )
        )
    features, seams, severities, counts = (np.stack(part).astype(np.float32) for part in zip(*parts, strict=True))
    return features, seams, severities, counts


def _loss(answer: Any, severities: Any, counts: Any, untouched: float) -> Any:
    """Cross-entropy per family, cells without it weighing `untouched`, and the error of severity where there is one."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    families = severities.shape[1]
    there = (severities > 0).float()
    weight = counts * (there * (0.6 + 0.2 * severities.clamp(max=3)) + (1 - there) * untouched)
    entropy = binary_cross_entropy_with_logits(answer[:, :families], there, weight=weight, reduction="sum")
    error = ((answer[:, families:] - severities / 5).abs() * there * counts).sum()
    cells = counts.sum().clamp(min=1)
    return (entropy + _SEVERITY_WEIGHT * error) / cells

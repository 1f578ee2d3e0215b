"""Headline figures of one session of a run: speed by stage, efficiency, time to the first shard, memory."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from annotate.dag import ShardDone


@dataclass(frozen=True)
class Figures:
    """What a session measured of itself.

    `efficiency` is the pipeline's throughput divided by what its workers would reach in bare loops over the same
    stages: the seconds spent inside stages over (workers x seconds from the first worker's start to the last commit).
    `stage_images_per_second` is the speed of one worker in that stage alone; stages that did nothing are not in it.
    `reused` images took their first stages from another run.
    """

    images: int
    reused: int
    shards: int
    workers: int
    seconds_total: float
    seconds_startup: float
    seconds_to_first_shard: float
    images_per_second: float
    efficiency: float
    stage_images_per_second: dict[str, float]
    peak_memory_bytes: int
    asked: dict[str, int] = field(default_factory=dict)
    """What language models were asked and what they said: "describe.asked", "describe.completion_tokens", ..."""
    tokens_per_second: float = 0.0
    """Tokens that language models wrote, over the seconds from the first request to the last reply."""

    def as_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        return asdict(self)


def figures_of(done: Sequence[ShardDone], *, started: float, ended: float) -> Figures:
    """Figures of the shards that one driver saw; `started` and `ended` are the driver's seconds since the epoch."""
    images = sum(sum(shard.outcomes.values()) for shard in done)
    peaks: dict[str, int] = {}
    for shard in done:
        for worker, peak in shard.peak_memory_bytes.items():
            peaks[worker] = max(peak, peaks.get(worker, 0))
    first = min((shard.began for shard in done), default=ended)
    working = max(max((shard.ended for shard in done), default=ended) - first, 1e-9)
    spent: Counter[str] = Counter()
    for shard in done:
        spent.update(shard.seconds)
    asked: Counter[str] = Counter()
    for shard in done:
        asked.update(shard.tallies)
    driver = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Figures(
        images=images,
        reused=sum(shard.reused for shard in done),
        shards=len(done),
        workers=len(peaks),
        seconds_total=round(ended - started, 3),
        seconds_startup=round(first - started, 3),
        seconds_to_first_shard=round(min((shard.ended for shard in done), default=ended) - started, 3),
        images_per_second=round(images / working, 3),
        efficiency=round(sum(spent.values()) / (max(len(peaks), 1) * working), 3),
        stage_images_per_second={stage: round(images / seconds, 2) for stage, seconds in spent.items() if seconds > 0},
        peak_memory_bytes=driver + sum(peaks.values()),
        asked=dict(sorted(asked.items())),
        tokens_per_second=_tokens_per_second(done, asked),
    )


def _tokens_per_second(done: Sequence[ShardDone], asked: Mapping[str, int]) -> float:
    written = sum(count for name, count in asked.items() if name.endswith(".completion_tokens"))
    first = min((shard.asked_from for shard in done if shard.asked_from is not None), default=0.0)
    last = max((shard.asked_until for shard in done if shard.asked_until is not None), default=0.0)
    return round(written / (last - first), 2) if last > first else 0.0

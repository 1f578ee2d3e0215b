"""A run in numbers: outcomes, reasons and rows, counted from run.json and the manifests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from manifests.commit import ReasonCount, ShardManifest
from manifests.lock import Holder
from manifests.run import RunFile


@dataclass(frozen=True)
class Status:
    """A run in numbers. `outcomes` counts inputs (plan and shards); `rows` counts the rows of each table."""

    inputs: int
    not_taken: int
    outcomes: dict[str, int]
    reasons: list[ReasonCount]
    shards: int
    shards_done: int
    rows: dict[str, int]
    seconds: dict[str, float]
    finished: bool
    holder: Holder | None = None

    @property
    def pending_images(self) -> int:
        """Images of this run that have no outcome yet."""
        return self.inputs - self.not_taken - sum(self.outcomes.values())


def status_of(file: RunFile, known: Iterable[ShardManifest], finished: bool, holder: Holder | None = None) -> Status:
    """Add up the plan's refusals and the given manifests; `finished` says whether `_SUCCESS` is there."""
    plan = file.plan
    outcomes: Counter[str] = Counter({"duplicate": plan.duplicate, "failed": plan.failed})
    reasons: Counter[tuple[str, str | None, str | None]] = Counter()
    rows: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    done = 0
    for reason, count in plan.refusals:
        reasons["failed", "plan", reason] += count
    for manifest in known:
        done += 1
        outcomes.update(manifest.outcomes)
        seconds.update(manifest.seconds)
        rows.update({table: part.rows for table, part in manifest.files.items()})
        for said in manifest.reasons:
            reasons[said.outcome, said.stage, said.reason] += said.count
    listed = [ReasonCount(outcome=o, stage=s, reason=r, count=count) for (o, s, r), count in reasons.items()]
    return Status(
        inputs=plan.inputs,
        not_taken=plan.not_taken,
        outcomes={name: outcomes[name] for name in ("ok", "filtered", "failed", "duplicate") if outcomes[name]},
        reasons=sorted(listed, key=lambda said: (-said.count, said.outcome, said.stage or "", said.reason or "")),
        shards=plan.shards,
        shards_done=done,
        rows=dict(rows),
        seconds=dict(seconds),
        finished=finished,
        holder=holder,
    )

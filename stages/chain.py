"""Run neighbouring stages over the rows of one worker: batches, outcomes for what fails, seconds by stage.

A batch goes through all stages before the next one starts, so that the stages share a decoded picture. When a stage
raises, the batch is halved until the row that causes it stands alone; that row fails with the stage and the error's
class, and its neighbours are processed as if it had not been there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Protocol

from manifests.records import ImageRecord
from stages.stage import Stage


class Watch(Protocol):
    """Somebody who keeps an eye on a chain, so that a process that dies is known by what it had in hands."""

    def suspect(self, row: ImageRecord) -> bool:
        """Whether the row must be alone in its batch."""

    def refusal(self, stage: str, row: ImageRecord) -> str | None:
        """Why the stage must not try the row; None: it may."""

    def begins(self, stage: str, rows: Sequence[ImageRecord]) -> None:
        """The stage begins with these rows."""


class Chain:
    """Stages in order, with one batch size."""

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        batch_size: int = 1,
        drop_content_after: str | None = None,
        first: int = 0,
        reload: bool = False,
    ) -> None:
        """`drop_content_after` names the stage behind which no stage needs the encoded bytes any more.

        `first` is the place of the first of these stages in the recipe: re-used rows do not go through the stages
        that they have `passed`, except, with `reload`, those that fill the bytes.
        """
        self.stages = list(stages)
        self.batch_size = batch_size
        self.drop_content_after = drop_content_after
        self.first = first
        self.reload = reload

    def open(self) -> None:
        """Open every stage."""
        for stage in self.stages:
            stage.open()

    def __call__(self, rows: list[ImageRecord], watch: Watch | None = None) -> list[ImageRecord]:
        """Process the rows in place: the same rows in the same order."""
        for batch in _batches(rows, self.batch_size, watch):
            for place, stage in enumerate(self.stages, self.first):
                again = self.reload and "content" in stage.adds
                live = [row for row in batch if row.outcome is None and (again or place >= row.passed)]
                if watch is not None:
                    live = _not_refused(stage, live, watch)
                if live:
                    _run_timed(stage, live, watch)
                if stage.name == self.drop_content_after:
                    for row in batch:
                        row.content = None
        return rows


def _batches(rows: list[ImageRecord], size: int, watch: Watch | None) -> Iterator[list[ImageRecord]]:
    """Batches of unsuspicious rows, then each suspect by itself."""
    suspects = [row for row in rows if watch is not None and watch.suspect(row)]
    alone = {row.image_id for row in suspects}
    others = [row for row in rows if row.image_id not in alone]
    for start in range(0, len(others), size):
        yield others[start : start + size]
    for row in suspects:
        yield [row]


def _not_refused(stage: Stage, rows: list[ImageRecord], watch: Watch) -> list[ImageRecord]:
    for row in rows:
        if reason := watch.refusal(stage.name, row):
            row.end("failed", stage.name, reason)
    return [row for row in rows if row.outcome is None]


def _run_timed(stage: Stage, rows: list[ImageRecord], watch: Watch | None) -> None:
    start = perf_counter()
    _run_or_bisect(stage, rows, watch)
    each = (perf_counter() - start) / len(rows)
    for row in rows:
        row.seconds[stage.name] = row.seconds.get(stage.name, 0.0) + each


def _run_or_bisect(stage: Stage, rows: list[ImageRecord], watch: Watch | None) -> None:
    """Run the stage in place. A failed attempt leaves no trace in the rows that are tried again."""
    before = [row.model_copy(deep=True) for row in rows] if len(rows) > 1 else []
    if watch is not None:
        watch.begins(stage.name, rows)
    try:
        returned = stage(rows)
        if [row.image_id for row in returned] != [row.image_id for row in rows]:
            raise RuntimeError("the stage returned other rows than it was given")
    except Exception as error:
        if len(rows) == 1:
            rows[0].end("failed", stage.name, failure_reason(error))
            return
        for row, copy in zip(rows, before, strict=True):
            for field in ImageRecord.model_fields:
                setattr(row, field, getattr(copy, field))
        half = len(rows) // 2
        _run_or_bisect(stage, rows[:half], watch)
        _run_or_bisect(stage, rows[half:], watch)


def failure_reason(error: Exception) -> str:
    """Class and message of an error in one line of at most 300 characters."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]

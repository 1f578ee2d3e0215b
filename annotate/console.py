"""What a person sees of a run: a live bar on a terminal, plain lines in a log, one summary at the end."""

from __future__ import annotations

import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

console = Console(stderr=True, highlight=False)
"""Progress and messages; results that a program may want to read go to standard output instead."""

LINE_EVERY_S = 10.0


@dataclass
class RunProgress:
    """Counts of a run as its shards arrive; speed is counted from the start of the first worker."""

    total: int
    done: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    _began: float = math.inf
    _last_line: float = 0.0
    _bar: tuple[Progress, TaskID] | None = None

    def advance(self, outcomes: Mapping[str, int], began: float) -> None:
        """Count one committed shard that a worker began at `began` (seconds since the epoch)."""
        self.outcomes.update(outcomes)
        self.done += sum(outcomes.values())
        self._began = min(self._began, began)
        now = time.monotonic()
        if self._bar:
            progress, task = self._bar
            progress.update(task, completed=self.done, facts=self.facts())
        elif now - self._last_line >= LINE_EVERY_S or self.done >= self.total:
            self._last_line = now
            console.print(f"{self.done:,} of {self.total:,} images  {self.facts()}", markup=False, soft_wrap=True)

    def facts(self) -> str:
        """Outcomes so far, speed and time left, in one line."""
        rate = self.done / max(time.time() - self._began, 1e-9)
        counts = "  ".join(f"{count:,} {name}" for name, count in sorted(self.outcomes.items()) if count)
        left = clock((self.total - self.done) / rate) if rate else "?"
        return f"{counts}  {rate:.1f} images/s  {left} left"


@contextmanager
def run_progress(total: int) -> Iterator[RunProgress]:
    """Progress over `total` images: a live bar if standard error is a terminal, else a line now and then."""
    if not console.is_terminal:
        yield RunProgress(total)
        return
    columns = (
        TextColumn("[bold]annotating"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total, facts="starting workers")
        yield RunProgress(total, _bar=(progress, task))


@contextmanager
def native_chatter_hidden(hide: bool = True) -> Iterator[None]:
    """Keep what C++ libraries write to the process's standard error off the terminal; our own messages pass.

    Ray's core and TensorFlow Lite write there without asking any logger. Python's own `sys.stderr` is hidden too.
    """
    if not hide:
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with Path(os.devnull).open("w") as nowhere, os.fdopen(terminal, "w", closefd=False) as ours:
        os.dup2(nowhere.fileno(), 2)
        before, console.file = console.file, ours
        try:
            yield
        finally:
            ours.flush()
            console.file = before
            os.dup2(terminal, 2)
            os.close(terminal)


@contextmanager
def count_progress(verb: str) -> Iterator[Callable[[int, int], None] | None]:
    """A callback `(done, total)` that shows how far something is; None where there is no terminal to show it on."""
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn(f"[bold]{verb:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def clock(seconds: float) -> str:
    """1:05 or 2:03:20."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"

"""A run in which nothing moves is ended, loudly and resumable, instead of waiting for ever."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from annotate.journal import in_flight
from manifests.errors import Stalled
from manifests.layout import LEDGER

BITE = signal.SIGUSR1
"""Not SIGINT, which a run that a script starts in the background ignores."""
LOOKS = 20
"""How often the watchdog looks during the time after which it bites."""
START_MINUTES = 10.0
"""What workers may take at least to come up and load their models, before any of them has an image in hands."""


@contextmanager
def watchdog(out: Path, minutes: float) -> Iterator[None]:
    """Raise Stalled in the main thread when for so many minutes no shard was committed and no worker began a step."""
    dog = _Watchdog(out, minutes)
    before = signal.signal(BITE, _bitten)
    dog.start()
    try:
        yield
    except _Bitten:
        raise Stalled(str(dog.message)) from None
    finally:
        dog.stop()
        signal.signal(BITE, before)


class _Bitten(KeyboardInterrupt):
    """Raised in the main thread, on the way up treated like Ctrl-C."""


def _bitten(number: int, frame: FrameType | None) -> None:
    raise _Bitten


class _Watchdog(threading.Thread):
    """Sees commits and the workers' steps by the files in the ledger's folder, whatever the clocks say."""

    def __init__(self, out: Path, minutes: float) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.message: str | None = None
        self._out = out
        self._minutes = minutes
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let it sleep."""
        self._stopped.set()

    def run(self) -> None:
        """Look now and then; interrupt the main thread when nothing has moved for too long."""
        seen, moved = self._look(), time.monotonic()
        patience_s = max(self._minutes, START_MINUTES) * 60
        while not self._stopped.wait(self._minutes * 60 / LOOKS):
            now = self._look()
            if now != seen:
                seen, moved, patience_s = now, time.monotonic(), self._minutes * 60
            elif time.monotonic() - moved >= patience_s:
                self.message = self._said()
                signal.pthread_kill(threading.main_thread().ident or 0, BITE)
                return

    def _look(self) -> frozenset[tuple[str, int]]:
        with os.scandir(self._out / LEDGER) as entries:
            return frozenset((entry.name, entry.stat().st_mtime_ns) for entry in entries)

    def _said(self) -> str:
        hands = in_flight(self._out)
        doing = "; ".join(each.said() for each in hands[:4]) or "no worker has an image in hands"
        return (
            f"{self._out}: nothing has moved for {self._minutes:g} minutes: {doing}; "
            "the same command goes on from what is committed"
        )

"""What a worker has in hands, written down, so that its successor knows which images it died of.

Each shard in flight has one small file beside the manifests, `ledger/inflight-00007.json`: the stage, its images and
the deaths so far. It is rewritten in place and never synced: it has to survive a killed process, not a power cut, and
every start of a run sweeps it away. A worker that dies (a crash, the kernel's or Ray's memory killer) is started anew
by Ray and gets the shard again. Images in whose company workers died twice in one stage go alone the third time, and
an image that was alone then fails; so one image cannot take a run with it. An image that overstays a stage's deadline
ends its worker itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from manifests.layout import inflight_files, inflight_path
from manifests.records import ImageRecord

ALONE_FROM_DEATHS = 2
MAX_DEATHS = 3
EXIT_OVERDUE = 86
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Hands:
    """What one worker is at: a stage, its images, and since when (seconds since the epoch)."""

    stage: str
    images: tuple[str, ...]
    since: float
    host: str
    pid: int

    def said(self) -> str:
        """One line for the user."""
        named = ", ".join(self.images[:3]) + (" ..." if len(self.images) > 3 else "")
        seconds = max(time.time() - self.since, 0.0)
        return f"{self.stage} has {named} in process {self.pid} on {self.host} since {seconds:.0f} s"


@dataclass
class Entry:
    """The journal of one shard in one worker; `stages.chain.Watch` for the chain that runs it.

    `deaths` counts, by stage and image, the workers that died at it; `overdue` holds those that took too long alone.
    """

    path: Path
    deadlines_s: Mapping[str, float | None]
    deaths: dict[tuple[str, str], int] = field(default_factory=dict)
    overdue: set[tuple[str, str]] = field(default_factory=set)
    hands: Hands | None = None
    _took: float = 0.0
    """`time.monotonic()` when the hands took what they hold: a deadline must not follow a clock that is set."""
    _written: int = 0

    @classmethod
    def of(cls, out: Path, shard: int, deadlines_s: Mapping[str, float | None]) -> Entry:
        """The journal of a shard, with what the last worker had in hands counted as a death."""
        entry = cls(inflight_path(out, shard), deadlines_s)
        with contextlib.suppress(OSError):
            entry._written = entry.path.stat().st_size
        said = _read(entry.path)
        entry.deaths = {(stage, image): count for stage, image, count in said.get("deaths", [])}
        entry.overdue = {(stage, image) for stage, image in said.get("overdue", [])}
        if hands := said.get("hands"):
            for image in hands["images"]:
                key = (hands["stage"], image)
                entry.deaths[key] = entry.deaths.get(key, 0) + 1
        entry.rests()
        return entry

    def suspect(self, row: ImageRecord) -> bool:
        """Whether the row must be alone in its batch."""
        return any(image == row.image_id and count >= ALONE_FROM_DEATHS for (_, image), count in self.deaths.items())

    def refusal(self, stage: str, row: ImageRecord) -> str | None:
        """Why the stage must not try the row again."""
        key = (stage, row.image_id)
        if key in self.overdue:
            return f"DeadlineExceeded: took more than {self.deadlines_s.get(stage):g} s"
        if self.deaths.get(key, 0) >= MAX_DEATHS:
            return f"WorkerDied: {self.deaths[key]} workers died of it (out of memory, or a crash in native code)"
        return None

    def begins(self, stage: str, rows: Sequence[ImageRecord]) -> None:
        """Note what a stage is about to do."""
        images = tuple(row.image_id for row in rows)
        self._took = time.monotonic()
        self.hands = Hands(stage, images, time.time(), socket.gethostname(), os.getpid())
        self._write()

    def rests(self) -> None:
        """Note that nothing is in hands."""
        self.hands = None
        self._write()

    def close(self) -> None:
        """The shard is committed: forget it."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def end_if_overdue(self) -> None:
        """End this process if an image, or a batch of them, has taken longer than its stage may."""
        hands = self.hands
        if hands is None:
            return
        deadline = self.deadlines_s.get(hands.stage)
        if deadline is None or time.monotonic() - self._took <= deadline * len(hands.images):
            return
        if len(hands.images) == 1:
            self.overdue.add((hands.stage, hands.images[0]))
        else:
            for image in hands.images:
                self.deaths[hands.stage, image] = max(self.deaths.get((hands.stage, image), 0), ALONE_FROM_DEATHS - 1)
        self._write()
        os._exit(EXIT_OVERDUE)

    def _write(self) -> None:
        """Write in place and at once: a killed process leaves the old text or the new one.

        A full disk is no reason to stop here; the commit will say so.
        """
        said = {
            "deaths": [[stage, image, count] for (stage, image), count in self.deaths.items()],
            "overdue": sorted(self.overdue),
            "hands": vars(self.hands) if self.hands else None,
        }
        text = json.dumps(said).encode()
        padded = text.ljust(self._written)
        with contextlib.suppress(OSError):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
            try:
                os.pwrite(descriptor, padded, 0)
            finally:
                os.close(descriptor)
        self._written = len(padded)


class Journal:
    """The journals of one worker, and the thread that keeps its deadlines."""

    def __init__(self, out: Path, deadlines_s: Mapping[str, float | None]) -> None:
        """`deadlines_s` by stage: what one image may take; None: as long as it likes."""
        self._out = out
        self._deadlines_s = deadlines_s
        self._open: dict[int, Entry] = {}
        if any(deadline is not None for deadline in deadlines_s.values()):
            threading.Thread(target=self._keep_deadlines, name="deadlines", daemon=True).start()

    def open(self, shard: int) -> Entry:
        """The journal of a shard that this worker begins."""
        entry = self._open[shard] = Entry.of(self._out, shard, self._deadlines_s)
        return entry

    def rest(self, shard: int) -> Entry:
        """The journal of a shard that this worker has done its part of."""
        entry = self._open.pop(shard)
        entry.rests()
        return entry

    def _keep_deadlines(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY_S)
            for entry in list(self._open.values()):
                entry.end_if_overdue()


def in_flight(out: Path) -> list[Hands]:
    """What the workers of a run have in hands now, the longest first."""
    said = (_read(path).get("hands") for path in inflight_files(out))
    found = [Hands(**{**hands, "images": tuple(hands["images"])}) for hands in said if hands]
    return sorted(found, key=lambda hands: hands.since)


def _read(path: Path) -> dict[str, Any]:
    """The content of a journal file; nothing, if there is none or it makes no sense."""
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}

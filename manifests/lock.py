"""One driver at a time: `run.lock` names the host and the process that works on an output folder.

The file's modification time is the heartbeat: touching it needs no space on a full disk. A lock is stale when its
process is dead on this host, or when it has not been touched for ten minutes.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from manifests.atomic import as_output_error
from manifests.errors import LockedError
from manifests.layout import LOCK, temporary_name

HEARTBEAT_S = 30.0
STALE_S = 600.0

_held_here: set[str] = set()


@dataclass(frozen=True)
class Holder:
    """Who holds a lock; `age_s` is the time since its last heartbeat."""

    host: str
    pid: int
    token: str
    age_s: float

    def stale(self) -> bool:
        """Whether nobody works under this lock any more."""
        if self.age_s > STALE_S:
            return True
        return self.host == socket.gethostname() and not _alive(self.pid, self.token)


def holder_of(out: Path) -> Holder | None:
    """Who holds the lock of an output folder, stale or not."""
    path = out / LOCK
    try:
        age = time.time() - path.stat().st_mtime
        said = json.loads(path.read_text(encoding="utf-8"))
        return Holder(str(said["host"]), int(said["pid"]), str(said["token"]), age)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Holder("unknown host", 0, "", age)


class RunLock:
    """The lock of one output folder, held from `acquire` to `release` by a heartbeat thread."""

    def __init__(self, out: Path) -> None:
        self._path = out / LOCK
        self._token = uuid.uuid4().hex
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> None:
        """Take the lock, or a stale one over. Raises LockedError naming host and process."""
        for _ in range(3):
            if self._create():
                _held_here.add(self._token)
                self._thread = threading.Thread(target=self._beat, name="run.lock heartbeat", daemon=True)
                self._thread.start()
                return
            holder = holder_of(self._path.parent)
            if holder is not None and not holder.stale():
                raise self._locked_by(holder)
            if holder is not None:
                self._set_aside(holder)
        raise LockedError(f"{self._path}: several drivers try to take it at once; run the command again")

    def held(self) -> bool:
        """Whether the lock is still ours: a driver that slept for long may have lost it."""
        holder = holder_of(self._path.parent)
        return holder is not None and holder.token == self._token

    def release(self) -> None:
        """Stop the heartbeat and remove the lock if it is still ours.

        Where the file system does not let go of it, it is stale once this process is dead.
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self.held():
            with contextlib.suppress(OSError):
                self._path.unlink()
        _held_here.discard(self._token)

    def _create(self) -> bool:
        said = {"host": socket.gethostname(), "pid": os.getpid(), "token": self._token}
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        except OSError as error:
            raise as_output_error(error, self._path) from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(said) + "\n")
        return True

    def _set_aside(self, stale: Holder) -> None:
        """Remove a stale lock, unless another driver has taken it over in this very moment."""
        aside = self._path.with_name(temporary_name(self._path.name, uuid.uuid4().hex[:8]))
        try:
            self._path.rename(aside)
        except FileNotFoundError:
            return
        with contextlib.suppress(OSError, ValueError, KeyError):
            if json.loads(aside.read_text(encoding="utf-8"))["token"] != stale.token:
                os.link(aside, self._path)
        aside.unlink(missing_ok=True)

    def _locked_by(self, holder: Holder) -> LockedError:
        heard = f"last heartbeat {holder.age_s:.0f} s ago" if holder.age_s >= 0 else "a heartbeat of the future"
        remedy = "wait for it, or choose another --out"
        if holder.age_s < -STALE_S:
            remedy += f"; the clocks differ by {-holder.age_s:.0f} s: if that driver is dead, remove {LOCK}"
        return LockedError(
            f"{self._path.parent}: process {holder.pid} on {holder.host} works on it ({heard}); {remedy}"
        )

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            if self.held():
                with contextlib.suppress(OSError):
                    os.utime(self._path)


def _alive(pid: int, token: str) -> bool:
    """Whether a lock's process lives. Our own number under a foreign token is a dead one's, used again (containers)."""
    if pid == os.getpid():
        return token in _held_here
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True

"""A stage of somebody else's package that fails on the images whose names say how."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import time

from manifests.records import ImageRecord
from stages.stage import Stage


class Poison(Stage):
    """Does nothing to an image, unless its name tells it to fail."""

    name = "poison"
    needs = frozenset({"uri"})
    adds = frozenset[str]()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        for row in rows:
            if "raises" in row.uri:
                raise ValueError("cannot stand this image")
            if "hangs" in row.uri:
                time.sleep(3600)
            if "is-killed" in row.uri:
                os.kill(os.getpid(), signal.SIGKILL)
            if "crashes" in row.uri:
                ctypes.string_at(0)
            if "eats-memory" in row.uri:
                eat_memory()
        return rows


def eat_memory() -> None:
    """Ask for more than the process may have."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (64 << 30, limits[1]))
    try:
        bytearray(1 << 40)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)

"""What a command costs: seconds, processor time, and the most memory held.

The kernel hands the peak memory of a process on to the program that it starts (`ru_maxrss` outlives `execve`), so a
large process cannot ask for the peak of a small one. Between the two stands this module, which is small, run as a
process of its own: `python -m annotate.bench.usage COMMAND ...`.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """One command, from its start to its end, with all processes that it waited for."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    said: str
    """Standard output and standard error as they came."""


def usage_of(command: list[str]) -> Usage:
    """Run a command to its end."""
    watched = [sys.executable, "-m", __name__, *command]
    ended = subprocess.run(watched, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    said, _, figures = ended.stdout.rstrip("\n").rpartition("\n")
    return Usage(**json.loads(figures), said=said)


def _watch(command: list[str]) -> None:
    start = time.monotonic()
    code = subprocess.call(command)
    seconds = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "code": code,
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
    }
    print("\n" + json.dumps(figures))


if __name__ == "__main__":
    _watch(sys.argv[1:])

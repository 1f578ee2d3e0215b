"""Whether anything is lost when anything dies: a run is killed again and again, and compared with one left in peace.

Killed are the driver (SIGKILL, SIGINT once and twice, SIGTERM), a worker of Ray (SIGKILL) and Ray's raylet (SIGKILL),
at random times, most of them after work has begun. After each death of the driver the same command goes on. At the end
every part of every table must equal, byte for byte, that of the run left in peace.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from annotate import __version__
from annotate.bench.photos import make_photos
from annotate.bench.processes import alive, command_line, kill, tree
from annotate.engine import local_cores
from annotate.journal import in_flight
from manifests.errors import AnnotateError
from manifests.layout import SUCCESS, inflight_files, part_files, temporary_files
from manifests.ledger import read_status

DRIVER_KILLS = ("driver SIGKILL", "driver SIGINT", "driver SIGINT twice", "driver SIGTERM", "raylet SIGKILL")
"""What ends a session. A worker's death does not."""
WORKER_KILL = "worker SIGKILL"
WHILE_IT_STARTS = 0.2
"""Share of the sessions in which something is killed at any time after the start, whether work has begun or not."""
LONGEST_START_S = 8.0
GONE_WITHIN_S = 90.0
"""Time within which nothing of a killed session may be left."""
IDLE = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""Processes of Ray that do no work, and look for their parents once a minute only."""
MEGAPIXELS = 0.3


@dataclass
class Toll:
    """What was killed, and what it cost."""

    kills: Counter[str] = field(default_factory=Counter)
    in_hands: list[int] = field(default_factory=list)
    """Shards in workers' hands at each kill: what is done again."""
    seconds_to_vanish: list[float] = field(default_factory=list)
    sessions: int = 0


def bench_chaos(
    console: Console, *, images: str, count: int, kills: int, shard_size: int, longest_work_s: float, seed: int
) -> None:
    """Kill, resume, compare, print; the last line is JSON. Raises AnnotateError at the first broken promise.

    A session works for at most `longest_work_s` before something of it is killed.
    """
    began = time.monotonic()
    # Whatever a shell starts in the background ignores SIGINT, and so would all that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="annotate-chaos-") as scratch:
        photos, peaceful, killed = (Path(scratch) / name for name in ("photos", "peaceful", "killed"))
        photos.mkdir()
        make_photos(images, photos, count=count, megapixels=MEGAPIXELS, seed=seed)
        _finish(photos, peaceful, shard_size)
        toll = _kill_and_resume(photos, killed, shard_size, kills, longest_work_s, np.random.default_rng(seed))
        differing = _differences(peaceful, killed)
        left = [path.name for path in (*temporary_files(killed), *inflight_files(killed))]
        status = read_status(killed)
    _print(console, toll)
    headline = {
        "bench": "chaos",
        "photos": count,
        "shards": status.shards,
        "cores": local_cores(),
        "version": __version__,
        "kills": dict(toll.kills),
        "kills_in_all": toll.kills.total(),
        "sessions": toll.sessions,
        "differing_parts": len(differing),
        "files_left": len(left),
        "most_shards_in_hands_at_a_kill": max(toll.in_hands, default=0),
        "mean_shards_in_hands_at_a_kill": round(float(np.mean(toll.in_hands)), 2) if toll.in_hands else 0,
        "longest_until_all_processes_were_gone_s": round(max(toll.seconds_to_vanish, default=0), 1),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(headline))
    if differing or left:
        raise AnnotateError(f"the killed run is not the other one: {', '.join([*differing, *left][:5])}")


def _kill_and_resume(
    photos: Path, out: Path, shard_size: int, kills: int, longest_work_s: float, random: np.random.Generator
) -> Toll:
    toll = Toll()
    while not (out / SUCCESS).exists():
        enough = toll.kills.total() >= kills
        toll.sessions += 1
        if enough:
            _finish(photos, out, shard_size)
        else:
            _killed_session(photos, out, shard_size, longest_work_s, random, toll)
    if toll.kills.total() < kills:
        raise AnnotateError(f"the run was done after {toll.kills.total()} kills; give more photos (--n)")
    return toll


def _killed_session(
    photos: Path, out: Path, shard_size: int, longest_work_s: float, random: np.random.Generator, toll: Toll
) -> None:
    """Start the command, and kill parts of it until the session is over."""
    process = subprocess.Popen(
        _command(photos, out, shard_size), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    if random.random() < WHILE_IT_STARTS:
        time.sleep(random.uniform(0, LONGEST_START_S))
    else:
        while process.poll() is None and not _in_hands(process, out):
            time.sleep(0.05)
        if random.random() < 0.7:
            time.sleep(random.uniform(0, longest_work_s / 2))
            _kill(process, WORKER_KILL, random, out, toll)
    while process.poll() is None:
        time.sleep(random.uniform(0, longest_work_s))
        _kill(process, DRIVER_KILLS[int(random.integers(len(DRIVER_KILLS)))], random, out, toll)


def _in_hands(process: subprocess.Popen[bytes], out: Path) -> int:
    """Shards in the hands of this session's workers; journals of dead sessions lie beside theirs."""
    pids = set(tree(process.pid))
    return sum(hands.pid in pids for hands in in_flight(out))


def _kill(process: subprocess.Popen[bytes], kind: str, random: np.random.Generator, out: Path, toll: Toll) -> None:
    """Kill one thing, if it is there, and, if that ends the session, wait until nobody of it works any more."""
    pids = [pid for pid in tree(process.pid) if not any(name in command_line(pid) for name in IDLE)]
    target = process.pid
    if not kind.startswith("driver"):
        word = "MapWorker" if kind == WORKER_KILL else "/raylet/raylet"
        chosen = [pid for pid in pids if word in command_line(pid)]
        if not chosen:
            return
        target = chosen[int(random.integers(len(chosen)))]
    hands = _in_hands(process, out)
    number = {"SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM}.get(kind.split()[1], signal.SIGKILL)
    if process.poll() is not None or not kill(target, number):
        return
    toll.kills[kind] += 1
    toll.in_hands.append(hands)
    if kind == WORKER_KILL:
        return
    if kind.endswith("twice"):
        time.sleep(0.3)
        kill(target, number)
    _wait_until_gone(process, kind, pids, toll)


def _wait_until_gone(process: subprocess.Popen[bytes], kind: str, pids: list[int], toll: Toll) -> None:
    start = time.monotonic()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GONE_WITHIN_S)
    while any(map(alive, pids)):
        if time.monotonic() - start > GONE_WITHIN_S:
            still = next(pid for pid in pids if alive(pid))
            raise AnnotateError(
                f"{GONE_WITHIN_S:.0f} s after {kind}, process {still} lives: {command_line(still)[:80]}"
            )
        time.sleep(0.1)
    toll.seconds_to_vanish.append(time.monotonic() - start)


def _command(photos: Path, out: Path, shard_size: int) -> list[str]:
    options = ["--images", str(photos), "--out", str(out), "--shard-size", str(shard_size)]
    return [sys.executable, "-m", "annotate", "run", *options]


def _finish(photos: Path, out: Path, shard_size: int) -> None:
    command = _command(photos, out, shard_size)
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        raise AnnotateError(f"annotate run ended with {ended.returncode}: {ended.stderr.strip()[-300:]}")


def _differences(one: Path, other: Path) -> list[str]:
    """Parts that are not in both folders with the same bytes."""
    parts = {str(path.relative_to(folder)) for folder in (one, other) for path in part_files(folder)}
    return sorted(part for part in parts if _bytes(one / part) != _bytes(other / part))


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _print(console: Console, toll: Toll) -> None:
    table = Table("killed", "times", title=f"{toll.kills.total()} kills in {toll.sessions} sessions")
    for kind, times in sorted(toll.kills.items()):
        table.add_row(kind, str(times))
    console.print(table)

"""Whether memory grows with the number of images: peak of the command's process tree, for N and for many times N."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from annotate import __version__
from annotate.bench.photos import make_photos
from annotate.bench.processes import tree
from annotate.engine import local_cores

_LOOK_EVERY_S = 0.25


def bench_memory(
    console: Console, *, images: str, count: int, times: int, megapixels: float, recipe: str, seed: int
) -> None:
    """Measure and print; the last line is JSON. Both runs have shards of the same size. Raises AnnotateError."""
    with tempfile.TemporaryDirectory(prefix="annotate-bench-") as scratch:
        photos = Path(scratch) / "photos"
        photos.mkdir()
        make_photos(images, photos, count=count * times, megapixels=megapixels, seed=seed)
        few, many = (
            _peak_bytes(photos, Path(scratch) / f"run-{number}", number, recipe) for number in (count, count * times)
        )
    headline = {
        "bench": "memory",
        "photos": [count, count * times],
        "megapixels": megapixels,
        "cores": local_cores(),
        "version": __version__,
        "peak_gib": [round(few / 2**30, 3), round(many / 2**30, 3)],
        "ratio": round(many / few, 3),
    }
    table = Table("photos", "peak memory of all processes", title=f"Photos of {megapixels:g} megapixels")
    for number, peak in ((count, few), (count * times, many)):
        table.add_row(f"{number:,}", f"{peak / 2**30:.2f} GiB")
    console.print(table)
    print(json.dumps(headline))


def _peak_bytes(photos: Path, out: Path, take: int, recipe: str) -> int:
    """Largest sum of proportional set sizes over the command and all its descendants."""
    options = ["--images", str(photos), "--out", str(out), "--take", str(take), "--recipe", recipe]
    command = [sys.executable, "-m", "annotate", "run", *options, "--shard-size", "8"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_proportional_bytes(pid) for pid in tree(process.pid)))
        time.sleep(_LOOK_EVERY_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak


def _proportional_bytes(pid: int) -> int:
    """Proportional set size: shared pages are counted once over all their processes."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))

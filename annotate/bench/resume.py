"""What it costs to find that a finished run has nothing left to do, for a plan of very many images.

The run is made up: its plan, its manifests and its folders are those of a run of so many images, its tables hold next
to nothing. A resume looks at no more of a table than its length, so the command does what it would do after a real run.
The files have just been written, so the kernel's cache is warm. Listing comes with `annotate run --images`, and is in
the time: of a Parquet file with a column of uris, and of a folder with so many files.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track
from rich.table import Table

from annotate import __version__
from annotate.bench.usage import Usage, usage_of
from annotate.engine import local_cores
from annotate.inputs import Given
from annotate.prepare import Prepared, prepare
from annotate.run import RunRequest, run_info
from manifests.atomic import Disk, write_json
from manifests.commit import PartFile, ShardManifest
from manifests.errors import AnnotateError
from manifests.layout import manifest_path, part_name, run_path
from manifests.ledger import Ledger
from manifests.plan import MAX_SHARD_SIZE, SCHEMA, Plan
from manifests.run import RunInfo
from manifests.sources import list_inputs
from manifests.tables import TABLES

SECONDS = 10.0
GIB = 1.0
"""What deciding that there is nothing to do may cost for a million images in a list."""
_FILES_PER_FOLDER = 1000
_PART = b"PAR1"


def bench_resume(console: Console, *, count: int, folder: bool) -> None:
    """Make up a run, resume it, print; the last line is JSON. Raises AnnotateError where it is not found finished."""
    prepared = prepare("embedded", (), None)
    with tempfile.TemporaryDirectory(prefix="annotate-resume-") as scratch:
        out, listed = Path(scratch) / "run", Path(scratch) / "images.parquet"
        uris = [f"{number // _FILES_PER_FOLDER:05d}/{number:09d}.jpg" for number in range(count)]
        pq.write_table(pa.table({"uri": uris}), listed)
        shards = _make_run(out, listed, prepared, uris)
        costs = {"a Parquet file of uris": _resume(listed, out)}
        if folder:
            photos = Path(scratch) / "photos"
            _make_files(photos, uris)
            _point_at(out, photos, prepared)
            costs["a folder of files"] = _resume(photos, out)
    table = Table(
        "--images",
        "until it is said",
        "processor time",
        "peak memory",
        title=f"Nothing to do: {count:,} images, {shards:,} shards",
    )
    for source, cost in costs.items():
        table.add_row(source, f"{cost.seconds:.1f} s", f"{cost.cpu_seconds:.1f} s", f"{_gib(cost):.2f} GiB")
    console.print(table)
    of_list = costs["a Parquet file of uris"]
    headline = {
        "bench": "resume",
        "images": count,
        "shards": shards,
        "cores": local_cores(),
        "version": __version__,
        "seconds": round(of_list.seconds, 2),
        "cpu_seconds": round(of_list.cpu_seconds, 2),
        "peak_gib": round(_gib(of_list), 3),
        "folder_seconds": round(costs["a folder of files"].seconds, 2) if folder else None,
        "folder_peak_gib": round(_gib(costs["a folder of files"]), 3) if folder else None,
        "within_limits": of_list.seconds <= SECONDS and _gib(of_list) <= GIB,
    }
    print(json.dumps(headline))


def _gib(usage: Usage) -> float:
    return usage.peak_bytes / 2**30


def _make_run(out: Path, listed: Path, prepared: Prepared, uris: list[str]) -> int:
    """A finished run of so many images, but for the content of its tables. The number of its shards."""
    with Ledger.start(out, _info(listed, out, prepared), lambda: _plan(uris)) as ledger:
        plan, fingerprint = ledger.file.plan, prepared.fingerprint
        for shard in track(range(plan.shards), "making up a run", transient=True):
            images = plan.rows_of(shard)
            files = {}
            for table in TABLES:
                path = f"{table.name}/{part_name(shard, fingerprint, 0)}"
                (out / path).write_bytes(_PART)
                files[table.name] = PartFile(path=path, rows=images, bytes=len(_PART), sha256="0" * 64)
            manifest = ShardManifest(
                shard=shard,
                fingerprint=fingerprint,
                attempt=0,
                outcomes={"ok": images},
                reasons=[],
                files=files,
                seconds={stage.name: 1.0 for stage in prepared.stages},
                host="bench",
            )
            manifest_path(out, shard).write_text(manifest.model_dump_json())
        ledger.finish()
        return plan.shards


def _plan(uris: list[str]) -> Plan:
    count = len(uris)
    columns = {
        "uri": pa.array(uris),
        "image_id": pa.array([f"{number:032x}" for number in range(count)]),
        "bytes": pa.array(np.full(count, 200_000)),
        "width": pa.array(np.full(count, 1024, np.int32)),
        "height": pa.array(np.full(count, 768, np.int32)),
        "shard": pa.array((np.arange(count) // MAX_SHARD_SIZE).astype(np.int32)),
    }
    rows = [columns.get(field.name, pa.nulls(count, field.type)) for field in SCHEMA]
    return Plan(pa.Table.from_arrays(rows, schema=SCHEMA), (count,), MAX_SHARD_SIZE)


def _info(source: Path, out: Path, prepared: Prepared) -> RunInfo:
    return run_info(RunRequest(images=str(source), out=out), prepared, Given(list_inputs(source), None), None)


def _make_files(photos: Path, uris: list[str]) -> None:
    for number, uri in enumerate(track(uris, "making a folder", transient=True)):
        path = photos / uri
        if number % _FILES_PER_FOLDER == 0:
            path.parent.mkdir(parents=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))


def _point_at(out: Path, photos: Path, prepared: Prepared) -> None:
    """Say in run.json that the images came from a folder."""
    said = json.loads(run_path(out).read_bytes())
    said["run"] = _info(photos, out, prepared).model_dump(mode="json")
    write_json(Disk(), run_path(out), said)


def _resume(source: Path, out: Path) -> Usage:
    """The command, from its start to its end. Raises AnnotateError where it finds something to do."""
    usage = usage_of([sys.executable, "-m", "annotate", "run", "--images", str(source), "--out", str(out)])
    if usage.code or "nothing to do" not in usage.said:
        raise AnnotateError(f"annotate run ended with {usage.code}: {usage.said.strip()[-300:]}")
    return usage

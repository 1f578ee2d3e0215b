"""The plan: one row per input, and which shard each image belongs to. Made once, never changed.

Rows stand in this order: the images of the run by id (shard k holds rows k*size to (k+1)*size), the images beyond
`--take` by id, then duplicates and refused inputs by uri. So a shard is a slice, and a smaller take is a prefix of a
larger one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manifests.atomic import Disk, write_file
from manifests.errors import InputError
from manifests.gate import DEFAULT_LIMITS, Limits, Refusal, check_header
from manifests.records import ImageRecord
from manifests.sources import Inputs, content_id, location_of, read_content

MAX_SHARD_SIZE = 64
SHARDS_PER_WORKER = 4

_CHUNK = 256
_ROW_GROUP = 1 << 14
_FACTS = b"annotate.plan"

SCHEMA = pa.schema(
    [
        ("uri", pa.string()),
        ("image_id", pa.string()),
        ("bytes", pa.int64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("outcome", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("duplicate_of", pa.string()),
        ("shard", pa.int32()),
    ]
)
"""`image_id` and `bytes` are null for what could not be read, `width` and `height` for what the gate refused.
`outcome` is `failed`, `duplicate` or null; `shard` is null for what this run does not annotate."""


@dataclass(frozen=True)
class Take:
    """How many of the images, by id, a run annotates."""

    count: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str) -> Take:
        """`8`, or `10%`. Raises InputError."""
        try:
            if text.endswith("%"):
                take = cls(percent=float(text[:-1]))
                good = 0 < float(text[:-1]) <= 100
            else:
                take = cls(count=int(text))
                good = int(text) > 0
        except ValueError:
            good = False
        if not good:
            raise InputError(f"--take {text}: should be a number of images (8) or a share (10%)")
        return take

    def __str__(self) -> str:
        return f"{self.percent:g}%" if self.percent is not None else str(self.count)

    def of(self, images: int) -> int:
        """Number of images taken out of so many; a share is rounded up."""
        if self.percent is not None:
            return min(images, -int(-images * self.percent // 100))
        return images if self.count is None else min(images, self.count)


@dataclass(frozen=True)
class Plan:
    """The plan's table and the few numbers that follow from it."""

    table: pa.Table
    images: int
    shard_size: int

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return int(self.table.num_rows)

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.images // self.shard_size)

    def counts(self) -> dict[str, int]:
        """Inputs, images of this run, images beyond `--take`, duplicates, refused inputs: the first is the sum."""
        ended = {row["values"]: row["counts"] for row in pc.value_counts(self.table["outcome"]).to_pylist()}
        duplicate, failed = ended.get("duplicate", 0), ended.get("failed", 0)
        return {
            "inputs": self.inputs,
            "images": self.images,
            "not_taken": self.inputs - self.images - duplicate - failed,
            "duplicate": duplicate,
            "failed": failed,
        }

    def rows(self, shard: int) -> pa.Table:
        """The rows of one shard, by image id."""
        start = shard * self.shard_size
        return self.table.slice(start, min(self.shard_size, self.images - start))

    def refusals(self) -> list[tuple[str, int]]:
        """Reasons of refused inputs and how often each stands, most frequent first."""
        failed = self.table.filter(pc.equal(self.table["outcome"], "failed"))
        counted = [(row["values"], row["counts"]) for row in pc.value_counts(failed["reason"]).to_pylist()]
        return sorted(counted, key=lambda pair: (-pair[1], pair[0]))

    def write(self, disk: Disk, path: Path) -> None:
        """Write plan.parquet atomically."""
        facts = json.dumps({"images": self.images, "shard_size": self.shard_size})
        table = self.table.replace_schema_metadata({_FACTS: facts})
        options = {"compression": "zstd", "row_group_size": _ROW_GROUP, "write_page_index": True}
        write_file(disk, path, lambda temporary: pq.write_table(table, temporary, **options), self._verify)

    def _verify(self, path: Path) -> None:
        rows = pq.read_metadata(path).num_rows
        if rows != self.inputs:
            raise OSError(f"{path}: holds {rows} rows instead of {self.inputs}")

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Read plan.parquet."""
        table = pq.read_table(path)
        facts = json.loads(table.schema.metadata[_FACTS])
        return cls(table.replace_schema_metadata(None), facts["images"], facts["shard_size"])


def planned_records(rows: pa.Table, root: str) -> list[ImageRecord]:
    """Plan rows as the records that the first stage begins with."""
    return [
        ImageRecord(image_id=row["image_id"], uri=row["uri"], location=location_of(root, row["uri"]))
        for row in rows.select(["image_id", "uri"]).to_pylist()
    ]


def planned_ids(path: Path, shard: int) -> list[str]:
    """Image ids of one shard, read from plan.parquet without the rest of it."""
    with pq.ParquetFile(path) as file:
        facts = json.loads(file.schema_arrow.metadata[_FACTS])
        start = shard * facts["shard_size"]
        end = min(start + facts["shard_size"], facts["images"])
        groups = list(range(start // _ROW_GROUP, (end - 1) // _ROW_GROUP + 1))
        column = file.read_row_groups(groups, columns=["image_id"])["image_id"]
    ids: list[str] = column.slice(start - groups[0] * _ROW_GROUP, end - start).to_pylist()
    return ids


def auto_shard_size(images: int, workers: int) -> int:
    """Small enough that every worker has several shards, at most 64 images."""
    return max(1, min(MAX_SHARD_SIZE, -(-images // (SHARDS_PER_WORKER * max(workers, 1)))))


def make_plan(
    inputs: Inputs,
    *,
    take: Take | None = None,
    shard_size: int | None = None,
    workers: int = 1,
    max_megapixels: float = DEFAULT_LIMITS.max_megapixels,
    on_progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Read every input once, hash it, pass it through the cheap part of the decode gate, and cut shards.

    `on_progress(done, total)` is called from the calling thread. Raises InputError when `shard_size` is not positive.
    """
    if shard_size is not None and shard_size < 1:
        raise InputError(f"--shard-size {shard_size}: should be 1 or more")
    limits = Limits(max_megapixels=max_megapixels)
    examined = pa.concat_tables([*_examine_all(inputs, limits, on_progress), _refused(inputs)])
    return _arrange(examined, take or Take(), shard_size, workers)


def _examine_all(inputs: Inputs, limits: Limits, on_progress: Callable[[int, int], None] | None) -> Iterator[pa.Table]:
    """Examine chunks of inputs in threads: reading and hashing release the interpreter."""
    chunks = [inputs.uris[start : start + _CHUNK] for start in range(0, len(inputs.uris), _CHUNK)]
    done, total = 0, len(inputs.uris)
    stop = Event()
    executor = ThreadPoolExecutor(max_workers=min(32, 2 * (os.cpu_count() or 1)))
    try:
        for table in executor.map(partial(_examine, inputs.root, limits, stop), chunks):
            done += table.num_rows
            if on_progress is not None:
                on_progress(done, total)
            yield table
    finally:
        stop.set()
        executor.shutdown(wait=True, cancel_futures=True)


def _examine(root: str, limits: Limits, stop: Event, uris: list[str]) -> pa.Table:
    """Rows of a chunk of inputs, not yet in shards. Nobody reads what is there when `stop` is set."""
    rows = []
    for uri in uris:
        if stop.is_set():
            break
        row: dict[str, object] = {"uri": uri}
        try:
            content = read_content(location_of(root, uri))
            row |= {"image_id": content_id(content), "bytes": len(content)}
            header = check_header(content, limits)
            row |= {"width": header.width, "height": header.height}
        except Refusal as refusal:
            row |= {"outcome": "failed", "stage": "plan", "reason": str(refusal)}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _refused(inputs: Inputs) -> pa.Table:
    rows = [
        {"uri": uri, "outcome": "failed", "stage": "plan", "reason": reason} for uri, reason in inputs.refused.items()
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _arrange(examined: pa.Table, take: Take, shard_size: int | None, workers: int) -> Plan:
    """Mark duplicates, order the rows and number the shards."""
    failed = pc.is_valid(examined["outcome"])
    refused = examined.filter(failed).sort_by("uri")
    readable = examined.filter(pc.invert(failed)).sort_by([("image_id", "ascending"), ("uri", "ascending")])
    images, duplicates = _split_duplicates(readable)
    taken = take.of(images.num_rows)
    size = shard_size or auto_shard_size(taken, workers)
    numbers = np.arange(images.num_rows, dtype=np.int32) // size
    shard = pa.array(numbers, mask=np.arange(images.num_rows) >= taken)
    images = images.set_column(SCHEMA.get_field_index("shard"), "shard", shard)
    return Plan(pa.concat_tables([images, duplicates.sort_by("uri"), refused]).combine_chunks(), taken, size)


def _split_duplicates(readable: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Rows sorted by (image_id, uri), split into the first of each id and the copies behind it."""
    ids = readable["image_id"].combine_chunks()
    count = len(ids)
    copies = np.zeros(count, dtype=bool)
    if count > 1:
        copies[1:] = pc.equal(ids.slice(1), ids.slice(0, count - 1)).to_numpy(zero_copy_only=False)
    firsts = np.maximum.accumulate(np.where(copies, 0, np.arange(count)))
    duplicates = readable.filter(pa.array(copies))
    columns = {
        "outcome": pa.array(["duplicate"] * duplicates.num_rows, pa.string()),
        "stage": pa.array(["plan"] * duplicates.num_rows, pa.string()),
        "reason": pa.array(["same bytes as another input"] * duplicates.num_rows, pa.string()),
        "duplicate_of": readable["uri"].take(pa.array(firsts[copies])),
    }
    for name, column in columns.items():
        duplicates = duplicates.set_column(SCHEMA.get_field_index(name), name, column)
    return readable.filter(pa.array(~copies)), duplicates

"""The plan: one row per input, and which shard each image belongs to. A version of it, once made, never changes.

Rows stand in this order: the images of the run by id (shard k holds rows k*size to (k+1)*size), the images beyond
`--take` by id, then duplicates and refused inputs by uri. So a shard is a slice, and a smaller take is a prefix of a
larger one. A grown plan has the images of the earlier versions first, in the shards that they had, and behind them
those that it adds, by id, in shards of their own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manifests.atomic import Disk, write_file
from manifests.errors import InputError
from manifests.gate import DEFAULT_LIMITS, Header, Limits, Refusal
from manifests.jail import JailLimits, header_gate
from manifests.records import ImageRecord
from manifests.shards import shard_count, shard_slice
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
        ("texts", pa.list_(pa.string())),
    ]
)
"""`image_id` and `bytes` are null for what could not be read, `width` and `height` for what the gate refused.
`outcome` is `failed`, `duplicate` or null; `shard` is null for what this run does not annotate.
`texts` are the descriptions that were given with the input; an image has those of its copies too."""


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
    versions: tuple[int, ...]
    """Images that each version of the plan added, the first version first."""
    shard_size: int

    @property
    def images(self) -> int:
        """Number of images to annotate."""
        return sum(self.versions)

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return int(self.table.num_rows)

    @property
    def shards(self) -> int:
        """Number of shards."""
        return shard_count(self.versions, self.shard_size)

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
        return self.table.slice(*shard_slice(self.versions, self.shard_size, shard))

    def refusals(self) -> list[tuple[str, int]]:
        """Reasons of refused inputs and how often each stands, most frequent first."""
        failed = self.table.filter(pc.equal(self.table["outcome"], "failed"))
        counted = [(row["values"], row["counts"]) for row in pc.value_counts(failed["reason"]).to_pylist()]
        return sorted(counted, key=lambda pair: (-pair[1], pair[0]))

    def write(self, disk: Disk, path: Path) -> None:
        """Write plan.parquet atomically."""
        facts = json.dumps({"versions": self.versions, "shard_size": self.shard_size})
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
        return cls(table.replace_schema_metadata(None), tuple(facts["versions"]), facts["shard_size"])


_NOTHING = Plan(SCHEMA.empty_table(), (), 1)


def planned_records(rows: pa.Table, root: str) -> list[ImageRecord]:
    """Plan rows as the records that the first stage begins with."""
    return [
        ImageRecord(
            image_id=row["image_id"],
            uri=row["uri"],
            location=location_of(root, row["uri"]),
            texts=row["texts"] or [],
        )
        for row in rows.select(["image_id", "uri", "texts"]).to_pylist()
    ]


def planned_ids(path: Path, shard: int) -> list[str]:
    """Image ids of one shard, read from plan.parquet without the rest of it."""
    with pq.ParquetFile(path) as file:
        facts = json.loads(file.schema_arrow.metadata[_FACTS])
        start, count = shard_slice(facts["versions"], facts["shard_size"], shard)
        groups = list(range(start // _ROW_GROUP, (start + count - 1) // _ROW_GROUP + 1))
        column = file.read_row_groups(groups, columns=["image_id"])["image_id"]
    ids: list[str] = column.slice(start - groups[0] * _ROW_GROUP, count).to_pylist()
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
    untrusted: JailLimits | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Read every input once, hash it, pass it through the cheap part of the decode gate, and cut shards.

    `on_progress(done, total)` is called from the calling thread. Raises InputError when `shard_size` is not positive.
    """
    if shard_size is not None and shard_size < 1:
        raise InputError(f"--shard-size {shard_size}: should be 1 or more")
    examined = _examine_inputs(inputs, max_megapixels, untrusted, on_progress)
    plan = _arrange(_NOTHING, examined, take or Take(), lambda images: shard_size or auto_shard_size(images, workers))
    return _with_texts_of_copies(plan) if inputs.texts else plan


def grow_plan(
    plan: Plan,
    inputs: Inputs,
    *,
    take: Take | None = None,
    max_megapixels: float = DEFAULT_LIMITS.max_megapixels,
    untrusted: JailLimits | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """The plan with a version more: inputs that it does not know, and what a larger `take` takes of those it knows.

    The images of earlier versions keep their shards, and a uri that is known keeps its row: it is not read again,
    whatever lies there now, or if nothing does. Only what was refused is examined anew. A file with the bytes of a
    known image is a duplicate of that one. The plan itself comes back where there is nothing to add. Raises InputError
    where a known image has got another description.
    """
    _refuse_other_texts(plan, inputs)
    refused = set(plan.table.filter(pc.equal(plan.table["outcome"], "failed"))["uri"].to_pylist())
    known = set(plan.table["uri"].to_pylist()) - refused
    new = replace(
        inputs,
        uris=[uri for uri in inputs.uris if uri not in known],
        refused={uri: reason for uri, reason in inputs.refused.items() if uri not in known},
    )
    examined = _examine_inputs(new, max_megapixels, untrusted, on_progress)
    again = pc.is_in(plan.table["uri"], value_set=examined["uri"])
    kept = replace(plan, table=plan.table.filter(pc.invert(again)))
    grown = _arrange(kept, examined, take or Take(), lambda images: plan.shard_size)
    return plan if grown.table.equals(plan.table) else grown


def _examine_inputs(
    inputs: Inputs,
    max_megapixels: float,
    untrusted: JailLimits | None,
    on_progress: Callable[[int, int], None] | None,
) -> pa.Table:
    limits = Limits(max_megapixels=max_megapixels)
    with header_gate(untrusted) as check:
        examined = list(_examine_all(inputs, lambda content: check(content, limits), on_progress))
    return pa.concat_tables([*examined, _refused(inputs)])


def _examine_all(
    inputs: Inputs, check: Callable[[bytes], Header], on_progress: Callable[[int, int], None] | None
) -> Iterator[pa.Table]:
    """Examine chunks of inputs in threads: reading and hashing release the interpreter."""
    chunks = [inputs.uris[start : start + _CHUNK] for start in range(0, len(inputs.uris), _CHUNK)]
    done, total = 0, len(inputs.uris)
    stop = Event()
    executor = ThreadPoolExecutor(max_workers=min(32, 2 * (os.cpu_count() or 1)))
    try:
        for table in executor.map(partial(_examine, inputs, check, stop), chunks):
            done += table.num_rows
            if on_progress is not None:
                on_progress(done, total)
            yield table
    finally:
        stop.set()
        executor.shutdown(wait=True, cancel_futures=True)


def _examine(inputs: Inputs, check: Callable[[bytes], Header], stop: Event, uris: list[str]) -> pa.Table:
    """Rows of a chunk of inputs, not yet in shards. Nobody reads what is there when `stop` is set."""
    rows = []
    for uri in uris:
        if stop.is_set():
            break
        row: dict[str, object] = {"uri": uri, "texts": inputs.texts.get(uri)}
        try:
            content = read_content(location_of(inputs.root, uri))
            row |= {"image_id": content_id(content), "bytes": len(content)}
            header = check(content)
            row |= {"width": header.width, "height": header.height}
        except Refusal as refusal:
            row |= {"outcome": "failed", "stage": "plan", "reason": str(refusal)}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _with_texts_of_copies(plan: Plan) -> Plan:
    """The plan with each image's texts and, behind them, those of its duplicates that say something else."""
    copies = plan.table.filter(pc.is_valid(plan.table["duplicate_of"])).select(["duplicate_of", "texts"]).to_pylist()
    if not copies:
        return plan
    uris, texts = plan.table["uri"].to_pylist(), plan.table["texts"].to_pylist()
    place = {uri: index for index, uri in enumerate(uris)}
    for copy in copies:
        index = place[copy["duplicate_of"]]
        texts[index] = list(dict.fromkeys([*(texts[index] or []), *(copy["texts"] or [])])) or None
    column = pa.array(texts, SCHEMA.field("texts").type)
    return replace(plan, table=plan.table.set_column(SCHEMA.get_field_index("texts"), "texts", column))


def _refuse_other_texts(plan: Plan, inputs: Inputs) -> None:
    """Raise InputError if a planned image has a description that the plan does not hold."""
    if not inputs.texts:
        return
    for row in plan.table.slice(0, plan.images).select(["uri", "texts"]).to_pylist():
        if not set(inputs.texts.get(row["uri"], [])) <= set(row["texts"] or []):
            raise InputError(
                f"--descriptions: {row['uri']} is in this run with other descriptions, and what is there stays; "
                "choose another --out"
            )


def _refused(inputs: Inputs) -> pa.Table:
    rows = [
        {"uri": uri, "outcome": "failed", "stage": "plan", "reason": reason} for uri, reason in inputs.refused.items()
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _arrange(before: Plan, examined: pa.Table, take: Take, shard_size: Callable[[int], int]) -> Plan:
    """Put new rows behind a plan: mark duplicates, order the rows and number the shards."""
    planned, rest = before.table.slice(0, before.images), before.table.slice(before.images)
    failed = pc.is_valid(examined["outcome"])
    readable = examined.filter(pc.invert(failed))
    known = pa.concat_tables([planned, rest.filter(pc.is_null(rest["outcome"]))])
    copies, new = _split_known(readable, known)
    images, duplicates = _split_duplicates(new.sort_by([("image_id", "ascending"), ("uri", "ascending")]))
    waiting = pa.concat_tables([known.slice(before.images), images]).sort_by("image_id")
    taken = _taken(planned["image_id"], waiting["image_id"], take)
    added, beyond = waiting.filter(taken), waiting.filter(pc.invert(taken))
    size = shard_size(added.num_rows)
    numbers = (before.shards + np.arange(added.num_rows) // size).astype(np.int32)
    added = added.set_column(SCHEMA.get_field_index("shard"), "shard", pa.array(numbers))
    ended = pa.concat_tables([rest.filter(pc.is_valid(rest["outcome"])), copies, duplicates, examined.filter(failed)])
    ended = ended.sort_by([("outcome", "ascending"), ("uri", "ascending")])
    versions = (*before.versions, added.num_rows) if added.num_rows or not before.versions else before.versions
    return Plan(pa.concat_tables([planned, added, beyond, ended]).combine_chunks(), versions, size)


def _taken(planned: pa.ChunkedArray, waiting: pa.ChunkedArray, take: Take) -> pa.Array:
    """Which of the waiting ids, in order, lie in the prefix that `take` takes of all ids."""
    ids = pa.chunked_array([*planned.chunks, *waiting.chunks], pa.string())
    count = take.of(len(ids))
    if count == len(ids):
        return pa.array(np.ones(len(waiting), dtype=bool))
    last = ids.take(pc.array_sort_indices(ids)[count - 1 : count])[0]
    return pc.less_equal(waiting, last)


def _split_known(readable: pa.Table, known: pa.Table) -> tuple[pa.Table, pa.Table]:
    """New rows with the bytes of a known image, as its duplicates; and the others."""
    place = pc.index_in(readable["image_id"], value_set=known["image_id"])
    copies = readable.filter(pc.is_valid(place))
    return _as_duplicates(copies, known["uri"].take(pc.drop_null(place))), readable.filter(pc.is_null(place))


def _as_duplicates(rows: pa.Table, duplicate_of: pa.ChunkedArray) -> pa.Table:
    columns = {
        "outcome": pa.array(["duplicate"] * rows.num_rows, pa.string()),
        "stage": pa.array(["plan"] * rows.num_rows, pa.string()),
        "reason": pa.array(["same bytes as another input"] * rows.num_rows, pa.string()),
        "duplicate_of": duplicate_of,
    }
    for name, column in columns.items():
        rows = rows.set_column(SCHEMA.get_field_index(name), name, column)
    return rows


def _split_duplicates(readable: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Rows sorted by (image_id, uri), split into the first of each id and the copies behind it."""
    ids = readable["image_id"].combine_chunks()
    count = len(ids)
    copies = np.zeros(count, dtype=bool)
    if count > 1:
        copies[1:] = pc.equal(ids.slice(1), ids.slice(0, count - 1)).to_numpy(zero_copy_only=False)
    firsts = np.maximum.accumulate(np.where(copies, 0, np.arange(count)))
    originals = readable["uri"].take(pa.array(firsts[copies]))
    return readable.filter(pa.array(~copies)), _as_duplicates(readable.filter(pa.array(copies)), originals)

"""From a recipe to Ray Data: one block per shard, one pool of workers for neighbours of equal resources.

The last pool commits each shard and sends back its summary; nothing else returns to the driver. Scheduling, queues and
moving data between nodes are Ray's work.
"""

from __future__ import annotations

import os
import re
import resource
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from annotate.journal import Journal
from annotate.reuse import Reuse
from manifests.errors import AnnotateError, OutputError, RecipeError
from manifests.ledger import Committer
from manifests.plan import planned_records
from manifests.recipe import Execution, Recipe
from manifests.records import ImageRecord
from manifests.tables import arrow_type, from_wire, to_wire
from stages.chain import Chain
from stages.mllm.ask import EngineDied
from stages.stage import Stage

if TYPE_CHECKING:
    import ray.data

SHARD = "shard"
"""Name of the column that carries the shard's number beside its rows."""

EXIT_ENGINE_DIED = 87
"""Exit code of a worker whose engine is dead; Ray starts a fresh worker, which gets the same shards."""


@dataclass(frozen=True)
class Pool:
    """Neighbouring stages that run in the same workers.

    `first` is the place of the first one in the recipe, `deadlines_s` what one image may take in each of them.
    """

    stages: tuple[Stage, ...]
    execution: Execution
    first: int = 0
    deadlines_s: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class ShardDone:
    """What a worker tells the driver of a committed shard; `began` and `ended` are seconds since the epoch."""

    shard: int
    outcomes: dict[str, int]
    rows: dict[str, int]
    seconds: dict[str, float]
    began: float
    ended: float
    peak_memory_bytes: dict[str, int]
    """Peak resident memory of every worker that had the shard in its hands."""
    tallies: dict[str, int] = field(default_factory=dict)
    """What was asked of language models."""
    asked_from: float | None = None
    asked_until: float | None = None
    """When a pool that asked began with the shard, and when the last one had all replies."""
    reused: int = 0
    """Images whose first stages another run has done."""
    refused: str | None = None
    """Why the output folder refused the shard (a full disk, say): a sentence for the user, raised by the driver."""


def pools_of(recipe: Recipe, stages: Sequence[Stage]) -> list[Pool]:
    """Group neighbouring stages whose execution is equal: a picture is decoded once per pool, not once per stage.

    Raises RecipeError when a worker is to have several shards in hands at a stage that takes one at a time.
    """
    pairs = enumerate(zip(stages, (spec.execution for spec in recipe.stages), strict=True))
    pools = []
    for _, group in groupby(pairs, key=lambda place: place[1][1].resources()):
        members = list(group)
        first, (_, execution) = members[0]
        alone = [stage.name for _, (stage, _) in members if not stage.concurrent()]
        if execution.shards_at_once > 1 and alone:
            raise RecipeError(
                f"execution.{alone[0]}.shards_at_once={execution.shards_at_once}: {alone[0]} takes one shard at a "
                "time; only stages that ask a language model, and their neighbours, take more"
            )
        deadlines_s = {stage.name: own.deadline_s for _, (stage, own) in members}
        pools.append(Pool(tuple(stage for _, (stage, _) in members), execution, first, deadlines_s))
    return pools


def last_reader_of_content(stages: Sequence[Stage]) -> str | None:
    """The stage behind which the encoded bytes can be dropped."""
    readers = [stage.name for stage in stages if "content" in stage.needed() or "content" in stage.adds]
    return readers[-1] if readers else None


def worker_count(pool: Pool, *, cores: float, gpus: float, shards: int) -> int:
    """Workers of a pool: as the recipe says, or as many as the cores and GPUs hold, never more than shards."""
    if pool.execution.workers != "auto":
        return pool.execution.workers
    by_cpu = cores / pool.execution.cpus if pool.execution.cpus else cores
    by_gpu = gpus / pool.execution.gpus if pool.execution.gpus else by_cpu
    return max(1, min(int(by_cpu), int(by_gpu), shards))


@dataclass
class _Journey:
    """What travels beside a shard from pool to pool: when its first worker began, and its workers' memory.

    `asked_from` and `asked_until` enclose the work of the pools that asked a language model about it.
    """

    began: float
    peak_memory_bytes: dict[str, int]
    asked_from: float | None = None
    asked_until: float | None = None

    SCHEMA: ClassVar[pa.Schema] = pa.schema(
        [
            ("began", pa.float64()),
            ("peak_memory_bytes", pa.map_(pa.string(), pa.int64())),
            ("asked_from", pa.float64()),
            ("asked_until", pa.float64()),
        ]
    )

    @classmethod
    def of(cls, block: pa.Table) -> _Journey:
        """The journey so far; it begins with the first pool."""
        if "began" not in block.column_names:
            return cls(time.time(), {})
        row = block.select(cls.SCHEMA.names).slice(0, 1).to_pylist()[0]
        return cls(**{**row, "peak_memory_bytes": dict(row["peak_memory_bytes"])})

    def asked(self, began: float) -> None:
        """A pool that began at a time has just had its last reply."""
        self.asked_from = began if self.asked_from is None else self.asked_from
        self.asked_until = time.time()

    def beside(self, block: pa.Table) -> pa.Table:
        """The block with the journey in every row."""
        for name, value in {**vars(self), "peak_memory_bytes": list(self.peak_memory_bytes.items())}.items():
            column = pa.array([value] * block.num_rows, self.SCHEMA.field(name).type)
            block = block.append_column(name, column)
        return block


def _peak_memory_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class PoolWorker:
    """A Ray actor: one chain of stages, opened once; takes a shard's block and gives the next pool's block."""

    def __init__(
        self,
        pool: Pool,
        *,
        out: Path,
        root: str | None,
        drop_content_after: str | None,
        committer: Committer | None,
        reuse: Reuse | None,
    ) -> None:
        """`root` is given to the first pool, which reads plan rows; `committer` to the last, which writes the shard.

        `out` is the run's folder, where each worker notes what it has in hands.
        """
        self._chain = Chain(
            pool.stages,
            batch_size=pool.execution.batch_size,
            drop_content_after=drop_content_after,
            first=pool.first,
            reload=reuse is not None and reuse.reload,
        )
        self._journal = Journal(out, pool.deadlines_s)
        self._pool = pool
        self._root = root
        self._reuse = reuse
        self._committer = committer
        self._chain.open()

    def __call__(self, block: pa.Table) -> pa.Table:
        """One whole shard: plan rows or records in, records or the shard's summary out."""
        shard: int = block[SHARD][0].as_py()
        journey, began = _Journey.of(block), time.time()
        records = self._records(block)
        tallies = [dict(record.tallies) for record in records]
        try:
            self._chain(records, self._journal.open(shard))
        except EngineDied:
            os._exit(EXIT_ENGINE_DIED)
        if tallies != [record.tallies for record in records]:
            journey.asked(began)
        self._share_seconds(records)
        entry = self._journal.rest(shard)
        journey.peak_memory_bytes[f"{socket.gethostname()}:{os.getpid()}"] = _peak_memory_bytes()
        if self._committer is None:
            return journey.beside(to_wire(records).append_column(SHARD, pa.array([shard] * len(records), pa.int32())))
        done = self._commit(self._committer, shard, records, journey)
        entry.close()
        return pa.Table.from_pylist([asdict(done)], schema=_DONE_SCHEMA)

    def _share_seconds(self, records: list[ImageRecord]) -> None:
        """Shards that are in hands together share the time, so that the sum over all is that of the worker."""
        for record in records:
            for stage in self._pool.stages:
                if stage.name in record.seconds:
                    record.seconds[stage.name] /= self._pool.execution.shards_at_once

    def _records(self, block: pa.Table) -> list[ImageRecord]:
        if self._root is None:
            return from_wire(block.drop_columns([SHARD, *_Journey.SCHEMA.names]))
        planned = planned_records(block, self._root)
        return self._reuse.records(block, planned) if self._reuse else planned

    @staticmethod
    def _commit(committer: Committer, shard: int, records: list[ImageRecord], journey: _Journey) -> ShardDone:
        start = time.perf_counter()
        try:
            manifest, refused = committer.commit(shard, records), None
        except OutputError as error:
            manifest, refused = None, str(error)
        seconds = {**(manifest.seconds if manifest else {}), "commit": time.perf_counter() - start}
        return ShardDone(
            shard=shard,
            outcomes=manifest.outcomes if manifest else {},
            rows={table: file.rows for table, file in manifest.files.items()} if manifest else {},
            refused=refused,
            seconds=seconds,
            began=journey.began,
            ended=time.time(),
            peak_memory_bytes=journey.peak_memory_bytes,
            tallies=manifest.tallies if manifest else {},
            asked_from=journey.asked_from,
            asked_until=journey.asked_until,
            reused=sum(record.passed > 0 for record in records),
        )


_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Died)\b")

_DONE_SCHEMA = pa.schema(
    [
        ("shard", pa.int32()),
        ("outcomes", pa.map_(pa.string(), pa.int64())),
        ("rows", pa.map_(pa.string(), pa.int64())),
        ("seconds", arrow_type(dict[str, float])),
        ("began", pa.float64()),
        ("ended", pa.float64()),
        ("peak_memory_bytes", pa.map_(pa.string(), pa.int64())),
        ("tallies", arrow_type(dict[str, int])),
        ("asked_from", pa.float64()),
        ("asked_until", pa.float64()),
        ("reused", pa.int64()),
        ("refused", pa.string()),
    ]
)


_MAPS = tuple(field.name for field in _DONE_SCHEMA if pa.types.is_map(field.type))


def _batches(dataset: ray.data.Dataset) -> Iterator[pa.Table]:
    """Summaries as they come. Raises AnnotateError with the last line of what ended a worker for good."""
    from ray.exceptions import RayError

    try:
        for batch in dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            assert isinstance(batch, pa.Table)
            yield batch
    except RayError as error:
        raise AnnotateError(f"a worker cannot go on: {last_fact(str(error))[:300]} (--debug shows where)") from error


def last_fact(trace: str) -> str:
    """Of a trace of several exceptions, each the cause of the next, the last one that is not Ray's own."""
    lines = [line.strip() for line in trace.splitlines() if line.strip("^~ \n")]
    named = [line for line in lines if _EXCEPTION.match(line) and not line.startswith("ray.")]
    return [*lines, *named][-1] if lines else "it said nothing"


def run_shards(
    pools: Sequence[Pool],
    blocks: Iterable[pa.Table],
    *,
    root: str,
    committer: Committer,
    cores: float,
    gpus: float,
    keep_content: bool,
    reuse: Reuse | None = None,
) -> Iterator[ShardDone]:
    """Run shards through the pools on the Ray that is up, yielding each as it is committed (in any order).

    `blocks` are plan rows (image_id, uri, shard), one table per shard; `reuse` knows the images that another run has
    finished. `keep_content` keeps the encoded bytes for the
    committer; otherwise they are dropped behind the last stage that reads them. Raises OutputError when the output
    folder refuses a shard.
    """
    import ray

    tables = reuse.mark(list(blocks)) if reuse else list(blocks)
    context = ray.data.DataContext.get_current()
    # A shard is one block from end to end: without this limit off, Ray splits blocks of more than 128 MiB.
    context.target_max_block_size = None
    dataset: ray.data.Dataset = ray.data.from_arrow(tables)
    drop_after = None if keep_content else last_reader_of_content([s for pool in pools for s in pool.stages])
    for position, pool in enumerate(pools):
        dataset = dataset.map_batches(
            PoolWorker,
            fn_constructor_args=(pool,),
            fn_constructor_kwargs={
                "out": committer.out,
                "root": root if position == 0 else None,
                "drop_content_after": drop_after,
                "committer": committer if position == len(pools) - 1 else None,
                "reuse": reuse,
            },
            batch_size=None,
            batch_format="pyarrow",
            zero_copy_batch=True,
            compute=ray.data.ActorPoolStrategy(
                size=worker_count(pool, cores=cores, gpus=gpus, shards=len(tables)),
                max_tasks_in_flight_per_actor=1 + pool.execution.shards_at_once,
                enable_true_multi_threading=pool.execution.shards_at_once > 1,
            ),
            max_concurrency=pool.execution.shards_at_once,
            num_cpus=pool.execution.cpus,
            num_gpus=pool.execution.gpus or None,
            memory=pool.execution.memory_gb * 2**30 if pool.execution.memory_gb else None,
        )
    for batch in _batches(dataset):
        for row in batch.to_pylist():
            maps = {name: dict(row[name]) for name in _MAPS}
            done = ShardDone(**{**row, **maps})
            if done.refused is not None:
                raise OutputError(done.refused)
            yield done

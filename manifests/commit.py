"""Commit one shard: its tables first, its manifest last. What has no manifest does not exist.

The manifest is `ledger/00007.json`. Timings and the host stand only there, so that equal runs have equal tables.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError

from manifests.atomic import Disk, sha256_of, write_file, write_json
from manifests.embed import IMAGE_FIELD, image_column, schema_with_image
from manifests.errors import OutputError
from manifests.layout import FIRST_VERSION, manifest_path, part_name, plan_path
from manifests.parts import verify_part, write_part
from manifests.plan import planned_ids
from manifests.records import ImageRecord
from manifests.tables import ANNOTATIONS, TABLES, Table, table_of

_EMBEDDED_AT_ONCE = 8


class PartFile(BaseModel):
    """A committed part; `path` is relative to the output folder."""

    model_config = ConfigDict(extra="forbid")

    path: str
    rows: int
    bytes: int
    sha256: str


class ReasonCount(BaseModel):
    """How often a stage gave an outcome for a reason."""

    model_config = ConfigDict(extra="forbid")

    outcome: str
    stage: str | None
    reason: str | None
    count: int


class ShardManifest(BaseModel):
    """A committed shard; `seconds` is the time that each stage spent on its rows, `tallies` what it asked of models."""

    model_config = ConfigDict(extra="forbid")

    shard: int
    fingerprint: str
    attempt: int
    outcomes: dict[str, int]
    reasons: list[ReasonCount]
    not_embedded: dict[str, int] = {}
    files: dict[str, PartFile]
    seconds: dict[str, float]
    tallies: dict[str, int] = {}
    host: str

    @property
    def images(self) -> int:
        """Rows of the shard."""
        return sum(self.outcomes.values())


def read_manifest(path: Path) -> ShardManifest | None:
    """The manifest in a file; None if there is none. Raises OutputError if somebody has changed it."""
    try:
        return ShardManifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise OutputError(f"{path}: not a manifest of this tool; remove it to redo its shard") from error


def is_whole(out: Path, manifest: ShardManifest) -> bool:
    """Whether every part of a committed shard is there in its full length."""
    try:
        return all((out / part.path).stat().st_size == part.bytes for part in manifest.files.values())
    except OSError:
        return False


@dataclass(frozen=True)
class Committer:
    """Writes the shards of one run. Picklable, so that workers hold it.

    `attempts` gives the number of the try for shards that are redone because they had failed rows; `version` is that
    of the plan.
    """

    out: Path
    fingerprint: str
    embed_images: bool = False
    attempts: Mapping[int, int] = field(default_factory=dict)
    version: int = FIRST_VERSION
    disk: Disk = field(default_factory=Disk)

    def commit(
        self, shard: int, records: Sequence[ImageRecord], seconds: Mapping[str, float] | None = None
    ) -> ShardManifest:
        """Write the tables and then the manifest of a shard; a shard that is committed already stays as it is.

        Records still alive become `ok`. `seconds` by stage defaults to the sum over the records. Raises ValueError
        when the records are not exactly the images that the plan gives this shard, OutputError when the disk refuses.
        """
        attempt = self.attempts.get(shard, 0)
        there = read_manifest(manifest_path(self.out, shard))
        if there and (there.fingerprint, there.attempt) == (self.fingerprint, attempt) and is_whole(self.out, there):
            return there
        rows = self._rows_as_planned(shard, records)
        not_embedded: Counter[str] = Counter()
        files = {
            table.name: self._write_table(table, rows, part_name(shard, self.fingerprint, attempt), not_embedded)
            for table in TABLES
        }
        manifest = ShardManifest(
            shard=shard,
            fingerprint=self.fingerprint,
            attempt=attempt,
            outcomes=_outcomes(rows),
            reasons=_reasons(rows),
            not_embedded=dict(sorted(not_embedded.items())),
            files=files,
            seconds=_seconds(rows) if seconds is None else dict(seconds),
            tallies=_tallies(rows),
            host=socket.gethostname(),
        )
        write_json(self.disk, manifest_path(self.out, shard), manifest.model_dump(mode="json"))
        return manifest

    def _rows_as_planned(self, shard: int, records: Sequence[ImageRecord]) -> list[ImageRecord]:
        """The records by id, with an outcome each."""
        rows = sorted(records, key=lambda row: row.image_id)
        planned = planned_ids(plan_path(self.out, self.version), shard)
        if [row.image_id for row in rows] != planned:
            raise ValueError(f"shard {shard}: {len(rows)} records are not the {len(planned)} images of the plan")
        return [row if row.outcome else row.model_copy(update={"outcome": "ok"}) for row in rows]

    def _write_table(self, table: Table, rows: list[ImageRecord], name: str, not_embedded: Counter[str]) -> PartFile:
        path = self.out / table.name / name
        ids = [row.image_id for row in rows] if table is ANNOTATIONS else None
        written: list[int] = []
        digests: list[str] = []

        if self.embed_images and table is ANNOTATIONS:
            schema = schema_with_image(table.schema)
            pieces = _with_images(table_of(table, rows, self.fingerprint), rows, schema, not_embedded)
        else:
            schema, pieces = table.schema, iter([table_of(table, rows, self.fingerprint)])

        def write(temporary: Path) -> None:
            write_part(temporary, schema, _counted(pieces, written))

        def verify(temporary: Path) -> None:
            verify_part(temporary, schema, sum(written), ids)
            digests.append(sha256_of(temporary))

        write_file(self.disk, path, write, verify)
        return PartFile(path=f"{table.name}/{name}", rows=sum(written), bytes=path.stat().st_size, sha256=digests[0])


def _counted(tables: Iterator[pa.Table], counts: list[int]) -> Iterator[pa.Table]:
    for table in tables:
        counts.append(table.num_rows)
        yield table


def _with_images(
    table: pa.Table, rows: list[ImageRecord], schema: pa.Schema, not_embedded: Counter[str]
) -> Iterator[pa.Table]:
    """The annotation rows with their image files, few at a time."""
    for start in range(0, len(rows), _EMBEDDED_AT_ONCE):
        column, reasons = image_column(rows[start : start + _EMBEDDED_AT_ONCE])
        not_embedded.update(reasons)
        piece = table.slice(start, _EMBEDDED_AT_ONCE).append_column(IMAGE_FIELD, column)
        yield piece.replace_schema_metadata(schema.metadata)


def _outcomes(rows: Sequence[ImageRecord]) -> dict[str, int]:
    return dict(sorted(Counter(str(row.outcome) for row in rows).items()))


def _reasons(rows: Sequence[ImageRecord]) -> list[ReasonCount]:
    ended = Counter((str(row.outcome), row.stage, row.reason) for row in rows if row.outcome != "ok")
    return [
        ReasonCount(outcome=outcome, stage=stage, reason=reason, count=count)
        for (outcome, stage, reason), count in sorted(ended.items(), key=lambda pair: str(pair[0]))
    ]


def _seconds(rows: Sequence[ImageRecord]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row.seconds)
    return {stage: round(spent, 4) for stage, spent in total.items()}


def _tallies(rows: Sequence[ImageRecord]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row.tallies)
    return dict(sorted(total.items()))

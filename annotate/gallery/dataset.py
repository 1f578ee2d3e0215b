"""A run folder as the gallery reads it: committed shards only, one image with all its records at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq

from manifests.commit import ShardManifest, is_whole, read_manifest
from manifests.embed import IMAGE_FIELD
from manifests.errors import OutputError
from manifests.layout import RUN, manifest_files, plan_path
from manifests.records import Description, ImageRecord, PointLabel, Question
from manifests.run import RunFile, read_run
from manifests.sources import location_of, read_content
from manifests.tables import ANNOTATIONS, DESCRIPTIONS, POINTS, VQA

Kind = TypeVar("Kind", Description, Question, PointLabel)

_RECORD_COLUMNS = [column.name for column in ANNOTATIONS.columns if column.name != "fingerprint"]


@dataclass(frozen=True)
class PlanRow:
    """An input that got its outcome in the plan: a duplicate, or a file that the decode gate refused."""

    uri: str
    outcome: str
    stage: str | None
    reason: str | None
    duplicate_of: str | None


@dataclass(frozen=True)
class RunFolder:
    """A run's output folder, read without its lock."""

    out: Path
    file: RunFile
    manifests: tuple[ShardManifest, ...]

    @classmethod
    def read(cls, out: Path) -> RunFolder:
        """The run in a folder and its committed shards, in order. Raises OutputError if there is none."""
        file = read_run(out)
        if file is None:
            raise OutputError(f"{out}: no run here (no {RUN}); give the folder that was --out")
        found = (read_manifest(path) for path in manifest_files(out))
        committed = (
            manifest
            for manifest in found
            if manifest is not None and manifest.fingerprint == file.run.fingerprint and is_whole(out, manifest)
        )
        return cls(out, file, tuple(committed))

    def image_ids(self) -> list[str]:
        """Ids of the images in committed shards, in order."""
        return [
            image_id for manifest in self.manifests for image_id in self._column(manifest, ANNOTATIONS.name, "image_id")
        ]

    def records(self, shard: ShardManifest) -> list[ImageRecord]:
        """The images of a committed shard with the records of every table, in order."""
        grouped = {table.name: self._by_image(shard, table.name) for table in (DESCRIPTIONS, VQA, POINTS)}
        rows = pq.read_table(self._part(shard, ANNOTATIONS.name), columns=_RECORD_COLUMNS).to_pylist()
        records = []
        for row in rows:
            record = ImageRecord.model_validate(row)
            record.descriptions = [_as(Description, said) for said in grouped[DESCRIPTIONS.name][record.image_id]]
            record.questions = [_as(Question, said) for said in grouped[VQA.name][record.image_id]]
            record.points = [_as(PointLabel, said) for said in grouped[POINTS.name][record.image_id]]
            records.append(record)
        return records

    def content(self, shard: ShardManifest, record: ImageRecord) -> bytes:
        """The encoded image: the copy in the annotations table, or else its source file. Raises Refusal.

        The copy is what the labels are about: a recipe may have changed the pixels.
        """
        embedded = self._embedded(shard, record.image_id) if self.file.run.embed_images else None
        return embedded or read_content(location_of(self.file.run.root, record.uri), record.image_id)

    def plan_rows(self) -> Iterator[PlanRow]:
        """Inputs that the plan itself gave an outcome."""
        columns = ["uri", "outcome", "stage", "reason", "duplicate_of"]
        table = pq.read_table(
            plan_path(self.out, self.file.version),
            columns=columns,
            filters=[("outcome", "in", ["failed", "duplicate"])],
        )
        return (PlanRow(**row) for row in table.to_pylist())

    def _part(self, shard: ShardManifest, table: str) -> Path:
        return self.out / shard.files[table].path

    def _column(self, shard: ShardManifest, table: str, column: str) -> list[Any]:
        values: list[Any] = pq.read_table(self._part(shard, table), columns=[column])[column].to_pylist()
        return values

    def _by_image(self, shard: ShardManifest, table: str) -> defaultdict[str, list[dict[str, Any]]]:
        grouped: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in pq.read_table(self._part(shard, table)).to_pylist():
            grouped[row["image_id"]].append(row)
        return grouped

    def _embedded(self, shard: ShardManifest, image_id: str) -> bytes | None:
        """The file in the column `image`; reads one row group, because a whole part of them may be large."""
        with pq.ParquetFile(self._part(shard, ANNOTATIONS.name)) as part:
            for group in range(part.num_row_groups):
                ids = part.read_row_group(group, columns=["image_id"])["image_id"].to_pylist()
                if image_id in ids:
                    column = part.read_row_group(group, columns=[IMAGE_FIELD.name])[IMAGE_FIELD.name]
                    image = column[ids.index(image_id)].as_py()
                    return None if image is None else image["bytes"]
        return None


def _as(kind: type[Kind], row: dict[str, Any]) -> Kind:
    return kind.model_validate({name: row[name] for name in kind.model_fields})

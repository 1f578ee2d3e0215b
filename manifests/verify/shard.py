"""Re-read one committed shard: its files against the manifest, its tables against each other, every row in itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from manifests.atomic import sha256_of
from manifests.commit import ShardManifest
from manifests.embed import IMAGE_FIELD, schema_with_image
from manifests.layout import LEDGER, plan_path
from manifests.plan import planned_ids
from manifests.records import Description, ImageRecord, PointLabel, Question
from manifests.run import RunFile
from manifests.tables import ANNOTATIONS, DESCRIPTIONS, POINTS, REGIONS, TABLES, VQA, Table
from manifests.verify.rows import violations

Label = TypeVar("Label", bound=BaseModel)

_NOT_IN_RECORD = {"fingerprint", IMAGE_FIELD.name}


@dataclass(frozen=True)
class Violation:
    """One broken promise: the file (relative to the folder) and the fact; in words a line of printable characters."""

    file: str
    fact: str

    def __str__(self) -> str:
        said = f"{self.file}: {self.fact}"
        return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in said)


def shard_violations(out: Path, file: RunFile, manifest: ShardManifest) -> Iterator[Violation]:
    """Everything that is wrong with one committed shard: its files against the manifest, its rows in themselves."""
    tables: dict[str, pa.Table] = {}
    for table in TABLES:
        part = manifest.files.get(table.name)
        if part is None:
            yield Violation(f"{LEDGER}/{manifest.shard:05d}.json", f"names no part of {table.name}")
            continue
        path = out / part.path
        if not path.exists():
            yield Violation(part.path, "is missing")
            continue
        if path.stat().st_size != part.bytes or sha256_of(path) != part.sha256:
            yield Violation(part.path, "is not the file that was written: its size or sha256 differs")
        try:
            read = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            yield Violation(part.path, f"cannot be read: {' '.join(str(error).split())[:120]}")
            continue
        schema = table.schema
        if table is ANNOTATIONS and file.run.embed_images:
            schema = schema_with_image(schema)
        if not read.schema.remove_metadata().equals(schema.remove_metadata()):
            yield Violation(part.path, f"has not the schema of {table.name}")
            continue
        if read.num_rows != part.rows:
            yield Violation(part.path, f"holds {read.num_rows} rows, its manifest says {part.rows}")
        tables[table.name] = read
    if len(tables) == len(TABLES):
        yield from _rows(out, file, manifest, tables)


def _rows(out: Path, file: RunFile, manifest: ShardManifest, tables: dict[str, pa.Table]) -> Iterator[Violation]:
    def at(table: Table) -> str:
        return manifest.files[table.name].path

    annotations = tables[ANNOTATIONS.name]
    ids = annotations["image_id"].to_pylist()
    plan = plan_path(out, file.version)
    if plan.exists() and ids != planned_ids(plan, manifest.shard):
        yield Violation(at(ANNOTATIONS), "its images are not those that the plan gives the shard")
    if set(annotations["fingerprint"].to_pylist()) - {manifest.fingerprint}:
        yield Violation(at(ANNOTATIONS), "holds rows of another recipe")
    counts = {each["values"]: each["counts"] for each in annotations["outcome"].value_counts().to_pylist()}
    if counts != manifest.outcomes:
        yield Violation(at(ANNOTATIONS), f"has the outcomes {counts}, its manifest {manifest.outcomes}")
    by_image = {table.name: _by_image(tables[table.name]) for table in (DESCRIPTIONS, VQA, POINTS, REGIONS)}
    for name, images in by_image.items():
        for image_id in sorted(images.keys() - set(ids)):
            yield Violation(manifest.files[name].path, f"{image_id} is no image of this shard")
    for row in annotations.drop_columns(
        [name for name in annotations.column_names if name in _NOT_IN_RECORD]
    ).to_pylist():
        image_id = row["image_id"]
        try:
            record = ImageRecord.model_validate(row)
            record.descriptions = [_as(Description, each) for each in by_image[DESCRIPTIONS.name][image_id]]
            record.questions = [_as(Question, each) for each in by_image[VQA.name][image_id]]
            record.points = [_as(PointLabel, each) for each in by_image[POINTS.name][image_id]]
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            yield Violation(at(ANNOTATIONS), f"{image_id}: {where}: {first['msg']}")
            continue
        if [{"image_id": image_id, **region.model_dump()} for region in record.regions] != [
            _plain(each) for each in by_image[REGIONS.name][image_id]
        ]:
            yield Violation(at(REGIONS), f"{image_id}: its regions are not those of the annotations")
        yield from (Violation(at(ANNOTATIONS), f"{image_id}: {fact}") for fact in violations(record))


def _as(model: type[Label], row: dict[str, Any]) -> Label:
    return model.model_validate({name: row[name] for name in model.model_fields})


def _plain(region: dict[str, Any]) -> dict[str, Any]:
    """A row of the regions table as a record dumps it: boxes and sizes are tuples there."""
    row = {**region, "box_xyxy_px": tuple(region["box_xyxy_px"])}
    if row["mask"] is not None:
        row["mask"] = {**row["mask"], "size": tuple(row["mask"]["size"])}
    return row


def _by_image(table: pa.Table) -> defaultdict[str, list[dict[str, Any]]]:
    grouped: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        grouped[row["image_id"]].append(row)
    return grouped

"""The five tables of a run and the rows that one image record contributes to each.

Arrow types are derived from the records' annotations, so a field is declared once. Integers are int32, real numbers
float64 (stages round what they write), boxes fixed-size lists of four, closed lists strings.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel

from manifests.records import Description, ImageRecord, PointLabel, Question, Region

SCHEMA_VERSION = 2
"""Raised when a column changes its meaning, its type or its place; stands in every table's metadata."""


def arrow_type(annotation: Any) -> pa.DataType:
    """The Arrow type of a record field's annotation. Raises TypeError for an annotation that no table may hold."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        (inner,) = [arg for arg in args if arg is not type(None)]
        return arrow_type(inner)
    if origin is Literal or annotation is str:
        return pa.string()
    if origin is list:
        return pa.list_(arrow_type(args[0]))
    if origin is tuple:
        return pa.list_(arrow_type(args[0]), len(args))
    if origin is dict and args == (str, float):
        return pa.map_(pa.string(), pa.float64())
    if origin is dict and args == (str, int):
        return pa.map_(pa.string(), pa.int64())
    scalars = {bool: pa.bool_(), int: pa.int32(), float: pa.float64(), bytes: pa.large_binary()}
    if annotation in scalars:
        return scalars[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct([(name, arrow_type(field.annotation)) for name, field in annotation.model_fields.items()])
    raise TypeError(f"no Arrow type for {annotation!r}")


@dataclass(frozen=True)
class Column:
    """A column of a table, with the sentence that the documentation prints for it."""

    name: str
    type: pa.DataType
    meaning: str


Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table: its columns, and the rows that one finished image record contributes."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    rows: Callable[[ImageRecord, str], Iterable[Row]]

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema, with the schema version in its metadata."""
        return pa.schema(
            [(column.name, column.type) for column in self.columns],
            metadata={"annotate.table": self.name, "annotate.schema_version": str(SCHEMA_VERSION)},
        )


_IMAGE_COLUMNS = (
    Column("image_id", pa.string(), "First 32 hex digits of the SHA-256 of the image file"),
    Column("uri", pa.string(), "Where the image was read from"),
    Column("width", pa.int32(), "Width of the EXIF-upright image in pixels; null when never decoded"),
    Column("height", pa.int32(), "Height of the EXIF-upright image in pixels; null when never decoded"),
)


def _columns(model: type[BaseModel], meanings: dict[str, str]) -> tuple[Column, ...]:
    """Columns for the named fields of a record, in the order of `meanings`."""
    return tuple(
        Column(name, arrow_type(model.model_fields[name].annotation), meaning) for name, meaning in meanings.items()
    )


def _image(row: ImageRecord) -> Row:
    return {"image_id": row.image_id, "uri": row.uri, "width": row.width, "height": row.height}


def _annotation_rows(row: ImageRecord, fingerprint: str) -> Iterable[Row]:
    names = [column.name for column in ANNOTATIONS.columns if column.name != "fingerprint"]
    dumped = row.model_dump(include=set(names))
    yield {**{name: dumped[name] for name in names}, "fingerprint": fingerprint}


def _region_rows(row: ImageRecord, fingerprint: str) -> Iterable[Row]:
    return ({"image_id": row.image_id, **region.model_dump()} for region in row.regions)


def _description_rows(row: ImageRecord, fingerprint: str) -> Iterable[Row]:
    return ({**_image(row), **description.model_dump()} for description in row.descriptions)


def _vqa_rows(row: ImageRecord, fingerprint: str) -> Iterable[Row]:
    return ({**_image(row), **question.model_dump()} for question in row.questions)


def _point_rows(row: ImageRecord, fingerprint: str) -> Iterable[Row]:
    return ({"image_id": row.image_id, **point.model_dump()} for point in row.points)


ANNOTATIONS = Table(
    "annotations",
    "One row per image of the shards: the whole record, from which the other tables follow",
    _IMAGE_COLUMNS
    + _columns(
        ImageRecord,
        {
            "frames": "Frames or pages of the file; the first one is annotated",
            "texts": "Descriptions that were given with the image",
            "outcome": "`ok`, `filtered` or `failed` (duplicates stand in the plan)",
            "stage": "The stage that gave an outcome other than ok",
            "reason": "Why, in words",
            "scores": "Quality scores of the whole image, in each metric's own unit",
            "attributes": "Evidence averaged over the image",
            "distortions": "Distortions of the image as a whole, strongest first",
            "quality_map": "Severity on the 20x20 grid (row-major, tenths, 0-50), for families found anywhere",
            "phrases": "What the given texts speak of, with quality, effect and regions, or why it has none",
            "regions": "All regions, kept or not",
            "report": "What the author said, in internal notation",
        },
    )
    + (Column("fingerprint", pa.string(), "Fingerprint of the recipe that made the row"),),
    _annotation_rows,
)

REGIONS = Table(
    "regions",
    "One row per region, kept or dropped; `(image_id, region_id)` is the key",
    (_IMAGE_COLUMNS[0],)
    + _columns(
        Region,
        {
            "region_id": "Number of the region in its image, from 1",
            "label": "Bare class name",
            "phrase": "Words that a text uses for the region",
            "box_xyxy_px": "x1, y1, x2, y2 in pixels of the upright image",
            "mask": "COCO compressed RLE; null where the region is just its box",
            "source": "`detector`, `quality-map`, `text` or `planted`",
            "detector": "Name of the detector",
            "detector_score": "Confidence of the detector, 0-1",
            "iqa_score": "Quality score of the region in the unit of the run's metric",
            "attributes": "Evidence averaged over the region",
            "distortions": "Distortions of the region, severity 1-5, strongest first (planted: as applied)",
            "quality": "Quality in a word",
            "effect": "Effect on the image's quality: no impact, positive, negative",
            "agreement": "How far the crop bears out what a given text says of it, 0-1",
            "kept": "Whether the labels may use the region",
            "drop_reason": "Why not",
            "dropped_by": "The stage that decided so",
            "merged_from": "Numbers of the regions that were merged into this one",
        },
    ),
    _region_rows,
)

DESCRIPTIONS = Table(
    "descriptions",
    "GIQA-DES: questions about quality and descriptions whose phrases carry boxes",
    (Column("id", pa.string(), "Unique in a run"),)
    + _IMAGE_COLUMNS
    + _columns(
        Description,
        {
            "level": "`global` (the image) or `local` (one region)",
            "question": "The question",
            "answer": "The description with `[label](<a, b>)` links on the 20x20 grid",
            "answer_plain": "The same without links",
            "spans": "Characters of `answer_plain` that each link covers, with its regions",
            "region_ids": "Regions that the answer names",
            "contradicted": "Claims that the measurements contradict",
            "author": "Who wrote it",
        },
    ),
    _description_rows,
)

VQA = Table(
    "vqa",
    "GIQA-VQA: questions and answers, with boxes in the question, in the answer, or nowhere",
    (Column("id", pa.string(), "Unique in a run"),)
    + _IMAGE_COLUMNS
    + _columns(
        Question,
        {
            "question": "The question, with boxes if it refers",
            "answer": "The answer, with boxes if it grounds",
            "question_plain": "The question without links",
            "answer_plain": "The answer without links",
            "family": "`yes-no`, `what`, `why`, `how`, `refer-short`, `refer-long` or `ground`",
            "spatial": "`referring` (boxes in the question), `grounding` (boxes in the answer) or `none`",
            "region_ids": "Regions that the pair is about",
            "author": "Who wrote it",
        },
    ),
    _vqa_rows,
)

POINTS = Table(
    "points",
    "Point labels of pixel grounding: prompt points and position words of each kept region",
    (Column("id", pa.string(), "Unique in a run"), _IMAGE_COLUMNS[0])
    + _columns(
        PointLabel,
        {
            "region_id": "The region",
            "label": "Words for the region",
            "distortions": "Its distortions, strongest first (planted: as applied)",
            "box_xyxy_px": "x1, y1, x2, y2 in pixels of the upright image",
            "points": "x and y in 0-1; positive points lie inside the region, the first one deepest",
            "position_horizontal": "`left` or `right`, by the box centre",
            "position_vertical": "`top` or `bottom`, by the box centre",
            "whole_image": "Whether the region is the whole image",
            "mask": "COCO compressed RLE; null where the region is just its box",
        },
    ),
    _point_rows,
)

TABLES: tuple[Table, ...] = (ANNOTATIONS, DESCRIPTIONS, VQA, POINTS, REGIONS)


def table_of(table: Table, records: Sequence[ImageRecord], fingerprint: str) -> pa.Table:
    """The rows of `records` (in their order) as an Arrow table with the table's schema."""
    return pa.Table.from_pylist(
        [row for record in records for row in table.rows(record, fingerprint)], schema=table.schema
    )


@cache
def wire_schema() -> pa.Schema:
    """Arrow schema of whole records between stages; never written to disk."""
    return pa.schema([(name, arrow_type(field.annotation)) for name, field in ImageRecord.model_fields.items()])


def to_wire(records: Sequence[ImageRecord]) -> pa.Table:
    """Records as an Arrow table, for the road between two workers."""
    return pa.Table.from_pylist([record.model_dump() for record in records], schema=wire_schema())


def from_wire(table: pa.Table) -> list[ImageRecord]:
    """Inverse of `to_wire`: equal records in the same order."""
    maps = ("seconds", "tallies")
    return [
        ImageRecord.model_validate({**row, **{name: dict(row[name]) for name in maps}}) for row in table.to_pylist()
    ]

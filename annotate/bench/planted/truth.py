"""What was planted where: one row per image of a benchmark, in a file that the pipeline never sees."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from manifests.errors import InputError
from manifests.records import Record, Region
from manifests.tables import arrow_type

TRUTH = "truth.parquet"
ORIGINALS = "originals"
"""Folder beside the table that holds the untouched photo of every planted image, under the same file name."""

_SETTINGS = b"annotate.planted"


class TruthImage(Record):
    """One image: the photo that it was made of, and its planted regions (none: untouched).

    `photo` is the source's uri; all images of one photo are one cluster when intervals are drawn. Regions have the
    source `planted`, a box, a mask (null: the whole image) and their distortions, strongest first.
    """

    image_id: str
    file: str
    photo: str
    width: int
    height: int
    soft_edges: bool | None = None
    regions: list[Region]


_SCHEMA = pa.schema([(name, arrow_type(field.annotation)) for name, field in TruthImage.model_fields.items()])


@dataclass(frozen=True)
class Truth:
    """All images of a benchmark by id, and the settings that they were planted with."""

    images: dict[str, TruthImage]
    settings: dict[str, Any]
    folder: Path

    @property
    def untouched(self) -> list[TruthImage]:
        """Images in which nothing was planted."""
        return [image for image in self.images.values() if not image.regions]


def write_truth(folder: Path, images: Sequence[TruthImage], settings: dict[str, Any]) -> Path:
    """Write the table into a folder. Returns its path."""
    schema = _SCHEMA.with_metadata({_SETTINGS: json.dumps(settings, sort_keys=True).encode()})
    rows = [image.model_dump() for image in sorted(images, key=lambda each: each.image_id)]
    path = folder / TRUTH
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, compression="zstd")
    return path


def read_truth(path: Path) -> Truth:
    """Read a table that `write_truth` wrote. Raises InputError for anything else."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        fact = " ".join(str(error).split())[:200]
        raise InputError(f"--truth {path}: cannot be read ({fact}); give the {TRUTH} of a kept benchmark") from error
    metadata = table.schema.metadata or {}
    if _SETTINGS not in metadata:
        raise InputError(f"--truth {path}: not a table of planted truth; give the {TRUTH} of a kept benchmark")
    images = [TruthImage.model_validate(row) for row in table.to_pylist()]
    return Truth({image.image_id: image for image in images}, json.loads(metadata[_SETTINGS]), path.parent)

"""One part of one table: a Parquet file whose bytes follow from its rows alone.

zstd, page index, at most 100 rows a row group. A part without rows has no row group at all: one with zero rows is
valid Parquet, but `datasets.load_dataset` stumbles over it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 100


def write_part(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write tables one behind the other; each of them becomes row groups of its own."""
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_index=True) as writer:
        for table in tables:
            if table.num_rows:
                writer.write_table(table, row_group_size=ROWS_PER_GROUP)


def verify_part(path: Path, schema: pa.Schema, rows: int, image_ids: list[str] | None = None) -> None:
    """Re-open a written part and compare it with what it should hold. Raises OSError.

    With `image_ids`, the column of that name must hold exactly these, in this order.
    """
    with pq.ParquetFile(path) as file:
        if not file.schema_arrow.equals(schema, check_metadata=False):
            raise OSError(f"{path}: read back with another schema than was written")
        if file.metadata.num_rows != rows:
            raise OSError(f"{path}: read back {file.metadata.num_rows} rows instead of {rows}")
        if image_ids is not None and rows and file.read(columns=["image_id"])["image_id"].to_pylist() != image_ids:
            raise OSError(f"{path}: read back other image ids than were written")

"""What `annotate ground` writes besides predictions.jsonl: points.parquet, and pictures if they are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.evaluate.bench import TextRow
from annotate.evaluate.images import pixels_of
from annotate.ground.draw import overlay
from annotate.ground.items import Items
from manifests.atomic import Disk, make_folder, write_bytes, write_file
from manifests.masks import decode_mask
from manifests.records import Mask
from manifests.tables import arrow_type

POINTS_FILE, OVERLAYS = "points.parquet", "overlays"

CHI = ("chi_left", "chi_right", "chi_top", "chi_bottom")

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "image_id", "uri", "question", "answer", "read")),
        *((name, pa.int32()) for name in ("width", "height")),
        *((name, pa.float64()) for name in (*CHI, "p_right", "p_bottom", "x_px", "y_px")),
        ("mask", arrow_type(Mask)),
    ]
)
"""One row per question, in their order; logits, probabilities and point are null where there are none."""


def write_points(folder: Path, items: Items, lines: Sequence[Mapping[str, Any]]) -> Path:
    """Write the points of all lines as Parquet, atomically; returns the file."""
    by_id = {line["id"]: line for line in lines}
    rows = [_row(row, by_id[row.id]) for row in items.rows if row.id in by_id]
    content = pa.Table.from_pylist(rows, schema=SCHEMA)
    path = folder / POINTS_FILE
    write_file(Disk(), path, lambda temporary: pq.write_table(content, temporary, compression="zstd"))
    return path


def draw_overlays(folder: Path, items: Items, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write overlays/00001.png ..., numbered as the questions are."""
    by_id, truth = {line["id"]: line for line in lines}, items.truth()
    make_folder(Disk(), folder / OVERLAYS)
    for number, row in enumerate(items.rows, start=1):
        line = by_id.get(row.id)
        if line is not None:
            point, said, true = line["point"], line["mask"], truth.get(row.id)
            picture = overlay(
                pixels_of(items.read_image(row), row.id),
                None if said is None else decode_mask(Mask.model_validate(said)),
                None if point["x_px"] is None else (point["x_px"], point["y_px"]),
                None if true is None else decode_mask(true.mask),
            )
            write_bytes(Disk(), folder / OVERLAYS / f"{number:05d}.png", picture)


def _row(row: TextRow, line: Mapping[str, Any]) -> dict[str, Any]:
    point = line["point"]
    return {
        "id": row.id,
        "image_id": row.image_id,
        "uri": row.uri,
        "question": row.question,
        "answer": line["prediction"],
        "read": point["read"],
        "width": row.width,
        "height": row.height,
        **dict(zip(CHI, point["chi"] or [None] * len(CHI), strict=True)),
        **{name: point[name] for name in ("p_right", "p_bottom", "x_px", "y_px")},
        "mask": line["mask"],
    }

"""A benchmark as it lies on disk: rows with reference answers, each with the id that a prediction names.

A folder holds `descriptions.parquet`, `vqa.parquet`, `referring.parquet` and `points.parquet`, as far as there are
such rows, with the columns of a run's tables of the same kind (`referring` is a part of `vqa`). One Parquet file alone
is a benchmark too. Images are files of the folder, by the `uri` of their rows.

`photos.csv`, if there, says of which photo an image is a part or a view (`image_id,photo`): intervals re-draw photos.

Masks are asked for by the grounding questions about one region of `points.parquet`: IQA-Spider's grounding is a text
answer first, then a mask. A benchmark without such questions asks for every region of `points.parquet` by its own id.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.evaluate.subtasks import Subtask, subtask_of
from manifests.errors import InputError
from manifests.masks import encode_mask, mask_of_box
from manifests.records import BoxXYXYPx, Mask
from manifests.vocabulary import QuestionFamily

FILES = ("descriptions.parquet", "vqa.parquet", "referring.parquet", "points.parquet")
PHOTOS = "photos.csv"
PHOTO_COLUMNS = ("image_id", "photo")

_TEXT_COLUMNS = ("id", "image_id", "width", "height", "question", "answer")
_MORE_TEXT_COLUMNS = ("family", "uri", "question_plain", "region_ids")
_POINT_COLUMNS = ("id", "image_id", "label", "box_xyxy_px", "mask")
_MORE_POINT_COLUMNS = ("region_id", "points", "whole_image")


@dataclass(frozen=True)
class TextRow:
    """A question with its reference answer, both in GIQA notation; `family` is None for a description.

    `uri` names the image's file in the benchmark's folder; None where the table does not say.
    """

    id: str
    image_id: str
    width: int
    height: int
    question: str
    answer: str
    family: QuestionFamily | None
    uri: str | None = None
    region_ids: tuple[int, ...] = ()
    subtask: Subtask | None = None
    photo: str | None = None


@dataclass(frozen=True)
class MaskRow:
    """A region that is to be segmented, with its reference mask.

    `id` is that of the question that asks for it, or of the region itself. `region` is always the region's own: a mask
    given under it counts for every question about the region. `pole_xy` is its deepest point, in 0-1.
    """

    id: str
    image_id: str
    label: str
    mask: Mask
    region: str | None = None
    region_id: int | None = None
    subtask: Subtask | None = None
    box_xyxy_px: BoxXYXYPx | None = None
    pole_xy: tuple[float, float] | None = None
    whole_image: bool = False
    photo: str | None = None


@dataclass(frozen=True)
class Bench:
    """All rows of a benchmark, in the order of its files; `folder` holds the images, where there are any."""

    texts: tuple[TextRow, ...]
    masks: tuple[MaskRow, ...] = ()
    folder: Path | None = None
    regions: tuple[str, ...] = ()
    """Ids of all regions in `points.parquet`, asked for or not."""

    @property
    def descriptions(self) -> list[TextRow]:
        """GIQA-DES."""
        return [row for row in self.texts if row.family is None]

    @property
    def questions(self) -> list[TextRow]:
        """GIQA-VQA, and IQA-Spider's grounding."""
        return [row for row in self.texts if row.family is not None and not row.family.startswith("refer")]

    @property
    def referring(self) -> list[TextRow]:
        """IQA-Spider's referring, short and long."""
        return [row for row in self.texts if row.family is not None and row.family.startswith("refer")]

    def ids(self) -> list[str]:
        """Ids that a prediction may name, each once."""
        return list(
            dict.fromkeys([*(row.id for row in self.texts), *(row.id for row in self.masks), *self.regions]),
        )


def redrawn_with(row: TextRow | MaskRow) -> str:
    """What the bootstrap re-draws as a whole: the row's photo, or else its image."""
    return row.photo or row.image_id


def read_bench(path: Path) -> Bench:
    """The benchmark in a folder or in one Parquet file. Raises InputError."""
    files = [path / name for name in FILES if (path / name).is_file()] if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise InputError(
            f"--bench {path}: no benchmark there; give a folder of `annotate bench make`, or a Parquet file"
        )
    texts: list[TextRow] = []
    regions: list[MaskRow] = []
    for file in files:
        table = _read(file)
        if "question" in table.column_names:
            texts += text_rows(_selected(table, _TEXT_COLUMNS, _MORE_TEXT_COLUMNS, file))
        else:
            sizes = {row.image_id: (row.width, row.height) for row in texts}
            regions += region_rows(_selected(table, _POINT_COLUMNS, _MORE_POINT_COLUMNS, file), sizes, str(file))
    photos = _photos(path / PHOTOS)
    texts = [replace(row, photo=photos.get(row.image_id)) for row in texts]
    regions = [replace(row, photo=photos.get(row.image_id)) for row in regions]
    bench = bench_of(texts, regions, path if path.is_dir() else path.parent)
    if not bench.ids():
        raise InputError(f"--bench {path}: holds no rows; make it anew from a run with labels")
    ids = [row.id for row in texts] + [row.id for row in regions]
    if len(set(ids)) < len(ids):
        raise InputError(f"--bench {path}: two rows share an id; every row needs its own")
    return bench


def bench_of(texts: Sequence[TextRow], regions: Sequence[MaskRow], folder: Path | None) -> Bench:
    """A benchmark of these rows: its masks are those that grounding questions ask for, or all regions."""
    by_number = {(row.image_id, row.region_id): row for row in regions if row.region_id is not None}
    asked = []
    for text in texts:
        if text.family == "ground" and len(text.region_ids) == 1:
            region = by_number.get((text.image_id, text.region_ids[0]))
            if region is not None:
                asked.append(replace(region, id=text.id, subtask=text.subtask))
    return Bench(tuple(texts), tuple(asked or regions), folder, tuple(row.id for row in regions))


def text_rows(rows: Iterable[Mapping[str, Any]]) -> list[TextRow]:
    """Rows of `descriptions` or `vqa`."""
    return [
        TextRow(
            **{name: row[name] for name in _TEXT_COLUMNS},
            family=row.get("family"),
            uri=row.get("uri"),
            region_ids=tuple(row.get("region_ids") or ()),
            subtask=subtask_of(row.get("question_plain") or row["question"]) if row.get("family") == "ground" else None,
        )
        for row in rows
    ]


def region_rows(rows: Iterable[Mapping[str, Any]], sizes: Mapping[str, tuple[int, int]], where: str) -> list[MaskRow]:
    """Rows of `points`. A region without a mask is its box, for which the image's width and height must be known.

    Raises InputError.
    """
    found = []
    for row in rows:
        mask = row["mask"] and Mask.model_validate(row["mask"])
        if mask is None:
            if row["image_id"] not in sizes:
                raise InputError(
                    f"{where}: row {row['id']} has no mask and no size of its image; give the whole folder"
                )
            mask = encode_mask(mask_of_box(row["box_xyxy_px"], *sizes[row["image_id"]]))
        poles = [(point["x"], point["y"]) for point in row.get("points") or () if point["positive"]]
        found.append(
            MaskRow(
                row["id"],
                row["image_id"],
                row["label"],
                cast(Mask, mask),
                region=row["id"],
                region_id=row.get("region_id"),
                box_xyxy_px=tuple(row["box_xyxy_px"]),
                pole_xy=poles[0] if poles else None,
                whole_image=bool(row.get("whole_image")),
            )
        )
    return found


def _photos(file: Path) -> dict[str, str]:
    """The photo of each image, where it is said."""
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        if not set(PHOTO_COLUMNS) <= set(rows.fieldnames or ()):
            raise InputError(f"--bench {file}: should have the columns {' and '.join(PHOTO_COLUMNS)}")
        return {row["image_id"]: row["photo"] for row in rows}


def _read(file: Path) -> pa.Table:
    try:
        return pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"--bench {file}: is not a Parquet file that can be read; make the benchmark anew") from error


def _selected(table: pa.Table, needed: Sequence[str], more: Sequence[str], file: Path) -> list[dict[str, Any]]:
    """Rows with the columns that are needed, and of the others those that are there."""
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise InputError(f"--bench {file}: column {missing[0]!r} is missing; give `descriptions`, `vqa` or `points`")
    rows: list[dict[str, Any]] = table.select(
        [*needed, *(name for name in more if name in table.column_names)]
    ).to_pylist()
    return rows

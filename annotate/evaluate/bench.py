"""A benchmark as it lies on disk: rows with reference answers, each with the id that a prediction names.

A folder holds `descriptions.parquet`, `vqa.parquet`, `referring.parquet` and `points.parquet`, as far as there are
such rows, with the columns of a run's tables of the same kind (`referring` is a part of `vqa`). One Parquet file alone
is a benchmark too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from manifests.errors import InputError
from manifests.masks import encode_mask, mask_of_box
from manifests.records import Mask
from manifests.vocabulary import QuestionFamily

FILES = ("descriptions.parquet", "vqa.parquet", "referring.parquet", "points.parquet")

_TEXT_COLUMNS = ("id", "image_id", "width", "height", "question", "answer")
_POINT_COLUMNS = ("id", "image_id", "label", "box_xyxy_px", "mask")


@dataclass(frozen=True)
class TextRow:
    """A question with its reference answer, both in GIQA notation; `family` is None for a description."""

    id: str
    image_id: str
    width: int
    height: int
    question: str
    answer: str
    family: QuestionFamily | None


@dataclass(frozen=True)
class MaskRow:
    """A region that is to be segmented, with its reference mask."""

    id: str
    image_id: str
    label: str
    mask: Mask


@dataclass(frozen=True)
class Bench:
    """All rows of a benchmark, in the order of its files."""

    texts: tuple[TextRow, ...]
    masks: tuple[MaskRow, ...] = ()

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
        """Ids of all rows."""
        return [row.id for row in self.texts] + [row.id for row in self.masks]


def read_bench(path: Path) -> Bench:
    """The benchmark in a folder or in one Parquet file. Raises InputError."""
    files = [path / name for name in FILES if (path / name).is_file()] if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise InputError(
            f"--bench {path}: no benchmark there; give a folder of `annotate bench make`, or a Parquet file"
        )
    texts: list[TextRow] = []
    masks: list[MaskRow] = []
    sizes: dict[str, tuple[int, int]] = {}
    for file in files:
        table = _read(file)
        if "question" in table.column_names:
            found = _text_rows(table, file)
            sizes.update({row.image_id: (row.width, row.height) for row in found})
            texts += found
        else:
            masks += _mask_rows(table, file, sizes)
    bench = Bench(tuple(texts), tuple(masks))
    if not bench.ids():
        raise InputError(f"--bench {path}: holds no rows; make it anew from a run with labels")
    if len(set(bench.ids())) < len(bench.ids()):
        raise InputError(f"--bench {path}: two rows share an id; every row needs its own")
    return bench


def _read(file: Path) -> pa.Table:
    try:
        return pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"--bench {file}: is not a Parquet file that can be read; make the benchmark anew") from error


def _text_rows(table: pa.Table, file: Path) -> list[TextRow]:
    _check_columns(table, _TEXT_COLUMNS, file)
    rows: list[dict[str, Any]] = table.select(
        [*_TEXT_COLUMNS, *(["family"] if "family" in table.column_names else [])]
    ).to_pylist()
    return [TextRow(**{"family": None, **row}) for row in rows]


def _mask_rows(table: pa.Table, file: Path, sizes: dict[str, tuple[int, int]]) -> list[MaskRow]:
    """Regions without a mask are their boxes, for which the size of the image must be known from the other files."""
    _check_columns(table, _POINT_COLUMNS, file)
    found = []
    for row in table.select(list(_POINT_COLUMNS)).to_pylist():
        mask = row["mask"] and Mask.model_validate(row["mask"])
        if mask is None:
            if row["image_id"] not in sizes:
                raise InputError(f"{file}: row {row['id']} has no mask and no size of its image; give the whole folder")
            mask = encode_mask(mask_of_box(row["box_xyxy_px"], *sizes[row["image_id"]]))
        found.append(MaskRow(row["id"], row["image_id"], row["label"], cast(Mask, mask)))
    return found


def _check_columns(table: pa.Table, wanted: tuple[str, ...], file: Path) -> None:
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        raise InputError(f"--bench {file}: column {missing[0]!r} is missing; give `descriptions`, `vqa` or `points`")

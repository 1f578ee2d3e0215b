"""The review sheet: a benchmark's rows as CSV for people, and back again with what they corrected.

Ids never change: a row is kept, corrected, or rejected. A sheet is taken as a whole or not at all.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.evaluate.answers import says_yes
from manifests.atomic import Disk, new_folder, write_bytes, write_file, write_json
from manifests.errors import InputError
from manifests.markup import MarkupError, parse_grid_links, strip_grid_links

SHEET = "review.csv"
COLUMNS = ("id", "image", "kind", "question", "answer", "verdict", "note")
VERDICTS = ("", "ok", "reject")
"""Empty: nobody looked at it. Corrected rows are `ok` with another question or answer."""

_FORMULA = ("=", "+", "-", "@", "'")
"""A spreadsheet takes a cell that begins so for a formula; an apostrophe before it says that it is text."""


class ReviewError(InputError):
    """A reviewed sheet cannot be taken over."""


@dataclass(frozen=True)
class Reviewed:
    """A row of a sheet that came back; `number` counts the sheet's lines from its header, which is 1."""

    number: int
    id: str
    kind: str
    question: str
    answer: str
    verdict: str


@dataclass(frozen=True)
class Outcome:
    """What a review did, in rows."""

    ok: int
    corrected: int
    rejected: int
    unseen: int


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Write a table of a benchmark as Parquet, atomically."""
    content = pa.Table.from_pylist(list(rows), schema=schema)
    write_file(Disk(), path, lambda temporary: pq.write_table(content, temporary, compression="zstd"))


def write_sheet(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of `descriptions` and `vqa` as CSV (UTF-8 with the mark that spreadsheets look for)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        cells = (row["id"], row["uri"], row.get("family", "description"), row["question"], row["answer"], "", "")
        writer.writerow([_as_text(cell) for cell in cells])
    write_bytes(Disk(), path, text.getvalue().encode("utf-8-sig"))


def read_sheet(path: Path) -> list[Reviewed]:
    """The rows of a sheet; commas, semicolons or tabs between the cells. Raises ReviewError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewError(f"{path}: cannot be read as UTF-8 text; save the sheet as CSV UTF-8") from error
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ReviewError(f"{path}: column {missing[0]!r} is missing; keep the header of the sheet as it was")
    return [
        Reviewed(
            number,
            id=_from_text(row["id"] or ""),
            kind=_from_text(row["kind"] or ""),
            question=_from_text(row["question"] or ""),
            answer=_from_text(row["answer"] or ""),
            verdict=(row["verdict"] or "").strip().lower(),
        )
        for number, row in enumerate(reader, start=2)
    ]


def apply_review(bench: Path, sheet: Path, out: Path) -> Outcome:
    """Write a copy of a benchmark with what a reviewed sheet says: rejected rows go, corrected ones change.

    Corrected rows lose their region numbers, because their boxes are people's now. Raises ReviewError naming the line
    for a sheet that does not hold exactly the benchmark's rows, a verdict that is none, links that cannot be read, and
    a yes-no answer that says neither; OutputError for a folder that is not empty.
    """
    tables = {
        name: pq.read_table(bench / name)
        for name in ("descriptions.parquet", "vqa.parquet")
        if (bench / name).is_file()
    }
    if not tables:
        raise InputError(f"--bench {bench}: no benchmark there; give a folder of `annotate bench make`")
    reviewed = {
        row.id: row for row in _checked(sheet, [each for table in tables.values() for each in table["id"].to_pylist()])
    }
    counted = {"ok": 0, "corrected": 0, "rejected": 0, "unseen": 0}
    kept: list[dict[str, Any]] = []
    with new_folder(Disk(), out) as folder:
        itself = out.resolve()
        shutil.copytree(
            bench,
            folder,
            ignore=lambda at, names: [name for name in names if Path(at, name).resolve() == itself],
            dirs_exist_ok=True,
        )
        for name, table in tables.items():
            rows = [_merged(row, reviewed[row["id"]], counted) for row in table.to_pylist()]
            left = [row for row in rows if row is not None]
            write_rows(folder / name, left, table.schema)
            kept += left
        write_sheet(folder / SHEET, kept)
        write_json(Disk(), folder / "review.json", counted)
    return Outcome(**counted)


def _checked(sheet: Path, ids: Sequence[str]) -> list[Reviewed]:
    rows, known, seen = read_sheet(sheet), set(ids), set[str]()
    for row in rows:
        fact = _fault(row, known, seen)
        if fact:
            raise ReviewError(f"{sheet}, row {row.number}: {fact}")
        seen.add(row.id)
    absent = [each for each in ids if each not in seen]
    if absent:
        raise ReviewError(
            f"{sheet}: row {absent[0]!r} is gone ({len(absent)} in all); write `reject` instead of deleting"
        )
    return rows


def _fault(row: Reviewed, known: set[str], seen: set[str]) -> str | None:
    if row.id not in known:
        return f"id {row.id!r} is not in the benchmark; ids must stay as they are"
    if row.id in seen:
        return f"id {row.id!r} comes twice; every row has its own"
    if row.verdict not in VERDICTS:
        return f"verdict {row.verdict!r} is none; write ok, reject, or nothing"
    for name, text in (("question", row.question), ("answer", row.answer)):
        try:
            # A description's question may show the notation as an example.
            parse_grid_links("" if (row.kind, name) == ("description", "question") else text)
        except MarkupError as error:
            return f"{name}: {error}; a link reads [label](<12, 34>)"
        if not text.strip():
            return f"{name} is empty; write `reject` if the row should go"
    if row.kind == "yes-no" and says_yes(strip_grid_links(row.answer)) is None:
        return f"answer {row.answer!r} says neither yes nor no"
    return None


def _merged(row: dict[str, Any], said: Reviewed, counted: dict[str, int]) -> dict[str, Any] | None:
    """The row as it was, as it was corrected, or None if it was rejected."""
    if said.verdict == "reject":
        counted["rejected"] += 1
        return None
    if (said.question, said.answer) == (row["question"], row["answer"]):
        counted["ok" if said.verdict else "unseen"] += 1
        return row
    counted["corrected"] += 1
    changed: dict[str, Any] = {
        "question": said.question,
        "answer": said.answer,
        "answer_plain": strip_grid_links(said.answer),
    }
    if "family" in row:
        spatial = next(
            (
                place
                for place, text in (("grounding", said.answer), ("referring", said.question))
                if parse_grid_links(text)
            ),
            "none",
        )
        changed |= {"question_plain": strip_grid_links(said.question), "spatial": spatial}
    else:
        changed |= {"spans": _spans(said.answer), "contradicted": []}
    return {**row, **changed, "region_ids": [], "author": f"{row['author']}, reviewed"}


def _spans(answer: str) -> list[dict[str, Any]]:
    """Where the labels stand in the plain text; people's boxes belong to no region."""
    found, removed = [], 0
    for link in parse_grid_links(answer):
        start = link.start - removed
        found.append({"start": start, "end": start + len(link.label), "region_ids": []})
        removed += link.end - link.start - len(link.label)
    return found


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _from_text(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell

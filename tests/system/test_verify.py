"""`annotate verify` passes what a run wrote, and names whatever somebody did to it since."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Annotate = Callable[..., CompletedProcess[str]]
VIOLATED = 3


@pytest.fixture
def run(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of a finished run that a test may spoil."""
    return Path(shutil.copytree(finished_run, tmp_path / "run"))


def part_of(run: Path, table: str, number: int = 0) -> Path:
    return sorted((run / table).iterdir())[number]


def edit(run: Path, table: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Change one row of a table's first part and write digests anew, as somebody would who knows the ledger."""
    path = part_of(run, table)
    read = pq.read_table(path)
    rows = read.to_pylist()
    for row in rows:
        before = copy.deepcopy(row)
        change(row)
        if row != before:
            break
    pq.write_table(pa.Table.from_pylist(rows, schema=read.schema), path)
    manifest = run / "ledger" / "00000.json"
    said = json.loads(manifest.read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    said["files"][table] |= {"bytes": path.stat().st_size, "sha256": digest}
    manifest.write_text(json.dumps(said))
    success = json.loads((run / "_SUCCESS").read_text())
    success["manifests"]["ledger/00000.json"] = hashlib.sha256(manifest.read_bytes()).hexdigest()
    (run / "_SUCCESS").write_text(json.dumps(success))
    return f"{table}/{path.name}"


def test_a_finished_run_is_as_it_should_be(annotate: Annotate, finished_run: Path) -> None:
    said = annotate("verify", finished_run).stdout
    assert "18 images in 5 of 5 shards: everything is as it should be" in said


def test_a_folder_without_a_run_is_no_run(annotate: Annotate, tmp_path: Path) -> None:
    assert "no run here" in annotate("verify", tmp_path, code=2).stderr


def test_a_flipped_byte_is_found(annotate: Annotate, run: Path) -> None:
    path = part_of(run, "points", 2)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    said = annotate("verify", run, code=VIOLATED).stdout
    assert f"points/{path.name}: is not the file that was written: its size or sha256 differs" in said


def test_a_deleted_shard_is_found(annotate: Annotate, run: Path) -> None:
    (run / "ledger" / "00003.json").unlink()
    part_of(run, "vqa", 1).unlink()
    said = annotate("verify", run, code=VIOLATED).stdout
    assert "ledger/00003.json: is missing, and the run says it is finished" in said
    assert f"annotations/{part_of(run, 'annotations', 3).name}: is a file that no manifest names" in said
    assert ": is missing\n" in said


def test_a_foreign_table_is_found(annotate: Annotate, run: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), run / "vqa" / "mine.parquet")
    (run / "thesis.tex").touch()
    said = annotate("verify", run, code=VIOLATED).stdout
    assert "vqa/mine.parquet: is a file that no manifest names" in said
    assert "thesis.tex: is foreign here" in said


def test_a_foreign_name_is_said_in_printable_characters(annotate: Annotate, run: Path) -> None:
    Path(os.fsdecode(os.fsencode(run) + b"/vqa/\x1b[2J\xff\n.parquet")).touch()
    said = annotate("verify", run, code=VIOLATED).stdout
    assert "vqa/\\x1b[2J\\udcff\\n.parquet: is a file that no manifest names" in said


def test_two_parts_that_changed_places_are_found(annotate: Annotate, run: Path) -> None:
    one, other = part_of(run, "annotations", 0), part_of(run, "annotations", 1)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    said = annotate("verify", run, code=VIOLATED).stdout
    assert "its images are not those that the plan gives the shard" in said


def test_a_manifest_of_another_run_is_found(annotate: Annotate, run: Path) -> None:
    manifest = run / "ledger" / "00002.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "fingerprint": "ab" * 32}))
    said = annotate("verify", run, code=VIOLATED).stdout
    assert "ledger/00002.json: is of another run" in said


def longer_answer(row: dict[str, Any]) -> None:
    row["answer"] += " Really."


def moved_link(row: dict[str, Any]) -> None:
    row["answer"] = row["answer"].replace("](<", "](<0, 0>, <", 1)


def other_answer(row: dict[str, Any]) -> None:
    row["answer"] = row["answer_plain"] = "Perhaps."


def point_outside(row: dict[str, Any]) -> None:
    row["points"][0]["positive"] = False


def dropped_region(row: dict[str, Any]) -> None:
    row["label"] = "elephant"


def lost_reason(row: dict[str, Any]) -> None:
    row["outcome"] = "failed"


@pytest.mark.parametrize(
    ("table", "change", "fact"),
    [
        ("descriptions", longer_answer, "the plain text is not the text without its links"),
        ("descriptions", moved_link, "a link has a box that is none of its regions'"),
        ("vqa", other_answer, "answers"),
        ("points", point_outside, "negative point"),
        ("regions", dropped_region, "its regions are not those of the annotations"),
        ("annotations", lost_reason, "is failed without stage or reason"),
    ],
)
def test_a_row_edited_by_hand_is_found_though_its_digests_fit(
    annotate: Annotate, run: Path, table: str, change: Callable[[dict[str, Any]], None], fact: str
) -> None:
    name = edit(run, table, change)
    said = annotate("verify", run, code=VIOLATED).stdout
    assert fact in said
    assert "sha256" not in said, name


def test_a_run_that_is_not_finished_may_still_be_sound(annotate: Annotate, run: Path) -> None:
    (run / "_SUCCESS").unlink()
    for table in ("annotations", "descriptions", "points", "regions", "vqa"):
        part_of(run, table, 4).unlink()
    (run / "ledger" / "00004.json").unlink()
    said = annotate("verify", run).stdout
    assert "16 images in 4 of 5 shards (the run is not finished): everything is as it should be" in said

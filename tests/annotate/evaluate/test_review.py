from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotate.evaluate.label_studio import labelling_tasks
from annotate.evaluate.review import SHEET, ReviewError, apply_review, read_sheet, write_rows, write_sheet
from manifests.errors import OutputError
from manifests.tables import DESCRIPTIONS, VQA

IMAGE = {"image_id": "0" * 32, "uri": "images/x.jpg", "width": 200, "height": 100}
DESCRIPTION = {
    "id": "x-d01", **IMAGE, "level": "global", "question": "How is it? Mark positions as [label](<x, y>).",
    "answer": "The [dog](<0, 189>) is sharp.", "answer_plain": "The dog is sharp.",
    "spans": [{"start": 4, "end": 7, "region_ids": [1]}], "region_ids": [1], "contradicted": [], "author": "grammar",
}  # fmt: skip
QUESTION = {
    "id": "x-q01", **IMAGE, "question": "Is the [dog](<0, 189>) sharp?", "answer": "Yes.",
    "question_plain": "Is the dog sharp?", "answer_plain": "Yes.", "family": "yes-no", "spatial": "referring",
    "region_ids": [1], "author": "templates",
}  # fmt: skip

Edit = Callable[[list[dict[str, str]]], object]


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    folder = tmp_path / "bench"
    folder.mkdir()
    write_rows(folder / "descriptions.parquet", [DESCRIPTION], DESCRIPTIONS.schema)
    write_rows(folder / "vqa.parquet", [QUESTION], VQA.schema)
    write_sheet(folder / SHEET, [DESCRIPTION, QUESTION])
    return folder


def edited(bench: Path, edit: Edit, delimiter: str = ",") -> Path:
    """The sheet as a spreadsheet would save it after an edit of its rows."""
    rows = list(csv.DictReader(io.StringIO((bench / SHEET).read_text("utf-8-sig"))))
    header = list(rows[0])
    edit(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, header, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    sheet = bench.parent / "edited.csv"
    sheet.write_text(text.getvalue(), "utf-8-sig")
    return sheet


def test_an_untouched_sheet_changes_no_row(bench: Path, tmp_path: Path) -> None:
    done = apply_review(bench, bench / SHEET, tmp_path / "out")
    assert (done.ok, done.corrected, done.rejected, done.unseen) == (0, 0, 0, 2)
    for name in ("descriptions.parquet", "vqa.parquet"):
        assert pq.read_table(tmp_path / "out" / name).equals(pq.read_table(bench / name))


def test_a_corrected_answer_keeps_its_id_and_gets_new_places(bench: Path, tmp_path: Path) -> None:
    answer = "A [small dog](<0, 21>) and the [sky](<0, 39>) look soft."
    sheet = edited(bench, lambda rows: rows[0].update(answer=answer, verdict="ok"), delimiter=";")
    done = apply_review(bench, sheet, tmp_path / "out")
    (row,) = pq.read_table(tmp_path / "out" / "descriptions.parquet").to_pylist()
    assert done.corrected == 1
    assert (row["id"], row["answer"]) == ("x-d01", answer)
    assert row["answer_plain"] == "A small dog and the sky look soft."
    assert [row["answer_plain"][span["start"] : span["end"]] for span in row["spans"]] == ["small dog", "sky"]
    assert row["author"] == "grammar, reviewed"


def test_a_rejected_row_goes(bench: Path, tmp_path: Path) -> None:
    done = apply_review(bench, edited(bench, lambda rows: rows[1].update(verdict="Reject")), tmp_path / "out")
    assert done.rejected == 1
    assert pq.read_table(tmp_path / "out" / "vqa.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("edit", "fact"),
    [
        (lambda rows: rows[0].update(answer="The [dog](<0, 400>)."), r"row 2: answer: .*not on the 20x20 grid"),
        (lambda rows: rows[1].update(question="Is the [dog] sharp?"), r"row 3: question: "),
        (lambda rows: rows[1].update(answer="Perhaps."), "says neither yes nor no"),
        (lambda rows: rows[1].update(id="y"), "id 'y' is not in the benchmark"),
        (lambda rows: rows[1].update(id="x-d01"), "id 'x-d01' comes twice"),
        (lambda rows: rows[1].update(verdict="maybe"), "verdict 'maybe' is none"),
        (lambda rows: rows[0].update(answer=" "), "answer is empty"),
        (lambda rows: rows.pop(), "row 'x-q01' is gone"),
    ],
)
def test_a_sheet_that_does_not_fit_is_refused_as_a_whole(bench: Path, tmp_path: Path, edit: Edit, fact: str) -> None:
    with pytest.raises(ReviewError, match=fact):
        apply_review(bench, edited(bench, edit), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_reviewed_benchmark_may_lie_in_the_benchmark_s_own_folder(bench: Path) -> None:
    apply_review(bench, bench / SHEET, bench / "reviewed")
    there = {path.name for path in bench.iterdir()} - {"reviewed"}
    assert {path.name for path in (bench / "reviewed").iterdir()} == {*there, "review.json"}


def test_a_reviewed_benchmark_is_not_written_over_another_folder(bench: Path) -> None:
    with pytest.raises(OutputError, match="not an empty folder"):
        apply_review(bench, bench / SHEET, bench)


def test_a_cell_that_a_spreadsheet_would_run_comes_back_as_it_was(tmp_path: Path) -> None:
    for text in ("=1+1", "'quoted", "-5 stops", "plain", "'=x"):
        write_sheet(tmp_path / "s.csv", [{**QUESTION, "answer": text}])
        cell = next(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text("utf-8-sig"))))["answer"]
        assert not cell.startswith(("=", "-"))
        assert read_sheet(tmp_path / "s.csv")[0].answer == text


def test_label_studio_gets_boxes_in_percent_and_every_id() -> None:
    tasks = labelling_tasks([DESCRIPTION, QUESTION])
    assert [task["data"]["id"] for task in tasks] == ["x-d01", "x-q01"]
    box = next(part for part in tasks[1]["predictions"][0]["result"] if part["type"] == "rectangle")
    assert (box["value"]["x"], box["value"]["y"]) == (2.5, 2.5)
    assert (box["value"]["width"], box["value"]["height"]) == (45.0, 45.0)
    assert (box["original_width"], box["original_height"]) == (200, 100)

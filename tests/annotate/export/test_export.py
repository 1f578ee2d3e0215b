"""Exports of real runs: rows that trainers read, images byte for byte, and what stays out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from annotate.export.export import TURNED, Exported, ExportRequest, export
from annotate.export.formats import FORMAT_NAMES, FormatName, file_text, row_of, tag_in
from annotate.train.boxes import BoxForm
from annotate.train.examples import Example, Selection, read_examples
from manifests.errors import OutputError

EXAMPLE = Example("i-q01", 0, "i", "Is the [dog](<0, 399>) sharp?", "No.", "yes-no")


def exported(run: Path, out: Path, form: FormatName, **more: Any) -> Exported:
    selection = more.pop("selection", Selection())
    return export(Console(quiet=True), ExportRequest((run,), form, out, selection, **more))


def rows_in(out: Path, part: str = "train") -> list[dict[str, Any]]:
    path = next(out.glob(f"{part}.json*"))
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def said_by(row: dict[str, Any]) -> tuple[str, str, str]:
    """Question, answer and image of a row of any format, without the image's tag."""
    if "conversations" in row:
        asked, answered = (turn["value"] for turn in row["conversations"])
        image = row["image"]
    else:
        turns = row["messages"] if "messages" in row else [*row["prompt"], *row["completion"]]
        asked, answered = (turn["content"] for turn in turns)
        (image,) = row["images"]
    return asked.removeprefix("<image>").removeprefix("\n"), answered, image


@pytest.mark.parametrize("form", FORMAT_NAMES)
def test_every_example_is_exported_once_with_its_own_image(
    labelled_run: Path, tmp_path: Path, form: FormatName
) -> None:
    data = read_examples([labelled_run])
    exported(labelled_run, tmp_path / "out", form, held_out=0.0)
    said = [said_by(row) for row in rows_in(tmp_path / "out")]
    assert [(question, answer) for question, answer, _ in said] == [
        (example.question, example.answer) for example in data.examples
    ]
    assert len({image for _, _, image in said}) == len({example.image_id for example in data.examples})
    assert all((tmp_path / "out" / image).is_file() for _, _, image in said)


def test_images_are_the_files_that_were_labelled(labelled_run: Path, labelled_photos: Path, tmp_path: Path) -> None:
    exported(labelled_run, tmp_path / "out", "ms-swift")
    there = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "out" / "images").iterdir()}
    assert there <= {hashlib.sha256(path.read_bytes()).hexdigest() for path in labelled_photos.iterdir()}


def test_held_out_images_stand_in_a_file_of_their_own_and_in_no_other(labelled_run: Path, tmp_path: Path) -> None:
    done = exported(labelled_run, tmp_path / "out", "llama-factory", held_out=0.4)
    train, held_out = ({said_by(row)[2] for row in rows_in(tmp_path / "out", part)} for part in ("train", "held-out"))
    assert train
    assert held_out
    assert not train & held_out
    assert set(done.examples) == {"train", "held-out"}


def test_llama_factory_finds_both_files_in_dataset_info(labelled_run: Path, tmp_path: Path) -> None:
    exported(labelled_run, tmp_path / "out", "llama-factory", held_out=0.4)
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert {each["file_name"] for each in info.values()} == {"train.jsonl", "held-out.jsonl"}
    for each in info.values():
        row = json.loads((tmp_path / "out" / each["file_name"]).read_text().splitlines()[0])
        assert set(each["columns"].values()) == set(row)
        assert [turn[each["tags"]["role_tag"]] for turn in row["messages"]] == [
            each["tags"]["user_tag"],
            each["tags"]["assistant_tag"],
        ]


def test_only_what_was_asked_for_is_exported(labelled_run: Path, tmp_path: Path) -> None:
    exported(labelled_run, tmp_path / "out", "trl", selection=Selection.parse("vqa", "yes-no"), held_out=0.0)
    asked = {example.question for example in read_examples([labelled_run]).examples if example.family == "yes-no"}
    assert {said_by(row)[0] for row in rows_in(tmp_path / "out")} == asked


def test_boxes_can_be_corners(labelled_run: Path, tmp_path: Path) -> None:
    exported(
        labelled_run, tmp_path / "out", "trl", selection=Selection(boxes=BoxForm.parse("continuous")), held_out=0.0
    )
    answers = [said_by(row)[1] for row in rows_in(tmp_path / "out")]
    assert any("](<0." in answer for answer in answers)


def test_two_exports_of_a_run_are_equal(labelled_run: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        exported(labelled_run, tmp_path / name, "ms-swift")
    one, two = (sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_the_readme_names_the_command_and_only_files_that_are_there(labelled_run: Path, tmp_path: Path) -> None:
    exported(labelled_run, tmp_path / "both", "ms-swift", held_out=0.4)
    assert "--val_dataset held-out.jsonl" in (tmp_path / "both" / "README.md").read_text()
    exported(labelled_run, tmp_path / "train", "ms-swift", held_out=0.0)
    assert "held-out" not in (tmp_path / "train" / "README.md").read_text()


def test_an_image_that_is_stored_turned_stays_out_where_the_trainer_would_show_it_so(
    turned_run: Path, tmp_path: Path
) -> None:
    done = exported(turned_run, tmp_path / "out", "ms-swift", held_out=0.0)
    assert done.left_out == {TURNED: 1}
    assert done.images == 1
    assert exported(turned_run, tmp_path / "kept", "ms-swift", held_out=0.0, keep_turned=True).images == 2
    assert exported(turned_run, tmp_path / "trl", "trl", held_out=0.0).images == 2


def test_a_folder_that_holds_something_is_refused(labelled_run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not an empty folder"):
        exported(labelled_run, tmp_path, "trl")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_text_that_spells_a_tag_is_found() -> None:
    assert tag_in(EXAMPLE) is None
    assert tag_in(Example("i-q02", 0, "i", "What does <image> say?", "Nothing.", "what")) == "<image>"


@pytest.mark.parametrize("form", ["ms-swift", "llama-factory", "llava"])
def test_the_question_begins_with_one_tag_for_the_image(form: FormatName) -> None:
    assert json.dumps(row_of(form, EXAMPLE, "images/i.png")).count("<image>") == 1


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_of_rows_is_json(count: int) -> None:
    rows = [{"id": number} for number in range(count)]
    assert json.loads("".join(file_text("json", rows))) == rows

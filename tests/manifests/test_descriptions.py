"""Given descriptions: every layout that is read, what is left out, and errors that name the place."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manifests.descriptions import UNDESCRIBED, Descriptions, described, read_descriptions
from manifests.errors import InputError
from manifests.sources import Inputs

LONG = "The dog is sharp and well exposed, but the background is blurred and slightly noisy."


def written(path: Path, records: list[Any]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    elif path.suffix == ".json":
        path.write_text(json.dumps(records))
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["image", "text"])
            writer.writeheader()
            writer.writerows(records)
    else:
        pq.write_table(pa.Table.from_pylist(records), path)
    return path


@pytest.mark.parametrize("name", ["d.jsonl", "d.json", "d.csv", "d.parquet"])
def test_every_format_gives_the_same_texts(tmp_path: Path, name: str) -> None:
    records = [{"image": "b/2.jpg", "text": 'A "quoted", dim\npicture.'}, {"image": "1.jpg", "text": "Clear."}]
    records += [{"image": "1.jpg", "text": "Sharp."}]
    found = read_descriptions(written(tmp_path / name, records))
    assert found.texts == {"b/2.jpg": ['A "quoted", dim\npicture.'], "1.jpg": ["Clear.", "Sharp."]}
    assert found.said() == read_descriptions(written(tmp_path / "other.jsonl", records)).said()


def test_the_published_layout_of_q_instruct_gives_its_descriptions_and_counts_its_short_answers(tmp_path: Path) -> None:
    def record(*turns: str) -> dict[str, Any]:
        said = [{"from": who, "value": turn} for who, turn in zip(("human", "gpt") * 2, turns, strict=False)]
        return {"id": "7", "image": "spaq/7.jpg", "conversations": said}

    records = [
        record("<image>\nDescribe the quality.", LONG),
        record("<image>\nIs it sharp?", "Yes."),
        record("?", LONG),
    ]
    found = read_descriptions(written(tmp_path / "cleaned_labels.json", records))
    assert found.texts == {"spaq/7.jpg": [LONG]}
    assert found.left_out == {"answer of a few words": 1, "repeated text": 1}


def test_the_published_layout_of_dq_495k_is_read_by_its_image_a(tmp_path: Path) -> None:
    record = {"id": "1", "image_ref": None, "image_A": "kadis/1.png", "task_type": "quality_single_A"}
    record["conversations"] = [{"from": "human", "value": "?"}, {"from": "gpt", "value": LONG}]
    assert read_descriptions(written(tmp_path / "A_sd_detail.json", [record])).texts == {"kadis/1.png": [LONG]}


def test_a_list_of_texts_belongs_to_one_image(tmp_path: Path) -> None:
    file = written(tmp_path / "d.parquet", [{"image": "./a//1.jpg", "text": ["One.", "Two."]}])
    assert read_descriptions(file).texts == {"a/1.jpg": ["One.", "Two."]}


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ('{"image": "1.jpg", "text": "Fine."}\n{"image": "2.jpg"', "line 2 is not JSON"),
        ('{"image": "1.jpg", "text": "Fine."}\n\n{"image": "2.jpg", "text": " "}', "line 3 has no 'text'"),
        ('{"image": "1.jpg"}', "line 1 has no 'text'"),
        ('{"image": "1.jpg", "text": []}', "line 1 has no 'text'"),
        ('{"text": "Fine."}', "line 1 has no 'image'"),
        ('{"image": "../1.jpg", "text": "Fine."}', "line 1 names '../1.jpg'"),
        ('{"image": "/1.jpg", "text": "Fine."}', "line 1 names '/1.jpg'"),
        ("[1]", "line 1 is not an object"),
        ("", "holds no description"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, content: str, fact: str) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text(content)
    with pytest.raises(InputError) as raised:
        read_descriptions(file)
    assert f"--descriptions {file}: {fact}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_table_without_the_columns_says_what_it_has(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("name,caption\n1.jpg,Fine.\n")
    with pytest.raises(InputError, match="needs the columns 'image' and 'text', has name, caption"):
        read_descriptions(file)


def test_a_conversation_without_an_answer_is_an_error(tmp_path: Path) -> None:
    file = written(tmp_path / "d.json", [{"image": "1.jpg", "conversations": [{"from": "human", "value": "?"}]}])
    with pytest.raises(InputError, match="record 1 has 'conversations' without a turn from 'gpt'"):
        read_descriptions(file)


@pytest.mark.parametrize(("name", "fact"), [("none.jsonl", "cannot be read"), ("d.xml", "neither .jsonl")])
def test_a_file_that_is_none_is_an_error(tmp_path: Path, name: str, fact: str) -> None:
    with pytest.raises(InputError, match=fact):
        read_descriptions(tmp_path / name)


def test_only_described_images_stay_and_the_others_are_counted() -> None:
    inputs = Inputs("/p", "/p", "folder", ["1.jpg", "2.jpg", "3.jpg"], {".txt": 1}, {"4.jpg": "is a link"})
    found = described(inputs, Descriptions("d", {"3.jpg": ["Fine."], "9.jpg": ["Gone."], "1.jpg": ["Dim."]}))
    assert found.inputs.uris == ["1.jpg", "3.jpg"]
    assert found.inputs.texts == {"1.jpg": ["Dim."], "3.jpg": ["Fine."]}
    assert found.inputs.ignored == {".txt": 1, UNDESCRIBED: 2}
    assert found.inputs.refused == {}
    assert found.missing == ["9.jpg"]


def test_descriptions_of_other_images_are_an_error() -> None:
    inputs = Inputs("/p", "/p", "folder", ["1.jpg"])
    with pytest.raises(InputError, match=r"none of its 1 images is under /p \(the first is x/1.jpg\)"):
        described(inputs, Descriptions("d", {"x/1.jpg": ["Fine."]}))

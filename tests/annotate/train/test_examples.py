"""What a training takes from runs: which rows, which images, in which order, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from annotate.evaluate.review import write_rows
from annotate.train.examples import Selection, read_examples
from annotate.train.images import contents, files_of
from manifests.errors import AnnotateError, InputError
from manifests.markup import parse_grid_links
from manifests.tables import DESCRIPTIONS


def bench_of(folder: Path, image_ids: Sequence[str] = (), copies: Sequence[Path] = ()) -> Path:
    """The parts of a benchmark that keep images out of training."""
    (folder / "images").mkdir(parents=True)
    (folder / "bench.json").write_text(json.dumps({"near_bits": 6}))
    (folder / "held-out.txt").write_text("".join(f"{image_id}\n" for image_id in image_ids))
    row = {
        "id": "x-d01", "image_id": "f" * 32, "uri": "images/x.png", "width": 8, "height": 8, "level": "global",
        "question": "How?", "answer": "Well.", "answer_plain": "Well.", "spans": [], "region_ids": [],
        "contradicted": [], "author": "test",
    }  # fmt: skip
    write_rows(folder / "descriptions.parquet", [row], DESCRIPTIONS.schema)
    for copy in copies:
        shutil.copy(copy, folder / "images")
    return folder


def test_every_row_of_both_tasks_is_an_example(labelled_run: Path) -> None:
    data = read_examples([labelled_run])
    assert len(data.examples) == 15
    assert {example.family for example in data.examples} == {"des", "yes-no", "what"}
    assert len({example.id for example in data.examples}) == 15


def test_the_order_and_the_digest_are_the_same_every_time(labelled_run: Path) -> None:
    one, two = read_examples([labelled_run]), read_examples([labelled_run])
    assert one.examples == two.examples
    assert one.sha256() == two.sha256() != read_examples([labelled_run], Selection.parse("des")).sha256()


def test_tasks_and_families_narrow_the_choice(labelled_run: Path) -> None:
    assert {each.family for each in read_examples([labelled_run], Selection.parse("des")).examples} == {"des"}
    narrowed = read_examples([labelled_run], Selection.parse("des,vqa", "what"))
    assert {each.family for each in narrowed.examples} == {"des", "what"}


def test_a_subset_of_images_is_a_subset_of_the_examples_in_the_same_order(labelled_run: Path) -> None:
    whole = read_examples([labelled_run]).examples
    kept = {each.image_id for each in whole[:4]}
    part = read_examples([labelled_run], Selection.parse(image_ids=kept)).examples
    assert list(part) == [each for each in whole if each.image_id in kept]


def test_two_runs_give_the_examples_of_both(labelled_run: Path, turned_run: Path) -> None:
    both = read_examples([labelled_run, turned_run])
    assert [each.data for each in both.examples] == sorted(each.data for each in both.examples)
    assert len(both.examples) == 15 + 6


def test_corners_take_the_place_of_ids_and_mean_the_region_itself(labelled_run: Path) -> None:
    asked = read_examples([labelled_run], Selection.parse("vqa", "yes-no", boxes="continuous")).examples
    assert all("](<0.100, 0.200, 0.600, 0.900>)" in each.question for each in asked)


def test_as_stored_texts_are_the_tables_own(labelled_run: Path) -> None:
    for each in read_examples([labelled_run]).examples:
        parse_grid_links(each.answer)
        assert "<0." not in each.question + each.answer


def test_images_of_a_benchmark_stay_out_by_id(labelled_run: Path, tmp_path: Path) -> None:
    gone = read_examples([labelled_run]).examples[0].image_id
    bench = bench_of(tmp_path / "bench", [gone])
    data = read_examples([labelled_run], Selection.parse(excluded=[bench]))
    assert gone not in {each.image_id for each in data.examples}
    assert len(data.examples) == 12
    assert sum(data.left_out.values()) == 1


def test_images_that_look_like_one_of_a_benchmark_stay_out(
    labelled_run: Path, labelled_photos: Path, tmp_path: Path
) -> None:
    with Image.open(labelled_photos / "0.jpg") as photo:
        photo.resize((100, 75)).save(tmp_path / "copy.png")
    bench = bench_of(tmp_path / "bench", copies=[tmp_path / "copy.png"])
    data = read_examples([labelled_run], Selection.parse(excluded=[bench]))
    assert data.left_out == {"looks like one of a benchmark": 1}


def test_images_are_read_as_they_were_labelled(labelled_run: Path, labelled_photos: Path, tmp_path: Path) -> None:
    data = read_examples([labelled_run])
    there = {path.read_bytes() for path in labelled_photos.iterdir()}
    assert {content for _, content in contents(data.runs[0], data.shards_of(0))} == there
    assert {file.read() for file in files_of(data.runs[0], data.shards_of(0), tmp_path).values()} == there
    assert not list(tmp_path.iterdir())


def test_an_image_that_changed_is_an_error(labelled_run: Path, labelled_photos: Path, tmp_path: Path) -> None:
    data = read_examples([labelled_run])
    files = files_of(data.runs[0], data.shards_of(0), tmp_path)
    path = labelled_photos / "0.jpg"
    before = path.read_bytes()
    path.write_bytes(before + b"more")
    try:
        with pytest.raises(InputError, match="changed since the plan was made"):
            [file.read() for file in files.values()]
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(
    ("tasks", "families", "boxes", "fact"),
    [
        ("desc", None, "grid", "--tasks desc: should be of des, vqa"),
        ("", None, "grid", "--tasks"),
        ("vqa", "maybe", "grid", "--families maybe: should be of yes-no"),
        ("vqa", None, "pixels", "--boxes pixels: should be"),
    ],
)
def test_words_that_choose_nothing_are_one_line(tasks: str, families: str | None, boxes: str, fact: str) -> None:
    with pytest.raises(InputError, match=fact):
        Selection.parse(tasks, families, boxes=boxes)


def test_what_is_no_finished_run_is_one_line(labelled_run: Path, tmp_path: Path) -> None:
    unfinished = tmp_path / "unfinished"
    shutil.copytree(labelled_run, unfinished)
    (unfinished / "_SUCCESS").unlink()
    bench = bench_of(tmp_path / "bench")
    for folder, fact in ((unfinished, "not finished"), (bench, "is a benchmark"), (tmp_path / "none", "no run here")):
        with pytest.raises(AnnotateError, match=fact) as error:
            read_examples([folder])
        assert "\n" not in str(error.value)


def test_a_choice_without_rows_is_an_error(labelled_run: Path) -> None:
    with pytest.raises(InputError, match="no rows for the tasks vqa and the families why"):
        read_examples([labelled_run], Selection.parse("vqa", "why"))
    with pytest.raises(InputError, match="no rows"):
        read_examples([labelled_run], Selection.parse(image_ids=["0" * 32]))

"""The recipe `giqa-embedded` on the sample photographs: given texts stay as they are, their things get boxes."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from annotate.yields import yields_of
from manifests.markup import parse_grid_links, strip_grid_links

Row = dict[str, Any]


@pytest.fixture(scope="module")
def texts(photos: Path) -> dict[str, list[str]]:
    given: dict[str, list[str]] = defaultdict(list)
    for line in (photos / "descriptions.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        given[record["image"]].append(record["text"])
    return given


@pytest.fixture(scope="module")
def command(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    out = tmp_path_factory.mktemp("runs") / "giqa"
    recipe = ["--recipe", "giqa-embedded", "--descriptions", photos / "descriptions.jsonl"]
    return ["run", "--images", photos, "--out", out, "--shard-size", 4, *recipe]


@pytest.fixture(scope="module")
def run(annotate: Callable[..., Any], command: list[object]) -> Path:
    annotate(*command)
    return Path(str(command[4]))


def rows_of(run: Path, table: str) -> list[Row]:
    return [row for part in sorted((run / table).glob("*.parquet")) for row in pq.read_table(part).to_pylist()]


def test_every_photo_has_a_description_and_its_outcome(run: Path, texts: dict[str, list[str]]) -> None:
    rows = rows_of(run, "annotations")
    assert {row["uri"]: row["texts"] for row in rows} == texts
    assert Counter(row["outcome"] for row in rows).keys() <= {"ok", "filtered"}
    assert {row["reason"] for row in rows} <= {None, "no description has a box"}


def test_descriptions_are_the_given_texts_with_links(run: Path, texts: dict[str, list[str]]) -> None:
    descriptions = rows_of(run, "descriptions")
    assert len(descriptions) >= 12
    for row in descriptions:
        assert row["answer_plain"] in texts[row["uri"]]
        assert strip_grid_links(row["answer"]) == row["answer_plain"]
        assert len(parse_grid_links(row["answer"])) == len(row["spans"]) >= 1
        assert row["author"] == "given text"
        assert row["question"].endswith((" Mark positions as [label](<x, y>).", " Include positions."))


def test_links_stand_on_the_words_of_kept_regions(run: Path) -> None:
    kept = {(row["image_id"], row["region_id"]): row for row in rows_of(run, "regions") if row["kept"]}
    for row in rows_of(run, "descriptions"):
        for span in row["spans"]:
            words = row["answer_plain"][span["start"] : span["end"]]
            for number in span["region_ids"]:
                assert kept[row["image_id"], number]["phrase"].lower().find(words.lower()) >= 0


def test_every_phrase_has_boxes_or_a_reason(run: Path) -> None:
    for row in rows_of(run, "annotations"):
        kept = {region["region_id"] for region in row["regions"] if region["kept"]}
        spoken_of = [number for phrase in row["phrases"] for number in phrase["region_ids"]]
        assert len(spoken_of) == len(set(spoken_of))
        for phrase in row["phrases"]:
            assert (phrase["drop_reason"] is None) == bool(kept.intersection(phrase["region_ids"]))
            assert (phrase["drop_reason"] is None) == (phrase["dropped_by"] is None)
            assert phrase["passage"] < len(row["texts"])


def test_questions_are_balanced_in_each_image_and_have_boxes_on_one_side(run: Path) -> None:
    by_image: dict[str, list[Row]] = defaultdict(list)
    for row in rows_of(run, "vqa"):
        by_image[row["image_id"]].append(row)
        assert row["author"] == "templates on given texts"
        sides = (bool(parse_grid_links(row["question"])), bool(parse_grid_links(row["answer"])))
        assert sides == ((True, False) if row["spatial"] == "referring" else (False, True))
        assert row["region_ids"]
    for rows in by_image.values():
        answers = Counter(row["answer"] for row in rows if row["family"] == "yes-no")
        assert answers["Yes."] == answers["No."]
        assert sum(answers.values()) == sum(row["family"] in ("what", "why", "how") for row in rows)
        assert len({row["question"] for row in rows}) == len(rows)


def test_the_same_command_again_changes_nothing_and_other_descriptions_are_refused(
    annotate: Callable[..., Any], command: list[object], run: Path, photos: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*.parquet")}
    annotate(*command)
    assert {path: path.read_bytes() for path in run.rglob("*.parquet")} == before
    other = tmp_path / "other.jsonl"
    other.write_text((photos / "descriptions.jsonl").read_text(encoding="utf-8").replace("sharp", "blurred"))
    said = annotate(*command[:-1], other, code=2)
    assert "descriptions: 32 texts of 18 images, sha256" in said.stderr


def test_yields_count_what_the_tables_hold(annotate: Callable[..., Any], run: Path) -> None:
    found = yields_of(run)
    assert (found.images, found.texts) == (18, 32)
    assert found.descriptions == len(rows_of(run, "descriptions"))
    assert sum(found.families.values()) == len(rows_of(run, "vqa"))
    assert found.boxes[0] >= found.boxes[1] >= found.boxes[2] > 0
    assert "Yields from text to labels" in annotate("status", run, "--yields").stdout


def test_a_recipe_without_texts_and_texts_without_a_recipe_are_errors(
    annotate: Callable[..., Any], photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = annotate("run", "--images", photos, "--out", out, "--recipe", "giqa-embedded", code=2)
    assert "add --descriptions FILE" in said.stderr
    file = photos / "descriptions.jsonl"
    said = annotate("run", "--images", photos, "--out", out, "--descriptions", file, code=2)
    assert "recipe embedded has no stage that reads them" in said.stderr


def test_only_described_images_are_annotated_and_missing_ones_are_listed(
    annotate: Callable[..., Any], photos: Path, tmp_path: Path
) -> None:
    file = tmp_path / "some.jsonl"
    records = [{"image": name, "text": "The cat is sharp."} for name in ("cat.png", "gone.jpg")]
    file.write_text("\n".join(map(json.dumps, records)))
    options = ("--recipe", "giqa-embedded", "--descriptions", file, "--sample", 0)
    said = annotate("plan", "--images", photos, *options)
    assert "1 described images are not there: gone.jpg" in said.stderr + said.stdout
    assert "17 images have no description" in said.stderr + said.stdout


def test_verify_finds_nothing_wrong(annotate: Callable[..., Any], run: Path) -> None:
    assert "everything is as it should be" in annotate("verify", run).stdout

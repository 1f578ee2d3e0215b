"""`annotate run` on real photographs with real models and real Ray."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from manifests.geometry import grid_cells_of
from manifests.markup import parse_grid_links

TABLES = ("annotations", "descriptions", "vqa", "points", "regions")
Annotate = Callable[..., Any]


def rows_of(run: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, in the order of shards."""
    return [row for part in sorted((run / table).glob("*.parquet")) for row in pq.read_table(part).to_pylist()]


def bytes_of(run: Path) -> dict[str, bytes]:
    """Every table part of a run by its name."""
    return {str(part.relative_to(run)): part.read_bytes() for part in sorted(run.glob("*/*.parquet"))}


def photo_names(photos: Path) -> set[str]:
    return {path.name for path in photos.iterdir() if path.suffix in {".jpg", ".png"}}


def test_every_photo_is_accounted_for_and_the_run_says_so(finished_run: Path, photos: Path) -> None:
    success = json.loads((finished_run / "_SUCCESS").read_text())
    names = photo_names(photos)
    assert success["inputs"] == len(names)
    assert success["outcomes"] == {"ok": len(names)}
    assert {row["uri"] for row in rows_of(finished_run, "annotations")} == names
    assert not (finished_run / "run.lock").exists()
    assert not list(finished_run.rglob("*.tmp*"))


@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_empty_and_each_opens_without_our_code(finished_run: Path, table: str, tmp_path: Path) -> None:
    pattern = str(finished_run / table / "*.parquet")
    count = len(rows_of(finished_run, table))
    assert count > 0
    loaded = datasets.load_dataset("parquet", data_files=pattern, split="train", cache_dir=str(tmp_path))
    assert loaded.num_rows == count
    assert duckdb.sql(f"select count(*) from '{pattern}'").fetchall() == [(count,)]
    assert len(pd.read_parquet(finished_run / table)) == count
    assert pl.scan_parquet(pattern).collect().height == count


def test_the_card_lets_datasets_find_every_table_by_name(finished_run: Path, tmp_path: Path) -> None:
    for table in TABLES:
        loaded = datasets.load_dataset(str(finished_run), table, split="train", cache_dir=str(tmp_path))
        assert loaded.num_rows == len(rows_of(finished_run, table))


def test_every_link_points_at_the_kept_regions_that_its_row_names(finished_run: Path) -> None:
    sizes = {row["image_id"]: (row["width"], row["height"]) for row in rows_of(finished_run, "annotations")}
    cells = {
        (row["image_id"], row["region_id"]): grid_cells_of(tuple(row["box_xyxy_px"]), *sizes[row["image_id"]])
        for row in rows_of(finished_run, "regions")
        if row["kept"]
    }
    linked = 0
    for row in rows_of(finished_run, "descriptions"):
        named = {cells[row["image_id"], region_id] for region_id in row["region_ids"]}
        links = parse_grid_links(row["answer"])
        linked += len(links)
        assert {cell for link in links for cell in link.cells} == named
        for span in row["spans"]:
            assert row["answer_plain"][span["start"] : span["end"]] in {link.label for link in links}
    assert linked > 0


def test_boxes_stand_in_the_question_or_in_the_answer_as_the_row_says(finished_run: Path) -> None:
    kinds = Counter()
    for row in rows_of(finished_run, "vqa"):
        places = (bool(parse_grid_links(row["question"])), bool(parse_grid_links(row["answer"])))
        assert (
            places == {"none": (False, False), "referring": (True, False), "grounding": (False, True)}[row["spatial"]]
        )
        kinds[row["family"], row["spatial"]] += 1
    assert {"yes-no", "what", "why", "how"} <= {family for family, _ in kinds}
    assert "referring" in {spatial for _, spatial in kinds}


def test_yes_and_no_are_balanced_in_every_image(finished_run: Path) -> None:
    balance: Counter[str] = Counter()
    for row in rows_of(finished_run, "vqa"):
        if row["family"] == "yes-no":
            assert row["answer"] in {"Yes.", "No."}
            balance[row["image_id"]] += 1 if row["answer"] == "Yes." else -1
    assert set(balance.values()) == {0}


def test_descriptions_differ_from_image_to_image(finished_run: Path) -> None:
    texts = [row["answer_plain"] for row in rows_of(finished_run, "descriptions") if row["level"] == "global"]
    assert len(set(texts)) == len(texts)
    assert not any(row["contradicted"] for row in rows_of(finished_run, "descriptions"))


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers_and_pools(
    annotate: Annotate, finished_run: Path, photos: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    pools = ["--set", "execution.describe.cpus=0.5", "--set", "execution.measure.batch_size=3"]
    annotate("run", "--images", photos, "--out", again, "--shard-size", 4, "--workers", 1, *pools)
    assert bytes_of(again) == bytes_of(finished_run)


def test_a_smaller_take_in_other_shards_is_a_subset_row_for_row(
    annotate: Annotate, finished_run: Path, photos: Path, tmp_path: Path
) -> None:
    twelve, eight = tmp_path / "twelve", tmp_path / "eight"
    annotate("run", "--images", photos, "--out", twelve, "--take", 12, "--shard-size", 5)
    annotate("run", "--images", photos, "--out", eight, "--take", 8, "--shard-size", 64)
    for table in TABLES:
        everything, some, few = (rows_of(run, table) for run in (finished_run, twelve, eight))
        assert [row for row in everything if row in some] == some
        assert [row for row in some if row in few] == few
    assert len(rows_of(twelve, "annotations")) == 12
    assert len(rows_of(eight, "annotations")) == 8


def test_the_same_command_again_does_nothing_and_says_so(annotate: Annotate, finished_run: Path, photos: Path) -> None:
    before = bytes_of(finished_run)
    said = annotate("run", "--images", photos, "--out", finished_run, "--shard-size", 4)
    assert "nothing to do" in said.stdout
    assert bytes_of(finished_run) == before


def test_other_seeds_give_other_words_about_the_same_boxes(
    annotate: Annotate, finished_run: Path, photos: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    annotate("run", "--images", photos, "--out", other, "--take", 4, "--seed", 5)
    ids = {row["image_id"] for row in rows_of(other, "annotations")}

    def of(run: Path, table: str, column: str) -> list[Any]:
        return [row[column] for row in rows_of(run, table) if row["image_id"] in ids]

    assert of(other, "regions", "box_xyxy_px") == of(finished_run, "regions", "box_xyxy_px")
    assert of(other, "descriptions", "answer") != of(finished_run, "descriptions", "answer")


def test_images_inside_a_parquet_file_piqe_and_embedded_images_work_together(
    annotate: Annotate, photos: Path, tmp_path: Path
) -> None:
    source, out = tmp_path / "source.parquet", tmp_path / "out"
    names = ["beach.jpg", "cat.png"]
    contents = [(photos / name).read_bytes() for name in names]
    images = [{"bytes": content, "path": name} for content, name in zip(contents, names, strict=True)]
    pl.DataFrame({"image": images}).write_parquet(source)
    annotate("run", "--images", source, "--out", out, "--embed-images", "--set", "score.metric=piqe")
    rows = datasets.load_dataset(str(out), "annotations", split="train", cache_dir=str(tmp_path / "cache"))
    assert {row["image"].size for row in rows} == {(row["width"], row["height"]) for row in rows}
    assert [[score["metric"] for score in row["scores"]] for row in rows] == [["piqe"], ["piqe"]]
    assert "PolyForm-Noncommercial" in (out / "README.md").read_text()


def test_status_plan_and_stages_tell_what_they_should(annotate: Annotate, finished_run: Path, photos: Path) -> None:
    said = annotate("status", finished_run).stdout
    assert "finished" in said
    assert "5 of 5 shards" in said
    said = annotate("plan", "--images", photos, "--sample", 1).stdout
    assert f"{len(photo_names(photos))} in" in said
    assert "estimate" in said
    said = annotate("stages").stdout
    assert "merge.t_a" in said
    assert "0.256" in said


def test_doctor_names_the_licences_that_bind(annotate: Annotate) -> None:
    said = annotate("doctor").stdout
    for word in ("embedded", "PolyForm-Noncommercial", "AGPL-3.0", "cores"):
        assert word in said


def test_deleted_work_is_done_again_and_nothing_else(
    annotate: Annotate, finished_run: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "copy"
    shutil.copytree(finished_run, out)
    (out / "ledger" / "00002.json").unlink()
    annotate("run", "--images", photos, "--out", out, "--shard-size", 4)
    assert bytes_of(out) == bytes_of(finished_run)

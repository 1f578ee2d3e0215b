"""What the dataset card promises: every table of a run loads by its name, with no code of ours."""

from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pytest

from manifests.gate import decode_upright
from manifests.ledger import Ledger
from manifests.plan import make_plan
from manifests.records import Description, ImageRecord, Point, PointLabel, Question, Region
from manifests.run import RunInfo
from manifests.sources import list_inputs, location_of, read_content
from manifests.tables import TABLES


def labelled(record: ImageRecord) -> ImageRecord:
    """One row for each of the other tables."""
    box = (1.0, 2.0, 30.0, 40.0)
    record.regions = [Region(region_id=1, label="a", phrase="a", box_xyxy_px=box, source="detector")]
    record.descriptions = [
        Description(id="d", level="global", question="q", answer="a", answer_plain="a", author="grammar")
    ]
    texts = {"question": "q", "answer": "a", "question_plain": "q", "answer_plain": "a"}
    record.questions = [Question(id="q", **texts, family="what", spatial="none", author="grammar")]
    point = {"points": [Point(x=0.5, y=0.5, positive=True)], "position_horizontal": "left", "position_vertical": "top"}
    record.points = [PointLabel(id="p", region_id=1, label="a", box_xyxy_px=box, **point, whole_image=False)]
    return record


@pytest.fixture
def run_folder(photos: Path, tmp_path: Path) -> Path:
    """A finished run with embedded images, where the first shard has rows in the annotations only."""
    inputs = list_inputs(photos)
    run = RunInfo(
        recipe={"recipe": "embedded"},
        fingerprint="ab" * 32,
        stages=[],
        seed=0,
        images=inputs.source,
        root=inputs.root,
        embed_images=True,
    )
    with Ledger.start(tmp_path / "run", run, lambda: make_plan(inputs, shard_size=2)) as ledger:
        committer = ledger.committer()
        for shard in ledger.pending():
            records = []
            for row in ledger.plan_rows(shard).to_pylist():
                record = ImageRecord(image_id=row["image_id"], uri=row["uri"])
                record.content = read_content(location_of(inputs.root, row["uri"]))
                records.append(labelled(record) if shard else record)
            committer.commit(shard, records)
        ledger.finish()
    return tmp_path / "run"


@pytest.fixture(autouse=True)
def offline_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


ROWS = {"annotations": 5, "descriptions": 3, "vqa": 3, "points": 3, "regions": 3}


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_datasets_loads_each_table_by_its_name_and_by_its_files(run_folder, table):
    columns = [column.name for column in next(known for known in TABLES if known.name == table).columns]
    extra = ["image"] if table == "annotations" else []
    by_name = datasets.load_dataset(str(run_folder), table, split="train")
    by_files = datasets.load_dataset("parquet", data_files=f"{run_folder}/{table}/*.parquet", split="train")
    for loaded in (by_name, by_files):
        assert loaded.num_rows == ROWS[table]
        assert loaded.column_names == columns + extra


def test_datasets_decodes_embedded_images_to_the_pixels_of_the_files(run_folder, photos):
    loaded = datasets.load_dataset(str(run_folder), "annotations", split="train")
    assert isinstance(loaded.features["image"], datasets.Image)
    for row in loaded:
        content = (photos / row["uri"]).read_bytes()
        assert np.array_equal(np.asarray(row["image"].convert("RGB")), decode_upright(content).pixels)


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_pandas_and_polars_open_each_table(run_folder, table):
    assert len(pd.read_parquet(run_folder / table)) == ROWS[table]
    assert pl.read_parquet(f"{run_folder}/{table}/*.parquet").height == ROWS[table]

import json
import threading
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.atomic import Disk
from manifests.errors import InputError
from manifests.plan import SCHEMA, Plan, Take, auto_shard_size, grow_plan, make_plan, planned_ids, planned_records
from manifests.sources import content_id, list_inputs


def test_every_input_is_one_row_with_its_outcome(photos):
    plan = make_plan(list_inputs(photos))
    assert plan.table.schema == SCHEMA
    assert plan.counts() == {"inputs": 7, "images": 5, "not_taken": 0, "duplicate": 1, "failed": 1}
    rows = {row["uri"]: row for row in plan.table.to_pylist()}
    assert len(rows) == 7
    assert rows["a.jpg"]["image_id"] == content_id((photos / "a.jpg").read_bytes())
    assert rows["a.jpg"]["bytes"] == (photos / "a.jpg").stat().st_size
    assert (rows["a.jpg"]["width"], rows["a.jpg"]["height"], rows["a.jpg"]["outcome"]) == (64, 48, None)
    copy = rows["z-copy.jpg"]
    assert (copy["outcome"], copy["stage"], copy["duplicate_of"], copy["shard"]) == ("duplicate", "plan", "a.jpg", None)
    broken = rows["broken.bmp"]
    assert (broken["outcome"], broken["stage"]) == ("failed", "plan")
    assert broken["reason"] == "truncated after 1,000 of 9,270 bytes"
    assert plan.refusals() == [("truncated after 1,000 of 9,270 bytes", 1)]


def test_of_equal_files_the_one_whose_uri_sorts_first_is_the_image(photos):
    (photos / "A-first.jpg").write_bytes((photos / "a.jpg").read_bytes())
    rows = {row["uri"]: row for row in make_plan(list_inputs(photos)).table.to_pylist()}
    assert rows["A-first.jpg"]["outcome"] is None
    assert rows["a.jpg"]["duplicate_of"] == rows["z-copy.jpg"]["duplicate_of"] == "A-first.jpg"


def test_images_stand_by_id_and_shards_are_slices(photos):
    plan = make_plan(list_inputs(photos), shard_size=2)
    assert plan.shards == 3
    ids = [row_id for shard in range(3) for row_id in plan.rows(shard)["image_id"].to_pylist()]
    assert ids == sorted(ids)
    assert [plan.rows(shard).num_rows for shard in range(3)] == [2, 2, 1]
    assert [set(plan.rows(shard)["shard"].to_pylist()) for shard in range(3)] == [{0}, {1}, {2}]


@pytest.mark.parametrize(("shard_size", "workers"), [(1, 1), (3, 8), (None, 1), (None, 64)])
def test_which_images_are_taken_depends_neither_on_shards_nor_on_workers(photos, shard_size, workers):
    plan = make_plan(list_inputs(photos), take=Take.parse("3"), shard_size=shard_size, workers=workers)
    reference = make_plan(list_inputs(photos), take=Take.parse("3"))
    assert plan.table.drop_columns(["shard"]).equals(reference.table.drop_columns(["shard"]))


def test_a_smaller_take_is_a_prefix_of_a_larger_one(photos):
    inputs = list_inputs(photos)
    taken = {}
    for take in ("1", "20%", "2", "3", "80%", "5", "100%", "99"):
        plan = make_plan(inputs, take=Take.parse(take), shard_size=2)
        taken[take] = plan.table["image_id"].to_pylist()[: plan.images]
        assert plan.counts()["not_taken"] == 5 - len(taken[take])
    assert [len(ids) for ids in taken.values()] == [1, 1, 2, 3, 4, 5, 5, 5]
    assert all(taken["99"][: len(ids)] == ids for ids in taken.values())


@given(images=st.integers(0, 10_000), small=st.floats(0.01, 100), large=st.floats(0.01, 100))
def test_a_smaller_share_never_takes_more(images, small, large):
    small, large = sorted((small, large))
    assert 0 <= Take(percent=small).of(images) <= Take(percent=large).of(images) <= images


@pytest.mark.parametrize("text", ["0", "-3", "x", "", "0%", "101%", "%", "nan%", "1e3", "3.5"])
def test_a_take_that_is_no_number_of_images_is_an_input_error(text):
    with pytest.raises(InputError, match="should be a number of images"):
        Take.parse(text)


def test_a_take_prints_in_one_way():
    assert [str(Take.parse(text)) for text in ("8", "08", "10%", "10.0%", "0.5%")] == ["8", "8", "10%", "10%", "0.5%"]


@given(images=st.integers(0, 1_000_000), workers=st.integers(1, 512))
def test_automatic_shards_are_at_most_64_and_give_every_worker_several(images, workers):
    size = auto_shard_size(images, workers)
    assert 1 <= size <= 64
    if images >= 4 * workers:
        assert -(-images // size) >= 2 * workers


def test_a_shard_size_below_one_is_an_input_error(photos):
    with pytest.raises(InputError, match="--shard-size 0"):
        make_plan(list_inputs(photos), shard_size=0)


def test_the_limit_on_megapixels_is_the_plan_s_already(photos):
    plan = make_plan(list_inputs(photos), max_megapixels=0.003)
    assert plan.images == 0
    assert plan.shards == 0
    assert "header says 64x48 = 0.003072 megapixels, limit 0.003" in dict(plan.refusals())


def test_a_plan_on_disk_is_the_same_plan(photos, tmp_path):
    plan = make_plan(list_inputs(photos), take=Take.parse("4"), shard_size=3)
    plan.write(Disk(), tmp_path / "plan.parquet")
    read = Plan.read(tmp_path / "plan.parquet")
    assert read.table.equals(plan.table)
    assert (read.versions, read.shard_size, read.counts()) == ((4,), 3, plan.counts())
    plan.write(Disk(), tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "plan.parquet").read_bytes()
    for shard in range(2):
        assert planned_ids(tmp_path / "plan.parquet", shard) == plan.rows(shard)["image_id"].to_pylist()


def test_ids_of_a_shard_are_found_across_row_groups(tmp_path):
    count, size = 40_000, 7
    columns = {name: pa.nulls(count, SCHEMA.field(name).type) for name in SCHEMA.names}
    columns["uri"] = columns["image_id"] = pa.array([f"{number:032x}" for number in range(count)])
    columns["shard"] = pa.array((np.arange(count) // size).astype(np.int32))
    plan = Plan(pa.table(columns, schema=SCHEMA), versions=(count,), shard_size=size)
    plan.write(Disk(), tmp_path / "plan.parquet")
    for shard in (0, 2340, 2341, 4681, plan.shards - 1):
        assert planned_ids(tmp_path / "plan.parquet", shard) == plan.rows(shard)["image_id"].to_pylist()


def test_progress_counts_up_to_the_number_of_inputs(photos):
    seen = []
    make_plan(list_inputs(photos), on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (7, 7)


def test_an_interrupt_while_planning_reads_no_further(photos, encode):
    for number in range(600):
        (photos / f"many-{number}.jpg").write_bytes(encode(number, size=(16, 16)))

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_plan(list_inputs(photos), on_progress=interrupt)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]


def test_inputs_refused_by_their_name_are_in_the_plan(photos, tmp_path):
    (photos / "out.jpg").symlink_to(tmp_path / "outside.jpg")
    (tmp_path / "outside.jpg").write_bytes((photos / "a.jpg").read_bytes())
    plan = make_plan(list_inputs(photos))
    assert plan.counts()["inputs"] == 8
    assert dict(plan.refusals())["is a link out of the input folder"] == 1


def test_a_plan_of_nothing_but_refused_inputs_is_a_plan(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    plan = make_plan(list_inputs(tmp_path))
    assert json.dumps(plan.counts()) == '{"inputs": 1, "images": 0, "not_taken": 0, "duplicate": 0, "failed": 1}'
    assert plan.refusals() == [("is empty (0 bytes)", 1)]


def test_given_descriptions_are_part_of_the_plan_and_copies_share_theirs(photos):
    inputs = list_inputs(photos)
    copy = next(row for row in make_plan(inputs).table.to_pylist() if row["duplicate_of"])
    texts = {copy["duplicate_of"]: ["Sharp.", "Dim."], copy["uri"]: ["Dim.", "Noisy."]}
    plan = make_plan(replace(inputs, texts=texts))
    row = next(row for row in plan.table.to_pylist() if row["uri"] == copy["duplicate_of"])
    assert row["texts"] == ["Sharp.", "Dim.", "Noisy."]
    records = planned_records(plan.table.slice(0, plan.images), inputs.root)
    assert {record.uri: record.texts for record in records if record.texts} == {row["uri"]: row["texts"]}


def test_a_plan_does_not_grow_with_other_descriptions_of_what_it_has(photos):
    inputs = list_inputs(photos)
    plan = make_plan(replace(inputs, texts={uri: ["Sharp."] for uri in inputs.uris}))
    assert grow_plan(plan, replace(inputs, texts={uri: ["Sharp."] for uri in inputs.uris})) is plan
    with pytest.raises(InputError, match="is in this run with other descriptions"):
        grow_plan(plan, replace(inputs, texts={uri: ["Blurred."] for uri in inputs.uris}))

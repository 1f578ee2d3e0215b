"""The ledger keeps its promises whatever stops it. A test's run is the real plan, commit and finish of small photos;
only the stages are replaced, by a function that fills a record."""

import errno
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from manifests.atomic import Disk
from manifests.errors import LockedError, OutputError
from manifests.ledger import Ledger, read_status
from manifests.plan import Plan, Take, grow_plan, make_plan, planned_ids
from manifests.records import Description, Distortion, ImageRecord, Point, PointLabel, Question, Region
from manifests.run import RunInfo, StageIdentity
from manifests.sources import list_inputs, location_of, read_content
from manifests.tables import TABLES

FINGERPRINT = "0123456789abcdef" * 4


class Crash(BaseException):
    """The process is gone; nothing may catch this."""


class ModelDisk(Disk):
    """A disk whose fsync is believed and not done: hundreds of runs would wait for it."""

    def sync(self, path):
        assert path.exists()


class CrashingDisk(ModelDisk):
    """Stops the world before its n-th step. With `power_cut`, what was not fsynced is lost as well."""

    def __init__(self, stop_before: int | None, *, power_cut: bool = False) -> None:
        self.steps = 0
        self._stop_before = stop_before
        self._power_cut = power_cut
        self._undo: dict[Path, list] = {}

    def _step(self) -> None:
        if self.steps == self._stop_before:
            if self._power_cut:
                for undo in (undo for undos in self._undo.values() for undo in reversed(undos)):
                    undo()
            raise Crash
        self.steps += 1

    def make_folder(self, path):
        self._step()
        super().make_folder(path)

    def write(self, path, writer):
        self._step()
        super().write(path, writer)
        self._undo.setdefault(path, []).append(lambda: path.exists() and os.truncate(path, path.stat().st_size // 2))

    def sync(self, path):
        self._step()
        super().sync(path)
        self._undo.pop(path, None)

    def replace(self, source, target):
        self._step()
        before = target.read_bytes() if target.exists() else None
        super().replace(source, target)
        self._undo.setdefault(target.parent, []).append(lambda: self._restore(target, before))

    def remove(self, path):
        self._step()
        before = path.read_bytes()
        super().remove(path)
        self._undo.setdefault(path.parent, []).append(lambda: self._restore(path, before))

    @staticmethod
    def _restore(path, content):
        path.unlink(missing_ok=True) if content is None else path.write_bytes(content)


def record_of(row: dict, root: str, *, fails: bool) -> ImageRecord:
    """What the stages would have made of an image: one region and a text, or a failure."""
    record = ImageRecord(image_id=row["image_id"], uri=row["uri"], width=row["width"], height=row["height"], frames=1)
    record.content = read_content(location_of(root, row["uri"]), row["image_id"])
    if fails:
        record.end("failed", "detect", "ValueError: no")
        return record
    box, blur = (1.0, 2.0, 30.0, 40.0), Distortion(family="blur", name="blur", severity=3)
    record.regions = [
        Region(region_id=1, label="bus", phrase="the bus", box_xyxy_px=box, source="detector", distortions=[blur])
    ]
    record.descriptions = [
        Description(
            id=f"{record.image_id}-d1", level="global", question="?", answer="b", answer_plain="b", author="grammar"
        )
    ]
    if record.image_id[-1] in "01234567":
        record.questions = [
            Question(
                id=f"{record.image_id}-q1",
                question="Is it sharp?",
                answer="No",
                question_plain="Is it sharp?",
                answer_plain="No",
                family="yes-no",
                spatial="none",
                author="grammar",
            )
        ]
    record.points = [
        PointLabel(
            id=f"{record.image_id}-p1",
            region_id=1,
            label="bus",
            box_xyxy_px=box,
            points=[Point(x=0.5, y=0.5, positive=True)],
            position_horizontal="left",
            position_vertical="top",
            whole_image=False,
        )
    ]
    return record


class Job:
    """One command line over one folder of photos."""

    def __init__(self, photos: Path, *, shard_size: int = 2, **run: object) -> None:
        self.inputs = list_inputs(photos)
        known = {
            "recipe": {"recipe": "embedded", "stages": [{"name": "load", "options": {"max_megapixels": 100.0}}]},
            "fingerprint": FINGERPRINT,
            "stages": [StageIdentity(name="load", identity="11" * 32)],
            "seed": 0,
            "images": self.inputs.source,
            "root": self.inputs.root,
            "ignored": self.inputs.ignored,
        }
        self.run = RunInfo.model_validate({**known, **run})
        take = Take.parse(self.run.take) if self.run.take else None
        self.plan = make_plan(self.inputs, take=take, shard_size=shard_size)

    def start(self, out: Path, **options: object) -> Ledger:
        return Ledger.start(out, self.run, lambda: self.plan, **options)

    def do(self, out: Path, *, fail_shards: tuple[int, ...] = (), **options: object) -> list[int]:
        """Everything that is missing; the shards that were done."""
        with self.start(out, **options) as ledger:
            pending = ledger.pending()
            committer = ledger.committer()
            for shard in pending:
                rows = ledger.plan_rows(shard).to_pylist()
                failing = rows[0]["image_id"] if shard in fail_shards else None
                records = [record_of(row, self.inputs.root, fails=row["image_id"] == failing) for row in rows]
                committer.commit(shard, records, seconds={"load": 0.5})
            ledger.finish()
        return pending


@pytest.fixture
def job(photos: Path) -> Job:
    return Job(photos)


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_every_input_has_one_outcome_and_every_table_its_parts(job, tmp_path):
    out = tmp_path / "run"
    assert job.do(out) == [0, 1, 2]
    status = read_status(out)
    assert status.inputs == 7
    assert status.outcomes == {"ok": 5, "failed": 1, "duplicate": 1}
    assert (status.shards_done, status.pending_images, status.finished) == (3, 0, True)
    assert [said.reason for said in status.reasons] == ["truncated after 1,000 of 9,270 bytes"]
    for table in TABLES:
        assert len(list((out / table.name).glob("part-0000?-01234567.parquet"))) == 3
    success = json.loads((out / "_SUCCESS").read_text())
    assert success["outcomes"] == status.outcomes
    assert set(success["manifests"]) == {f"ledger/0000{shard}.json" for shard in range(3)}
    assert not (out / "run.lock").exists()


@pytest.mark.parametrize("power_cut", [False, True], ids=["killed", "power cut"])
def test_a_crash_at_any_step_is_invisible_after_the_next_run(photos, tmp_path, power_cut):
    job = Job(photos, shard_size=3)
    counting = CrashingDisk(None)
    job.do(tmp_path / "whole", disk=counting)
    whole = contents(tmp_path / "whole")
    assert counting.steps > 70
    for step in range(counting.steps):
        out = tmp_path / f"stopped-{step}"
        with pytest.raises(Crash):
            job.do(out, disk=CrashingDisk(step, power_cut=power_cut))
        job.do(out, disk=ModelDisk())
        assert contents(out) == whole, f"stopped before step {step}"


@pytest.mark.parametrize("power_cut", [False, True], ids=["killed", "power cut"])
def test_a_crash_at_any_step_of_a_retry_is_invisible_after_the_next_retry(photos, tmp_path, power_cut):
    job = Job(photos, shard_size=3)
    job.do(tmp_path / "failed", fail_shards=(1,))

    def failed_run(name: str) -> Path:
        return Path(shutil.copytree(tmp_path / "failed", tmp_path / name))

    counting = CrashingDisk(None)
    job.do(failed_run("whole"), retry_failed=True, disk=counting)
    whole = contents(tmp_path / "whole")
    for step in range(counting.steps):
        out = failed_run(f"stopped-{step}")
        with pytest.raises(Crash):
            job.do(out, retry_failed=True, disk=CrashingDisk(step, power_cut=power_cut))
        job.do(out, retry_failed=True, disk=ModelDisk())
        assert contents(out) == whole, f"stopped before step {step}"


@pytest.mark.parametrize("power_cut", [False, True], ids=["killed", "power cut"])
def test_a_crash_while_beginning_afresh_never_mixes_two_runs(photos, tmp_path, power_cut):
    first, second = Job(photos, shard_size=5), Job(photos, shard_size=3, take="3")
    counting = CrashingDisk(None)
    first.do(tmp_path / "first")
    second.do(shutil.copytree(tmp_path / "first", tmp_path / "whole"), fresh=True, disk=counting)
    whole = contents(tmp_path / "whole")
    for step in range(counting.steps):
        out = shutil.copytree(tmp_path / "first", tmp_path / f"stopped-{step}")
        with pytest.raises(Crash):
            second.do(out, fresh=True, disk=CrashingDisk(step, power_cut=power_cut))
        try:
            second.do(out, disk=ModelDisk())
        except OutputError:
            second.do(out, fresh=True, disk=ModelDisk())
        assert contents(out) == whole, f"stopped before step {step}"


@pytest.fixture
def grown(photos: Path, encode: Callable[..., bytes]) -> Callable[[], Path]:
    """The folder of photos some days later: three new images, a new copy, one mended, one gone."""

    def grow() -> Path:
        for number in range(3):
            (photos / f"0-new-{number}.jpg").write_bytes(encode(100 + number))
        (photos / "0-copy-of-a.jpg").write_bytes((photos / "a.jpg").read_bytes())
        (photos / "broken.bmp").write_bytes(encode(200))
        (photos / "z-copy.jpg").unlink()
        return photos

    return grow


def extended(job: Job, photos: Path, **run: object) -> tuple[Job, dict[str, object]]:
    """The command of `job` on today's folder, and the option that makes it grow the run."""
    today = Job(photos, **run)
    take = Take.parse(today.run.take) if today.run.take else None
    return today, {"extend": lambda plan: grow_plan(plan, today.inputs, take=take)}


def test_a_grown_folder_adds_shards_and_leaves_the_old_ones_alone(job, photos, grown, tmp_path):
    out = tmp_path / "run"
    job.do(out)
    before = contents(out)
    today, extend = extended(job, grown())
    assert today.do(out, **extend) == [3, 4]
    after = contents(out)
    assert [name for name in before if after[name] != before[name]] == ["README.md", "_SUCCESS"]
    status = read_status(out)
    assert (status.inputs, status.outcomes) == (11, {"ok": 9, "duplicate": 2})
    plan = {row["uri"]: row for row in Plan.read(out / "plan-0002.parquet").table.to_pylist()}
    assert plan["a.jpg"]["duplicate_of"] is None
    assert plan["0-copy-of-a.jpg"]["duplicate_of"] == "a.jpg"
    assert plan["z-copy.jpg"]["outcome"] == "duplicate"
    assert plan["broken.bmp"]["outcome"] is None
    assert today.do(out) == []
    assert today.do(out, **extend) == []
    assert contents(out) == after


def test_a_larger_take_extends_a_smaller_one_to_the_same_images(photos, tmp_path):
    out = tmp_path / "run"
    small = Job(photos, take="3")
    small.do(out)
    large, extend = extended(small, photos, take="5")
    with pytest.raises(OutputError, match="add --extend"):
        large.start(out)
    assert large.do(out, **extend) == [2]
    assert read_status(out).outcomes == {"ok": 5, "failed": 1, "duplicate": 1}
    ids = [row for shard in range(3) for row in planned_ids(out / "plan-0002.parquet", shard)]
    assert sorted(ids) == sorted(large.plan.table["image_id"].to_pylist()[:5])


def test_extending_does_not_excuse_another_recipe(job, photos, tmp_path):
    job.do(tmp_path)
    other, extend = extended(job, photos, fingerprint="ff" * 32)
    with pytest.raises(OutputError, match="fingerprint"):
        other.start(tmp_path, **extend)


@pytest.mark.parametrize("power_cut", [False, True], ids=["killed", "power cut"])
def test_a_crash_at_any_step_of_growing_is_invisible_after_the_next_run(photos, grown, tmp_path, power_cut):
    job = Job(photos, shard_size=3)
    job.do(tmp_path / "first")
    today, extend = extended(job, grown())
    counting = CrashingDisk(None)
    today.do(shutil.copytree(tmp_path / "first", tmp_path / "whole"), disk=counting, **extend)
    whole = contents(tmp_path / "whole")
    for step in range(counting.steps):
        out = shutil.copytree(tmp_path / "first", tmp_path / f"stopped-{step}")
        with pytest.raises(Crash):
            today.do(out, disk=CrashingDisk(step, power_cut=power_cut), **extend)
        today.do(out, disk=ModelDisk(), **extend)
        assert contents(out) == whole, f"stopped before step {step}"


def test_beginning_afresh_forgets_that_a_run_had_grown(job, photos, grown, tmp_path):
    out, other = tmp_path / "run", tmp_path / "other"
    job.do(out)
    today, extend = extended(job, grown())
    today.do(out, **extend)
    today.do(out, fresh=True)
    today.do(other)
    assert contents(out) == contents(other)


def test_a_finished_run_has_nothing_left_to_do_and_stays_as_it_is(job, tmp_path):
    job.do(tmp_path)
    before = contents(tmp_path)
    with job.start(tmp_path) as ledger:
        assert ledger.finished
    assert job.do(tmp_path) == []
    assert contents(tmp_path) == before


def test_the_plan_is_not_made_again_for_a_run_that_goes_on(job, photos, tmp_path):
    out = tmp_path / "run"
    with job.start(out):
        pass
    (photos / "new.jpg").write_bytes((photos / "a.jpg").read_bytes() + b"more")
    with Ledger.start(out, job.run, lambda: pytest.fail("planned again")) as ledger:
        assert ledger.pending() == [0, 1, 2]


def test_a_lost_or_shortened_part_is_made_again(job, tmp_path):
    job.do(tmp_path)
    before = contents(tmp_path)
    (tmp_path / "vqa" / "part-00001-01234567.parquet").unlink()
    os.truncate(tmp_path / "regions" / "part-00002-01234567.parquet", 100)
    assert job.do(tmp_path) == [1, 2]
    assert contents(tmp_path) == before


def test_what_the_ledger_did_not_write_is_never_deleted(job, tmp_path):
    job.do(tmp_path)
    (tmp_path / "annotations" / "mine.parquet").write_bytes(b"mine")
    (tmp_path / "my notes.txt").write_text("mine")
    orphan = tmp_path / "vqa" / "part-00009-01234567.parquet"
    orphan.write_bytes(b"an interrupted commit")
    job.do(tmp_path, fresh=True)
    assert not orphan.exists()
    assert (tmp_path / "annotations" / "mine.parquet").read_bytes() == b"mine"
    assert (tmp_path / "my notes.txt").read_text() == "mine"


def test_a_folder_that_is_no_run_is_refused_even_afresh(job, tmp_path):
    (tmp_path / "thesis.docx").write_text("mine")
    for fresh in (False, True):
        with pytest.raises(OutputError, match=r"holds thesis\.docx but no run; choose an empty or a new folder"):
            job.start(tmp_path, fresh=fresh)
    (tmp_path / "run.json").write_text('{"name": "some other tool"}')
    for fresh in (False, True):
        with pytest.raises(OutputError, match="not a run of this tool"):
            job.start(tmp_path, fresh=fresh)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "thesis.docx"]


def test_another_run_in_the_same_folder_is_refused_with_a_line_for_each_difference(job, photos, tmp_path):
    out = tmp_path / "run"
    job.do(out)
    recipe = {"recipe": "embedded", "stages": [{"name": "load", "options": {"max_megapixels": 50.0}}]}
    stages = [StageIdentity(name="load", identity="22" * 32)]
    other = Job(photos, recipe=recipe, stages=stages, fingerprint="f" * 64, take="3", seed=7)
    with pytest.raises(OutputError) as refusal:
        other.start(out)
    first, *lines = str(refusal.value).splitlines()
    assert first == f"{out}: holds another run; choose another --out or add --fresh"
    assert [line.strip() for line in lines] == [
        "take: none -> 3",
        "seed: 0 -> 7",
        f"identity.load: {'11' * 28}1... -> {'22' * 28}2...",
        "options.load.options.max_megapixels: 100.0 -> 50.0",
    ]
    assert other.do(out, fresh=True) == [0, 1]


def test_other_resources_do_not_make_it_another_run(job, photos, tmp_path):
    out = tmp_path / "run"
    job.do(out)
    stage = {"name": "load", "options": {"max_megapixels": 100.0}, "execution": {"workers": 8}}
    assert Job(photos, recipe={"recipe": "embedded", "stages": [stage]}).do(out) == []


def test_retry_redoes_only_shards_with_failed_rows(job, tmp_path):
    job.do(tmp_path, fail_shards=(1,))
    assert read_status(tmp_path).outcomes == {"ok": 4, "failed": 2, "duplicate": 1}
    assert job.do(tmp_path) == []
    assert job.do(tmp_path, retry_failed=True) == [1]
    assert read_status(tmp_path).outcomes == {"ok": 5, "failed": 1, "duplicate": 1}
    assert sorted(path.name for path in (tmp_path / "vqa").iterdir()) == [
        "part-00000-01234567.parquet",
        "part-00001-01234567-r1.parquet",
        "part-00002-01234567.parquet",
    ]
    assert job.do(tmp_path, retry_failed=True) == []


def test_rows_that_are_not_the_plan_are_not_committed(job, tmp_path):
    with job.start(tmp_path) as ledger:
        rows = ledger.plan_rows(0).to_pylist()
        records = [record_of(row, job.inputs.root, fails=False) for row in rows]
        committer = ledger.committer()
        for wrong in (records[:1], [*records, records[0]], [records[0], records[0]]):
            with pytest.raises(ValueError, match="shard 0"):
                committer.commit(0, wrong)
        committer.commit(0, records[::-1])
        assert ledger.pending() == [1, 2]
        part = pq.read_table(tmp_path / "annotations" / "part-00000-01234567.parquet")
        assert part["image_id"].to_pylist() == [row["image_id"] for row in rows]


def test_a_committer_survives_the_road_to_a_worker(job, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with job.start(Path("run")) as ledger:
        sent = pickle.dumps(ledger.committer())
        records = [record_of(row, job.inputs.root, fails=False) for row in ledger.plan_rows(0).to_pylist()]
        monkeypatch.chdir("/")
        manifest = pickle.loads(sent).commit(0, records)
    assert (tmp_path / "run" / manifest.files["vqa"].path).exists()


def test_the_first_commit_of_a_shard_wins(job, tmp_path):
    with job.start(tmp_path) as ledger:
        rows = ledger.plan_rows(0).to_pylist()
        committer = ledger.committer()
        first = committer.commit(0, [record_of(row, job.inputs.root, fails=False) for row in rows])
        again = committer.commit(0, [record_of(row, job.inputs.root, fails=True) for row in rows])
    assert again == first


def test_a_full_disk_is_one_line_and_the_run_goes_on_later(job, tmp_path):
    class FullDisk(CrashingDisk):
        def write(self, path, writer):
            if "vqa" in path.parts:
                path.write_bytes(b"half of it")
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            super().write(path, writer)

    with pytest.raises(OutputError, match="the disk is full; free some space and run the same command again"):
        job.do(tmp_path, disk=FullDisk(None))
    assert list((tmp_path / "vqa").iterdir()) == []
    assert job.do(tmp_path) == [0, 1, 2]


def test_a_changed_plan_is_noticed(job, tmp_path):
    with job.start(tmp_path):
        pass
    with (tmp_path / "plan.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(OutputError, match=r"plan\.parquet: was changed"):
        job.start(tmp_path)


def test_a_second_driver_is_told_who_works_there(job, tmp_path):
    with job.start(tmp_path), pytest.raises(LockedError, match=f"process {os.getpid()} on "):
        job.start(tmp_path)
    job.do(tmp_path)


def test_kill_9_leaves_a_run_that_the_next_command_takes_over(job, photos, tmp_path):
    """A real process dies by SIGKILL in the middle of a commit, holding the lock."""
    whole, out = tmp_path / "whole", tmp_path / "run"
    job.do(whole)
    program = textwrap.dedent(f"""
        import importlib.util, os, signal, sys
        from pathlib import Path
        spec = importlib.util.spec_from_file_location("ledger_test", {__file__!r})
        there = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(there)

        class DeadlyDisk(there.CrashingDisk):
            def _step(self):
                self.steps += 1
                if self.steps == 60:
                    os.kill(os.getpid(), signal.SIGKILL)

        there.Job(Path({str(photos)!r})).do(Path({str(out)!r}), disk=DeadlyDisk(None))
    """)
    dead = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False
    )
    assert dead.returncode == -signal.SIGKILL
    assert (out / "run.lock").exists()
    assert 0 < len(job.do(out)) < 4
    assert contents(out) == contents(whole)


@pytest.mark.parametrize("embed_images", [False, True])
def test_every_table_opens_in_duckdb_and_arrow_also_when_it_has_no_rows(photos, tmp_path, embed_images):
    job, out = Job(photos, embed_images=embed_images), tmp_path / "run"
    job.do(out, fail_shards=(0, 1, 2))
    empty = [metadata for path in (out / "vqa").iterdir() if (metadata := pq.read_metadata(path)).num_rows == 0]
    assert all(metadata.num_row_groups == 0 for metadata in empty)
    for table in TABLES:
        counted = duckdb.sql(f"SELECT count(*) FROM '{out / table.name}/*.parquet'").fetchall()
        assert counted == [(read_status(out).rows[table.name],)]
        columns = pq.read_schema(next((out / table.name).iterdir())).names
        extra = ["image"] if embed_images and table.name == "annotations" else []
        assert columns == [column.name for column in table.columns] + extra


def test_status_of_a_folder_without_a_run_names_the_folder(tmp_path):
    with pytest.raises(OutputError, match="no run here"):
        read_status(tmp_path)

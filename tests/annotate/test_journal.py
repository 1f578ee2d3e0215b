"""What a worker had in hands when it died is counted against those images, and against no other."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from annotate.journal import MAX_DEATHS, Entry, Journal, in_flight
from manifests.records import ImageRecord


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "ledger").mkdir()
    return tmp_path


def rows_of(*names: str) -> list[ImageRecord]:
    return [ImageRecord(image_id=name, uri=name) for name in names]


def test_an_image_goes_alone_after_two_deaths_and_fails_after_a_third(out: Path) -> None:
    good, bad = rows_of("good", "bad")
    for death in range(MAX_DEATHS):
        entry = Entry.of(out, 7, {})
        assert entry.suspect(bad) == (death >= 2)
        assert entry.refusal("detect", bad) is None
        entry.begins("detect", [bad] if death == MAX_DEATHS - 1 else [good, bad])
    entry = Entry.of(out, 7, {})
    assert "3 workers died of it" in str(entry.refusal("detect", bad))
    assert entry.refusal("detect", good) is None
    assert entry.refusal("measure", bad) is None


def test_a_worker_that_dies_with_nothing_in_hands_accuses_nobody(out: Path) -> None:
    rows = rows_of("a", "b")
    for _ in range(5):
        entry = Entry.of(out, 0, {})
        entry.begins("detect", rows)
        entry.rests()
    assert not any(Entry.of(out, 0, {}).suspect(row) for row in rows)


def test_what_is_in_flight_can_be_read_from_outside(out: Path) -> None:
    journal = Journal(out, {})
    journal.open(3).begins("measure", rows_of("x" * 32, "y"))
    journal.open(4).begins("load", rows_of("z"))
    journal.rest(4)
    (hands,) = in_flight(out)
    assert (hands.stage, hands.images) == ("measure", ("x" * 32, "y"))
    assert "measure has xxxx" in hands.said()


def test_a_journal_with_garbage_in_it_is_an_empty_one(out: Path) -> None:
    (out / "ledger" / "inflight-00001.json").write_text("{" * 1000)
    entry = Entry.of(out, 1, {})
    assert not entry.deaths
    entry.begins("load", rows_of("a"))
    assert [hands.images for hands in in_flight(out)] == [("a",)]


def test_a_committed_shard_leaves_no_journal(out: Path) -> None:
    journal = Journal(out, {})
    journal.open(2).begins("point", rows_of("a"))
    journal.rest(2).close()
    assert not list((out / "ledger").iterdir())


def test_a_clock_that_is_set_an_hour_forward_ends_no_worker(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry.of(out, 0, {"detect": 60.0})
    entry.begins("detect", rows_of("a"))
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    entry.end_if_overdue()
    assert not entry.overdue

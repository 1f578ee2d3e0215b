"""`annotate bench resume` makes up a run that the command finds finished."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from annotate.bench.resume import bench_resume


def test_a_made_up_run_is_found_finished_from_a_list_and_from_a_folder(capfd: pytest.CaptureFixture[str]) -> None:
    bench_resume(Console(), count=300, folder=True)
    said = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (said["images"], said["shards"]) == (300, 5)
    assert 0.05 < said["peak_gib"] < 1
    assert said["folder_seconds"] > 0

"""A short form of `make chaos`: a run that is killed again and again ends in the same bytes as one left in peace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.timeout(600)
def test_a_run_that_is_killed_and_killed_again_loses_and_doubles_nothing(
    annotate: Callable[..., object], photos: Path
) -> None:
    brief = ["--n", 48, "--kills", 3, "--shard-size", 2, "--longest-work", 0.4]
    said = annotate("bench", "chaos", "--images", photos, *brief)
    toll = json.loads(said.stdout.splitlines()[-1])
    assert toll["kills_in_all"] >= 3
    assert toll["sessions"] >= 2
    assert (toll["differing_parts"], toll["files_left"]) == (0, 0)

"""`annotate bench measure` tells what a megapixel costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from annotate.bench.measure import bench_measure


def test_the_parts_cost_no_more_than_the_stage_that_is_made_of_them(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench_measure(Console(), images=str(photos), count=2, megapixels=0.3, rounds=3, seed=0)
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    costs = said["cpu_ms_per_megapixel"]
    assert said["net_over_evidence"] > 1
    assert 0 < costs["evidence"] < costs["measure with evidence"] < costs["measure with the network"]
    parts = [costs[name] for name in ("evidence", "maps", "network", "candidates", "verifiers")]
    assert min(parts) > 0
    assert sum(parts) < 1.2 * costs["measure with the network"]

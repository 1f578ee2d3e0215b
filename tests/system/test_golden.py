"""Golden shards: what the default recipe says of the sample photographs, held still from commit to commit.

Words, numbers of regions, orders and outcomes must be equal; real numbers may differ by what another processor's
arithmetic makes of them. On one machine two runs are equal to the byte (`test_run.py`). A commit that changes these
tables on purpose writes them anew with `make golden` and says why.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

GOLDEN = Path(__file__).parent / "golden"
TOLERANCE = {"box_xyxy_px": 0.5, "points": 0.01}
DEFAULT_TOLERANCE = 0.005


def differences(expected: Any, found: Any, where: str, tolerance: float) -> list[str]:
    """Paths at which two plain values differ."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        pairs = [(expected[key], found[key], f"{where}.{key}", TOLERANCE.get(key, tolerance)) for key in expected]
        return [line for pair in pairs for line in differences(*pair)]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = [
            (one, other, f"{where}[{i}]", tolerance) for i, (one, other) in enumerate(zip(expected, found, strict=True))
        ]
        return [line for pair in pairs for line in differences(*pair)]
    if isinstance(expected, float) and isinstance(found, float):
        return [] if math.isclose(expected, found, abs_tol=tolerance) else [f"{where}: {expected} -> {found}"]
    return [] if expected == found else [f"{where}: {expected!r} -> {found!r}"]


@pytest.mark.parametrize("table", ["descriptions", "vqa", "points", "regions"])
def test_the_default_recipe_says_what_it_said_before(finished_run: Path, table: str) -> None:
    golden = pq.read_table(GOLDEN / f"{table}.parquet")
    parts = [pq.read_table(part) for part in sorted((finished_run / table).glob("*.parquet"))]
    assert (
        parts[0]
        .drop_columns([name for name in ("mask",) if name in parts[0].column_names])
        .schema.equals(golden.schema)
    )
    found = [row for part in parts for row in part.select(golden.column_names).to_pylist()]
    expected = golden.to_pylist()
    lines = [
        line
        for one, other in zip(expected, found, strict=False)
        for line in differences(one, other, f"{one['image_id'][:8]}", DEFAULT_TOLERANCE)
    ]
    assert not lines, "\n".join([f"{len(lines)} differences; `make golden` if they are meant", *lines[:20]])
    assert len(found) == len(expected)

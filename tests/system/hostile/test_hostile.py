"""A folder of hostile and odd files: no crash, no hang, and for every file the outcome that it deserves."""

from __future__ import annotations

import html
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

Annotate = Callable[..., Any]
FAILED_ROWS = 3
FEWEST_FILES = 100
SCRIPT = "<script>document.title='owned'"


@pytest.fixture(scope="module")
def corpus(project: Path) -> dict[str, Any]:
    """What the script that writes the corpus defines."""
    return runpy.run_path(str(project / "tests" / "system" / "hostile" / "write_corpus.py"))


def rows(out: Path) -> dict[str, dict[str, Any]]:
    """The final row of every input: of the plan where it ended there, else of the annotations."""
    found = {row["uri"]: row for row in pq.read_table(out / "plan.parquet").to_pylist()}
    for path in (out / "annotations").iterdir():
        for row in pq.read_table(path).to_pylist():
            assert found[row["uri"]]["outcome"] is None
            found[row["uri"]] = row
    return found


def unlike(cases: list[Any], found: dict[str, dict[str, Any]]) -> list[str]:
    """Files that did not end as they should."""
    lines = []
    for case in cases:
        row = found[case.name]
        fits = (row["outcome"], row["stage"]) == (case.outcome, case.stage) and case.reason in (row["reason"] or "")
        if fits and case.outcome == "ok":
            fits = row["frames"] == case.frames and (case.size is None or (row["width"], row["height"]) == case.size)
        if not fits:
            lines.append(
                f"{case.name!r}: {row['outcome']}({row['stage']}, {row['reason']}), {row.get('frames')} frames"
            )
    return lines


def test_every_hostile_file_ends_as_it_should_and_nothing_else_happens(
    annotate: Annotate, corpus: dict[str, Any], tmp_path: Path
) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    cases = corpus["write_corpus"](images)
    assert len(cases) >= FEWEST_FILES

    annotate("run", "--images", images, "--out", out, code=FAILED_ROWS)

    found = rows(out)
    assert set(found) == {case.name for case in cases}
    assert unlike(cases, found) == []
    success = json.loads((out / "_SUCCESS").read_text())
    assert success["inputs"] == sum(success["outcomes"].values()) == len(cases)
    assert json.loads((out / "run.json").read_text())["run"]["ignored"] == corpus["IGNORED"]
    assert "everything is as it should be" in annotate("verify", out).stdout

    annotate("view", out)
    pages = [path.read_text(encoding="utf-8") for path in (out / "gallery").rglob("*.html")]
    assert any(html.escape("<img src=x") in page for page in pages)
    assert not [page for page in pages if SCRIPT in page or "<img src=x" in page]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "out", "outside.jpg"]


def test_behind_walls_the_same_files_end_the_same_and_the_greedy_fail(
    annotate: Annotate, corpus: dict[str, Any], tmp_path: Path
) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    cases = corpus["write_corpus"](images)
    (images / "hungry.png").write_bytes(corpus["hungry"]())

    walls = ["--set", "load.untrusted=true", "--set", "load.untrusted_memory_mib=64"]
    annotate("run", "--images", images, "--out", out, *walls, code=FAILED_ROWS)

    found = rows(out)
    hungry = found.pop("hungry.png")
    assert (hungry["outcome"], hungry["stage"]) == ("failed", "load")
    assert hungry["reason"] == "needs more than 64 MiB of memory to decode"
    assert set(found) == {case.name for case in cases}
    assert unlike(cases, found) == []

"""The reference pages in the repository are what the code says today."""

from __future__ import annotations

import re
from pathlib import Path

from annotate.reference import pages


def test_the_reference_pages_are_what_the_code_says(project: Path) -> None:
    folder = project / "docs" / "reference"
    stale = [name for name, text in pages().items() if (folder / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs` and commit what it writes"


def test_every_option_of_every_stage_says_what_it_means() -> None:
    rows = [line for line in pages()["stages.md"].splitlines() if re.match(r"\| \w+\.\w+ \|", line)]
    assert len(rows) > 20
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_column_of_every_table_has_a_meaning() -> None:
    rows = [line for line in pages()["tables.md"].splitlines() if line.startswith("| ")]
    assert len(rows) > 40
    assert [row for row in rows if row.endswith("|  |")] == []

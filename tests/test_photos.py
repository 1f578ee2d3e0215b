"""The table of sample photographs against the files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from PIL import Image

MOST_BYTES = 4_000_000
FREE_LICENCES = ("public domain", "CC0-1.0", "CC-BY-2.0", "CC-BY-2.5", "GPL-2.0-or-later", "BSD-3-Clause")


@pytest.fixture(scope="module")
def rows(photos: Path) -> dict[str, dict[str, str]]:
    lines = [line for line in (photos / "README.md").read_text().splitlines() if line.startswith("| ")]
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def photo_files(photos: Path) -> list[Path]:
    return sorted(path for path in photos.iterdir() if path.suffix in {".jpg", ".png"})


def test_every_photo_stands_in_the_table_and_no_other(photos: Path, rows: dict[str, dict[str, str]]) -> None:
    assert sorted(rows) == [path.name for path in photo_files(photos)]


def test_there_are_enough_photos_and_they_stay_small(photos: Path) -> None:
    files = photo_files(photos)
    assert len(files) >= 12
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


def test_every_photo_names_its_source_its_author_and_a_free_licence(rows: dict[str, dict[str, str]]) -> None:
    for name, row in rows.items():
        assert re.match(r"(PyPI|npm|Debian) \S+", row["package and file in it"]), name
        assert row["author"], name
        assert any(licence in row["licence"] for licence in FREE_LICENCES), (name, row["licence"])


def test_every_photo_is_the_file_that_the_table_describes(photos: Path, rows: dict[str, dict[str, str]]) -> None:
    for path in photo_files(photos):
        with Image.open(path) as image:
            assert rows[path.name]["size"] == f"{image.width}x{image.height}", path.name
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert digest.startswith(rows[path.name]["sha256"].strip("`")), path.name


def test_a_licence_that_asks_for_its_text_has_it_beside_the_photos(
    photos: Path, rows: dict[str, dict[str, str]]
) -> None:
    links = {link for row in rows.values() for link in re.findall(r"\]\(([^):]+)\)", row["licence"])}
    assert links == {"GPL-2.0.txt"}
    assert "GNU GENERAL PUBLIC LICENSE" in (photos / "GPL-2.0.txt").read_text()

"""Page and picture of the distortions in the docs are what the code says today."""

from pathlib import Path

from PIL import Image

from stages.distort.sheet import page, write
from stages.distort.table import VARIANTS


def test_the_page_in_the_docs_is_what_the_table_says(project: Path) -> None:
    written = (project / "docs" / "distortions.md").read_text(encoding="utf-8")
    assert written == page(), "run `python -m stages.distort.sheet docs docs/photos/cat.png`"


def test_the_page_names_every_distortion_and_what_it_does() -> None:
    rows = [line for line in page().splitlines() if line.count("|") == 5]
    assert [name for name in VARIANTS if not any(f"| {name} |" in row for row in rows)] == []
    assert [row for row in rows if "|  |" in row] == []


def test_page_and_sheet_are_written_small(project: Path, photos: Path, tmp_path: Path) -> None:
    text, picture = write(tmp_path, photos / "cat.png")
    assert text.read_text(encoding="utf-8") == page()
    with Image.open(picture) as sheet, Image.open(project / "docs" / "images" / "distortions.jpg") as shown:
        assert sheet.size == shown.size
    assert picture.stat().st_size <= 300_000

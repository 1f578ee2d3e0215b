"""Views of photographs for the small model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from annotate.train.small.views import SIDE_PX, VIEWS, write_views

PHOTOS = Path(__file__).parents[4] / "docs" / "photos"


def test_views_are_squares_named_after_their_photo_and_the_same_every_time(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "astronaut.jpg").write_bytes((PHOTOS / "astronaut.jpg").read_bytes())
    (photos / "LICENCE.txt").write_text("free")
    count = write_views(photos, tmp_path / "one")
    assert write_views(photos, tmp_path / "again") == count
    assert 0 < count <= VIEWS
    for path in (tmp_path / "one").iterdir():
        assert path.name.startswith("astronaut__")
        with Image.open(path) as view:
            assert view.size == (SIDE_PX, SIDE_PX)
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_what_shows_nothing_or_is_too_small_gives_no_view(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(np.full((300, 300, 3), 128, np.uint8)).save(photos / "grey.png")
    Image.open(PHOTOS / "cat.png").resize((SIDE_PX - 1, 200)).save(photos / "small.png")
    assert write_views(photos, tmp_path / "out") == 0

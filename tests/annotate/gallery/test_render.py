"""What `render` writes, and from what."""

import json
import shutil

import pytest
from PIL import Image

from annotate.gallery import render
from manifests.errors import OutputError


@pytest.fixture
def photos(tmp_path, run_maker):
    make_photos, _ = run_maker
    make_photos(tmp_path / "photos")
    return tmp_path / "photos"


def entries(gallery):
    said = (gallery / "data" / "entries.js").read_text()
    return json.loads(said.removeprefix("const galleryIndex = ").rstrip().removesuffix(";"))["entries"]


def test_pictures_are_made_once_and_pages_again(tmp_path, photos, run_maker):
    run_maker[1](photos, tmp_path / "run")
    index = render(tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in (index.parent / "img").iterdir()}
    bytes_before = {path: path.read_bytes() for path in index.parent.rglob("*.html")}
    calls = []
    assert render(tmp_path / "run", on_progress=lambda done, total: calls.append((done, total))) == index

    assert len(before) == 6
    assert {path: path.stat().st_mtime_ns for path in (index.parent / "img").iterdir()} == before
    assert {path: path.read_bytes() for path in index.parent.rglob("*.html")} == bytes_before
    assert calls == [(number, 6) for number in range(1, 7)]


def test_previews_are_small_and_keep_the_shape(tmp_path, photos, run_maker):
    run_maker[1](photos, tmp_path / "run")
    gallery = render(tmp_path / "run").parent
    for path in (gallery / "img").iterdir():
        with Image.open(path) as picture, Image.open(gallery / "thumb" / path.name) as thumbnail:
            assert max(picture.size) <= 1024
            assert max(thumbnail.size) <= 320
            assert thumbnail.width / thumbnail.height == pytest.approx(picture.width / picture.height, rel=0.02)


def test_a_limit_shows_the_first_images_and_the_full_counts(tmp_path, photos, run_maker):
    run_maker[1](photos, tmp_path / "run")
    render(tmp_path / "run")
    index = render(tmp_path / "run", limit=2)
    pages = sorted(path.stem for path in (index.parent / "images").iterdir())

    assert [entry[0] for entry in entries(index.parent) if entry[0]] == pages
    assert len(pages) == 2
    assert "The first 2 of 6 annotated images" in index.read_text()


def test_only_committed_shards_are_shown(tmp_path, photos, run_maker):
    run_maker[1](photos, tmp_path / "run", shards=1)
    part = next((tmp_path / "run" / "annotations").iterdir())
    shutil.copy(part, part.with_name(part.name.replace("00000", "00001")))
    index = render(tmp_path / "run")

    assert len(list((index.parent / "images").iterdir())) == 3
    assert "3 images have no outcome yet" in index.read_text()


def test_pages_of_an_earlier_run_in_the_folder_go(tmp_path, photos, run_maker):
    run_maker[1](photos, tmp_path / "run")
    index = render(tmp_path / "run")
    stale = index.parent / "images" / f"{'0' * 32}.html"
    mine = index.parent / "images" / "notes.html"
    stale.touch()
    mine.touch()
    render(tmp_path / "run")

    assert not stale.exists()
    assert mine.exists()


def test_embedded_images_stand_in_for_lost_sources(tmp_path, photos, run_maker):
    run_maker[1](photos, tmp_path / "run", embed_images=True)
    shutil.rmtree(photos)
    gallery = render(tmp_path / "run").parent

    assert [entry[1] for entry in entries(gallery) if entry[0] and not entry[6]] == ["stage-failed.png"]


def test_a_source_that_changed_is_not_shown_as_the_image(tmp_path, photos, run_maker):
    run_maker[1](photos, tmp_path / "run")
    shutil.copy(photos / "small.jpg", photos / "turned.jpg")
    gallery = render(tmp_path / "run").parent
    (entry,) = [entry for entry in entries(gallery) if entry[1] == "turned.jpg"]

    assert not entry[6]
    assert "changed since the plan was made" in (gallery / "images" / f"{entry[0]}.html").read_text()


def test_a_folder_that_holds_no_run_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"no run here \(no run.json\)"):
        render(tmp_path)
    assert list(tmp_path.iterdir()) == []

"""Photographs out of packages: with pip itself, and wheels that a test makes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from annotate.gather import CLIENTS, COLUMNS, Package, Photograph, gather, main, read_list
from manifests.errors import InputError
from stages.measure.recogniser.infer import CARD, PACKAGED

CONTENT = {"album/lake.jpg": b"a lake", "album/hills/fog.jpg": b"fog"}
ALBUM = Package("PyPI", "album", "1.0")


def photograph(file: str, package: Package = ALBUM, content: bytes | None = None) -> Photograph:
    digest = hashlib.sha256(CONTENT[file] if content is None else content).hexdigest()
    return Photograph("taught", Path(file).name, package, file, digest)


def write_list(path: Path, photographs: list[Photograph]) -> Path:
    rows = [
        (each.part, each.name, each.package.registry, each.package.name, each.package.version, each.file, each.sha256)
        for each in photographs
    ]
    path.write_text("".join("\t".join(row) + "\n" for row in (COLUMNS, *rows)))
    return path


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel of photographs, in the only place where pip looks."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "album-1.0-py3-none-any.whl"
    facts = {
        "album-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: album\nVersion: 1.0\n",
        "album-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "album-1.0.dist-info/RECORD": b"",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in {**CONTENT, **facts}.items():
            archive.writestr(name, content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return wheel


def test_photographs_come_out_of_their_package_into_the_folder_of_their_part(tmp_path: Path, wheel: Path) -> None:
    photographs = [photograph(file) for file in CONTENT]
    said: list[str] = []
    assert gather(photographs, tmp_path / "out", said.append) == []
    found = {path.name: path.read_bytes() for path in (tmp_path / "out" / "taught").iterdir()}
    assert found == {"lake.jpg": b"a lake", "fog.jpg": b"fog"}
    assert said[-1] == "PyPI album 1.0: 2 of 2"


def test_what_is_there_is_not_fetched_again(tmp_path: Path, wheel: Path) -> None:
    photographs = [photograph(file) for file in CONTENT]
    gather(photographs, tmp_path, lambda line: None)
    wheel.unlink()
    assert gather(photographs, tmp_path, lambda line: None) == []


def test_a_photograph_that_was_changed_is_fetched_again(tmp_path: Path, wheel: Path) -> None:
    lake = photograph("album/lake.jpg")
    gather([lake], tmp_path, lambda line: None)
    lake.place(tmp_path).write_bytes(b"half a la")
    assert gather([lake], tmp_path, lambda line: None) == []
    assert lake.place(tmp_path).read_bytes() == b"a lake"


def test_another_file_than_the_listed_one_is_not_written(tmp_path: Path, wheel: Path) -> None:
    other, lake = photograph("album/hills/fog.jpg", content=b"fog of another day"), photograph("album/lake.jpg")
    assert gather([other, lake], tmp_path, lambda line: None) == [
        "PyPI album 1.0, album/hills/fog.jpg: is another file"
    ]
    assert [path.name for path in (tmp_path / "taught").iterdir()] == ["lake.jpg"]


def test_a_package_that_cannot_be_had_costs_only_its_own_photographs(tmp_path: Path, wheel: Path) -> None:
    lost = photograph("album/lake.jpg", Package("PyPI", "album", "2.0"))
    found = photograph("album/hills/fog.jpg")
    (missing,) = gather([lost, found], tmp_path, lambda line: None)
    assert missing.startswith("PyPI album 2.0, all 1: ")
    assert "No matching distribution found for album==2.0" in missing
    assert found.place(tmp_path).exists()


def test_the_command_ends_with_3_when_something_is_missing(
    tmp_path: Path, wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = write_list(tmp_path / "list.tsv", [photograph("album/lake.jpg")])
    assert main([str(listed), str(tmp_path / "out")]) == 0
    listed = write_list(tmp_path / "list.tsv", [photograph("album/lake.jpg", content=b"a pond")])
    assert main([str(listed), str(tmp_path / "out")]) == 3
    assert "missing: PyPI album 1.0, album/lake.jpg: is another file" in capsys.readouterr().err


def test_photographs_are_read_out_of_an_npm_package(tmp_path: Path) -> None:
    (tmp_path / "fog.jpg").write_bytes(b"fog")
    with tarfile.open(tmp_path / "album-1.0.tgz", "w:gz") as archive:
        archive.add(tmp_path / "fog.jpg", "package/img/fog.jpg")
    _, content_of = CLIENTS["npm"]
    files = content_of(tmp_path / "album-1.0.tgz", {"package/img/fog.jpg", "package/img/lake.jpg"})
    assert files == {"package/img/fog.jpg": b"fog"}


def test_photographs_are_read_out_of_a_debian_package(tmp_path: Path) -> None:
    root = tmp_path / "album"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: album\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: fog\n"
    )
    (root / "usr" / "share" / "album").mkdir(parents=True)
    (root / "usr" / "share" / "album" / "fog.jpg").write_bytes(b"fog")
    subprocess.run(["dpkg-deb", "--build", root, tmp_path / "album.deb"], check=True, capture_output=True)
    _, content_of = CLIENTS["Debian"]
    assert content_of(tmp_path / "album.deb", {"usr/share/album/fog.jpg"}) == {"usr/share/album/fog.jpg": b"fog"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,file\na,b\n", "is no list of photographs; its columns should be part"),
        ("\t".join(COLUMNS) + "\ntaught\tfog.jpg\n", "line 2: every column should have a value"),
        ("\t".join(COLUMNS) + "\ntaught\t../fog.jpg\tnpm\talbum\t1.0\tfog.jpg\tab\n", "be plain names"),
        ("\t".join(COLUMNS) + "\ntaught\tfog.jpg\tCPAN\talbum\t1.0\tfog.jpg\tab\n", "registry CPAN; known are Debian"),
    ],
)
def test_a_list_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "list.tsv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_list(tmp_path / "list.tsv")


def test_the_list_of_the_house_holds_the_photographs_that_the_weights_name(project: Path) -> None:
    listed = read_list(project / "requirements" / "photos.tsv")
    named = json.loads((PACKAGED / CARD).read_text())["photos"]
    assert {part: sorted(each.name for each in listed if each.part == part) for part in named} == {
        part: sorted(names) for part, names in named.items()
    }


def test_what_only_judges_comes_from_packages_that_nothing_was_taught_from(project: Path) -> None:
    listed = read_list(project / "requirements" / "photos.tsv")
    judging = {each.package.name for each in listed if each.part == "fresh"}
    assert judging
    assert judging.isdisjoint(each.package.name for each in listed if each.part != "fresh")


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no list of photographs"):
        read_list(tmp_path / "list.tsv")

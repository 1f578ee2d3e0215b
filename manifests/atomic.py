"""Atomic files: a reader sees all of a file or none of it, also after a power cut.

Every file goes through the same steps: write under a temporary name in the same folder, close, verify, fsync, rename,
fsync the folder. The steps are methods of `Disk`, so that a test can stop the world before and after each of them.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from manifests.errors import OutputError
from manifests.layout import temporary_name

_USER_ERRORS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the quota is used up; free some space and run the same command again",
    errno.EROFS: "the file system is read-only; choose another --out",
    errno.EACCES: "permission denied; choose another --out or change its permissions",
    errno.EPERM: "operation not permitted; choose another --out or change its permissions",
    errno.ENOTDIR: "is not a folder; choose another --out",
    errno.EEXIST: "is not a folder; choose another --out",
}
_UNFINISHED = ".unfinished"
"""Folder inside a new one while that is written: also where the new one is a mount, which cannot be replaced."""


class Disk:
    """The file operations that change an output folder, one method a step."""

    def make_folder(self, path: Path) -> None:
        """Create a folder and its parents if need be."""
        path.mkdir(parents=True, exist_ok=True)

    def write(self, path: Path, writer: Callable[[Path], None]) -> None:
        """Let `writer` create the file, and close it."""
        writer(path)

    def sync(self, path: Path) -> None:
        """Make a file, or the names in a folder, survive a power cut."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Rename within one folder, over whatever has the name."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Delete a file; that it is gone already is fine."""
        path.unlink(missing_ok=True)


def write_file(
    disk: Disk, path: Path, writer: Callable[[Path], None], verify: Callable[[Path], None] | None = None
) -> None:
    """Create or replace a file atomically. `verify` sees the closed temporary file and raises if it is not right.

    Raises OutputError where the file system refuses for a reason that its owner can mend.
    """
    temporary = path.with_name(temporary_name(path.name, uuid.uuid4().hex[:8]))
    try:
        disk.write(temporary, writer)
        if verify is not None:
            verify(temporary)
        disk.sync(temporary)
        disk.replace(temporary, path)
        disk.sync(path.parent)
    except OSError as error:
        # A file system that has turned read-only does not let go of it either; the next run sweeps.
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise as_output_error(error, path) from error


def write_bytes(disk: Disk, path: Path, content: bytes) -> None:
    """Create or replace a file atomically with these bytes."""
    write_file(disk, path, lambda temporary: _write_all(temporary, content))


def write_json(disk: Disk, path: Path, value: Any) -> None:
    """Create or replace a JSON file atomically, laid out for people, keys in the order given."""
    write_bytes(disk, path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def make_folder(disk: Disk, path: Path) -> None:
    """Create a folder so that it survives a power cut. Raises OutputError."""
    try:
        disk.make_folder(path)
        disk.sync(path.parent)
    except OSError as error:
        raise as_output_error(error, path) from error


@contextlib.contextmanager
def new_folder(disk: Disk, path: Path) -> Iterator[Path]:
    """A folder whose content appears together: what the block writes into the folder it is given lies in `path` then.

    Of a block that fails nothing stays; what a killed one left is removed by the next one for the same path. Raises
    OutputError where `path` holds something, or is no folder.
    """
    unfinished, is_new = path / _UNFINISHED, not path.exists()
    make_folder(disk, path)
    if any(found != unfinished for found in path.iterdir()):
        raise OutputError(f"--out {path}: is not an empty folder; choose another")
    shutil.rmtree(unfinished, ignore_errors=True)
    make_folder(disk, unfinished)
    try:
        yield unfinished
        for found in sorted(unfinished.iterdir()):
            disk.replace(found, path / found.name)
        disk.sync(path)
    except OSError as error:
        raise as_output_error(error, path) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        if is_new and not any(path.iterdir()):
            path.rmdir()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_output_error(error: OSError, path: Path) -> Exception:
    """The error as one line with a remedy if its owner can mend it, else the error itself."""
    remedy = _USER_ERRORS.get(error.errno or 0)
    return OutputError(f"{path}: {remedy}") if remedy else error


def _write_all(path: Path, content: bytes) -> None:
    path.write_bytes(content)

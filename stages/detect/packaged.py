"""Weights that ship inside a package: found without importing it, and checked by sha256 before they are read."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path


def packaged_file(package: str, relative: str, sha256: str) -> Path:
    """Path of a checked weight file. Raises RuntimeError when it is missing or is not the pinned one."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"{package}: the package that carries {relative} is not installed; install annotate anew")
    path = Path(spec.submodule_search_locations[0]) / relative
    if not path.is_file():
        raise RuntimeError(f"{path}: the weight file is missing; reinstall {package}")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise RuntimeError(f"{path}: sha256 is {found[:12]}…, expected {sha256[:12]}…; reinstall the pinned {package}")
    return path

"""Names of everything in an output folder. What matches none of them was not written by this tool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from manifests.tables import TABLES

RUN = "run.json"
PLAN = "plan.parquet"
LOCK = "run.lock"
LEDGER = "ledger"
CARD = "README.md"
SUCCESS = "_SUCCESS"
FIRST_VERSION = 1
GALLERY = "gallery"

FOLDERS = (LEDGER, *(table.name for table in TABLES))
"""Folders that a run makes when it starts."""

_PART = re.compile(r"part-\d{5,}-[0-9a-f]{8}(-r\d+)?\.parquet")
_MANIFEST = re.compile(r"(\d{5,})\.json")
_VERSION = re.compile(r"(?:run|plan)-(\d{4,})\.(?:json|parquet)")
_SESSION = re.compile(r"session-\d{4,}\.json")
_INFLIGHT = re.compile(r"inflight-\d{5,}\.json")
_TEMPORARY = re.compile(r"\..+\.tmp-[0-9a-f]{8}")


def part_name(shard: int, fingerprint: str, attempt: int) -> str:
    """File name of a shard's part in every table; `attempt` counts the retries of a shard that had failed rows."""
    retry = f"-r{attempt}" if attempt else ""
    return f"part-{shard:05d}-{fingerprint[:8]}{retry}.parquet"


def run_path(out: Path, version: int = FIRST_VERSION) -> Path:
    """The file that says what was asked: run.json, and run-0002.json and so on once the run has grown."""
    return out / (RUN if version == FIRST_VERSION else f"run-{version:04d}.json")


def plan_path(out: Path, version: int = FIRST_VERSION) -> Path:
    """The plan of a version: plan.parquet, and plan-0002.parquet and so on, each with all rows of those before it."""
    return out / (PLAN if version == FIRST_VERSION else f"plan-{version:04d}.parquet")


def latest_version(out: Path) -> int:
    """The newest version of a run, 1 for one that has not grown."""
    return max((version for version, path in _later_versions(out) if path == run_path(out, version)), default=1)


def later_versions(out: Path, newer_than: int = FIRST_VERSION) -> Iterator[Path]:
    """Files of versions that are newer than the given one."""
    yield from (path for version, path in _later_versions(out) if version > newer_than)


def _later_versions(out: Path) -> Iterator[tuple[int, Path]]:
    for path in sorted(out.iterdir()) if out.is_dir() else ():
        if match := _VERSION.fullmatch(path.name):
            yield int(match[1]), path


def manifest_path(out: Path, shard: int) -> Path:
    """The file whose existence makes a shard part of the dataset."""
    return out / LEDGER / f"{shard:05d}.json"


def inflight_path(out: Path, shard: int) -> Path:
    """The file that says what a worker has in hands of a shard."""
    return out / LEDGER / f"inflight-{shard:05d}.json"


def inflight_files(out: Path) -> Iterator[Path]:
    """Files of shards that a worker has in hands, or had when it died."""
    folder = out / LEDGER
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if _INFLIGHT.fullmatch(path.name))


def session_path(out: Path, number: int) -> Path:
    """The file that holds the figures of one driver's session."""
    return out / LEDGER / f"session-{number:04d}.json"


def session_paths(out: Path) -> Iterator[Path]:
    """Files of sessions, oldest first."""
    folder = out / LEDGER
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if _SESSION.fullmatch(path.name))


def temporary_name(name: str, token: str) -> str:
    """Name under which a file is written before it gets its own; `token` is 8 hex digits."""
    return f".{name}.tmp-{token}"


def is_temporary(path: Path) -> bool:
    """Whether a write of this tool that did not end left the file."""
    return _TEMPORARY.fullmatch(path.name) is not None


def shard_of_manifest(path: Path) -> int | None:
    """The shard that a file of the ledger folder stands for; None for other files."""
    match = _MANIFEST.fullmatch(path.name)
    return int(match[1]) if match else None


def temporary_files(out: Path) -> Iterator[Path]:
    """Files that unfinished writes left, in the output folder and in the folders of the run."""
    for folder in (out, *(out / name for name in FOLDERS)):
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if is_temporary(path))


def manifest_files(out: Path) -> Iterator[Path]:
    """Manifests in the ledger, by shard."""
    folder = out / LEDGER
    if folder.is_dir():
        found = [(shard, path) for path in folder.iterdir() if (shard := shard_of_manifest(path)) is not None]
        yield from (path for _, path in sorted(found))


def part_files(out: Path) -> Iterator[Path]:
    """Table parts, with or without a manifest."""
    for table in TABLES:
        if (out / table.name).is_dir():
            yield from sorted(path for path in (out / table.name).iterdir() if _PART.fullmatch(path.name))


def foreign(out: Path) -> list[str]:
    """Names at the top of a folder without run.json that a start of this tool cannot have left there."""
    own = {PLAN, LOCK, *FOLDERS}
    return sorted(path.name for path in out.iterdir() if path.name not in own and not is_temporary(path))

"""Re-read a whole output folder: plan, manifests, sums, and every shard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from manifests.atomic import sha256_of
from manifests.card import dataset_card
from manifests.commit import ShardManifest, read_manifest
from manifests.errors import AnnotateError, OutputError
from manifests.layout import (
    CARD,
    FOLDERS,
    GALLERY,
    LEDGER,
    LOCK,
    RUN,
    SUCCESS,
    inflight_files,
    manifest_files,
    manifest_path,
    plan_path,
    run_path,
    session_paths,
    temporary_files,
)
from manifests.lock import holder_of
from manifests.run import RunFile, read_run
from manifests.status import Status, status_of
from manifests.verify.shard import Violation, shard_violations


@dataclass
class Verified:
    """What was looked at and what was wrong."""

    shards: int = 0
    shards_planned: int = 0
    images: int = 0
    finished: bool = False
    violations: list[Violation] = field(default_factory=list)


def verify_run(
    out: Path,
    on_violation: Callable[[Violation], None] = lambda violation: None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Re-read everything. `on_progress(done, total)` counts shards. Raises OutputError for a folder that is no run."""
    file = read_run(out)
    if file is None:
        raise OutputError(f"{out}: no run here (no {RUN}); give the folder that was --out")
    seen = Verified(shards_planned=file.plan.shards, finished=(out / SUCCESS).exists())

    def wrong(violation: Violation) -> None:
        seen.violations.append(violation)
        on_violation(violation)

    for violation in _plan(out, file):
        wrong(violation)
    manifests: dict[int, ShardManifest] = {}
    for path in manifest_files(out):
        for violation in _manifest(out, file, path, manifests):
            wrong(violation)
    for violation in _strangers(out, file, manifests):
        wrong(violation)
    for _, manifest in sorted(manifests.items()):
        for violation in shard_violations(out, file, manifest):
            wrong(violation)
        seen.shards += 1
        seen.images += manifest.images
        if on_progress is not None:
            on_progress(seen.shards, len(manifests))
    for violation in _end(out, file, manifests, seen.finished):
        wrong(violation)
    return seen


def _plan(out: Path, file: RunFile) -> Iterator[Violation]:
    for version in range(1, file.version + 1):
        if not run_path(out, version).exists():
            yield Violation(run_path(out, version).name, "is missing")
        if not plan_path(out, version).exists():
            yield Violation(plan_path(out, version).name, "is missing")
    current = plan_path(out, file.version)
    if current.exists() and sha256_of(current) != file.plan.sha256:
        yield Violation(current.name, "is not the file that was written: its sha256 differs")
    counted = file.plan.images + file.plan.not_taken + file.plan.duplicate + file.plan.failed
    if counted != file.plan.inputs:
        yield Violation(run_path(out, file.version).name, f"{file.plan.inputs} inputs, of which {counted} are counted")


def _manifest(out: Path, file: RunFile, path: Path, known: dict[int, ShardManifest]) -> Iterator[Violation]:
    name = f"{LEDGER}/{path.name}"
    try:
        manifest = read_manifest(path)
    except OutputError:
        yield Violation(name, "is not a manifest")
        return
    assert manifest is not None
    if manifest_path(out, manifest.shard) != path:
        yield Violation(name, f"speaks of shard {manifest.shard}")
    elif manifest.fingerprint != file.run.fingerprint:
        yield Violation(name, "is of another run: its fingerprint differs")
    elif manifest.shard >= file.plan.shards:
        yield Violation(name, f"the plan has only {file.plan.shards} shards")
    else:
        known[manifest.shard] = manifest
        if manifest.images != file.plan.rows_of(manifest.shard):
            planned = file.plan.rows_of(manifest.shard)
            yield Violation(name, f"accounts for {manifest.images} images, the plan for {planned}")


def _strangers(out: Path, file: RunFile, known: dict[int, ShardManifest]) -> Iterator[Violation]:
    """Files that no manifest names. While a driver works, its unfinished files are no violation."""
    holder = holder_of(out)
    if holder is not None and not holder.stale():
        return
    for path in (*temporary_files(out), *inflight_files(out)):
        yield Violation(str(path.relative_to(out)), "was left by a write that did not end")
    named = {part.path for manifest in known.values() for part in manifest.files.values()}
    left = {path.name for path in (*temporary_files(out), *inflight_files(out))}
    ledger = {path.name for path in (*manifest_files(out), *session_paths(out))}
    for folder in FOLDERS:
        for path in sorted((out / folder).iterdir()) if (out / folder).is_dir() else ():
            known_file = path.name in ledger if folder == LEDGER else f"{folder}/{path.name}" in named
            if not known_file and path.name not in left:
                yield Violation(f"{folder}/{path.name}", "is a file that no manifest names")
    versions = range(1, file.version + 1)
    own = {path(out, version).name for version in versions for path in (run_path, plan_path)}
    own |= {LOCK, CARD, SUCCESS, GALLERY, *FOLDERS, *left}
    yield from (Violation(path.name, "is foreign here") for path in sorted(out.iterdir()) if path.name not in own)


def _end(out: Path, file: RunFile, manifests: dict[int, ShardManifest], finished: bool) -> Iterator[Violation]:
    """`_SUCCESS` and the card against the manifests."""
    if not finished:
        return
    missing = [shard for shard in range(file.plan.shards) if shard not in manifests]
    yield from (
        Violation(f"{LEDGER}/{shard:05d}.json", "is missing, and the run says it is finished") for shard in missing
    )
    status = status_of(file, manifests.values(), finished)
    try:
        said = json.loads((out / SUCCESS).read_bytes())
        told = {name: said[name] for name in ("inputs", "not_taken", "outcomes", "rows")}
        digests: dict[str, str] = said["manifests"]
    except (ValueError, KeyError, TypeError):
        yield Violation(SUCCESS, "cannot be understood")
        return
    counted = {
        "inputs": status.inputs, "not_taken": status.not_taken, "outcomes": status.outcomes, "rows": status.rows,
    }  # fmt: skip
    yield from (
        Violation(SUCCESS, f"says {name} {told[name]}, counted are {counted[name]}")
        for name in told
        if told[name] != counted[name]
    )
    there = {f"{LEDGER}/{path.name}": sha256_of(path) for path in manifest_files(out)}
    yield from (
        Violation(name, "is not the manifest that the run was finished with")
        for name in sorted(digests.keys() | there.keys())
        if digests.get(name) != there.get(name)
    )
    yield from _card(out, file, status, manifests)


def _card(out: Path, file: RunFile, status: Status, manifests: dict[int, ShardManifest]) -> Iterator[Violation]:
    try:
        card = dataset_card(file, status, manifests.values())
    except (AnnotateError, KeyError):
        return
    if not (out / CARD).exists() or (out / CARD).read_text(encoding="utf-8") != card:
        yield Violation(CARD, "is not the card of these tables")

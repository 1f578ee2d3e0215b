"""The ledger of a run: start or resume it, know what is missing, finish it. Truth is the manifests.

Order of writing: plan.parquet, run.json (now it is a run); per shard its tables, then its manifest (now it is
committed); the dataset card, then `_SUCCESS` (now it is finished). A run that grows gets plan-0002.parquet, then
run-0002.json (now it has grown). Whatever a crash leaves in between is either not seen or swept by the next start.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from manifests.atomic import Disk, as_output_error, make_folder, sha256_of, write_bytes, write_json
from manifests.card import dataset_card
from manifests.commit import Committer, PartFile, ReasonCount, ShardManifest, is_whole, read_manifest
from manifests.errors import AnnotateError, LockedError, OutputError
from manifests.layout import (
    CARD,
    FIRST_VERSION,
    FOLDERS,
    LEDGER,
    RUN,
    SUCCESS,
    foreign,
    inflight_files,
    later_versions,
    manifest_files,
    manifest_path,
    part_files,
    plan_path,
    run_path,
    session_paths,
    temporary_files,
)
from manifests.lock import RunLock, holder_of
from manifests.plan import Plan
from manifests.run import PlanFacts, RunFile, RunInfo, difference, read_run
from manifests.status import Status, status_of

__all__ = ["Committer", "Ledger", "PartFile", "ReasonCount", "ShardManifest", "Status", "read_status"]


class Ledger:
    """An output folder under this driver's lock. Use it in a `with` block, which releases the lock."""

    def __init__(self, out: Path, file: RunFile, lock: RunLock, disk: Disk) -> None:
        """Use `Ledger.start`."""
        self.out = out
        self.file = file
        self._lock = lock
        self._disk = disk
        self._plan: Plan | None = None
        self._manifests = _read_manifests(out, file)
        self._attempts: dict[int, int] = {}

    @classmethod
    def start(
        cls,
        out: Path,
        run: RunInfo,
        plan_factory: Callable[[], Plan],
        *,
        fresh: bool = False,
        retry_failed: bool = False,
        extend: Callable[[Plan], Plan] | None = None,
        disk: Disk | None = None,
    ) -> Ledger:
        """Begin a run in a new folder, or go on with the same run. The plan is only made for a new run.

        `fresh` deletes what an earlier run wrote (and nothing else); `retry_failed` opens the shards that hold failed
        rows. Inputs that the plan itself refused stay refused, unless the run is extended: `extend` makes the grown
        plan of the one that is there; what is committed stays.
        Raises OutputError for a folder that is no run, or another run (with one line for each difference), and
        LockedError when another driver works on it.
        """
        disk = disk or Disk()
        make_folder(disk, out)
        lock = RunLock(out)
        lock.acquire()
        try:
            file = read_run(out)
            if file is None:
                _refuse_strangers(out)
            if file is None or fresh:
                file = _begin(out, run, plan_factory, disk)
            else:
                _refuse_another(out, file, run, growing=extend is not None)
                file = _grow(out, file, run, extend, disk) if extend is not None else file
            ledger = cls(out, file, lock, disk)
            ledger._open_for_work(retry_failed)
            return ledger
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the lock."""
        self._lock.release()

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return not self.pending() and (self.out / SUCCESS).exists()

    def pending(self) -> list[int]:
        """Shards without a manifest, and those opened again, in order."""
        self._refresh()
        return [shard for shard in range(self.file.plan.shards) if not self._is_done(shard)]

    def plan_rows(self, shard: int) -> pa.Table:
        """The plan's rows of one shard (`manifests.plan.SCHEMA`), by image id."""
        if self._plan is None:
            self._plan = Plan.read(plan_path(self.out, self.file.version))
        return self._plan.rows(shard)

    def committer(self) -> Committer:
        """What a worker needs to commit shards of this run."""
        run = self.file.run
        attempts, version = dict(self._attempts), self.file.version
        return Committer(self.out.absolute(), run.fingerprint, run.embed_images, attempts, version, self._disk)

    def status(self) -> Status:
        """Counts so far; reads only manifests that are new."""
        self._refresh()
        return status_of(self.file, self._manifests.values(), (self.out / SUCCESS).exists())

    def finish(self) -> Status:
        """Check that every input has its outcome, sweep, write the card and `_SUCCESS`.

        Raises AnnotateError when the sums disagree, LockedError when another driver took the folder over.
        """
        if not self._lock.held():
            raise LockedError(f"{self.out}: another driver took it over while this one slept; its work goes on")
        status = self.status()
        pending = self.pending()
        if pending:
            raise AnnotateError(f"{self.out}: {len(pending)} shards are not committed; run the same command again")
        _check_sums(self.out, self.file, self._manifests)
        _sweep(self.out, self._manifests.values(), self._disk)
        write_bytes(self._disk, self.out / CARD, dataset_card(self.file, status, self._manifests.values()).encode())
        write_json(self._disk, self.out / SUCCESS, self._success(status))
        return self.status()

    def _success(self, status: Status) -> dict[str, Any]:
        digests = {f"{LEDGER}/{path.name}": sha256_of(path) for path in manifest_files(self.out)}
        return {
            "inputs": status.inputs,
            "not_taken": status.not_taken,
            "outcomes": status.outcomes,
            "rows": status.rows,
            "manifests": digests,
        }

    def _open_for_work(self, retry_failed: bool) -> None:
        """Sweep what an interrupted run left, and choose the shards to redo."""
        for name in FOLDERS:
            if not (self.out / name).is_dir():
                make_folder(self._disk, self.out / name)
        _sweep(self.out, self._manifests.values(), self._disk)
        _remove_all(self._disk, later_versions(self.out, self.file.version))
        if retry_failed:
            failed = [manifest for manifest in self._manifests.values() if manifest.outcomes.get("failed")]
            self._attempts = {manifest.shard: manifest.attempt + 1 for manifest in failed}
        if self.pending() or not _counts_all_inputs(self.out / SUCCESS, self.file):
            _remove_all(self._disk, [self.out / SUCCESS])

    def _refresh(self) -> None:
        """Read manifests that were committed since the last look."""
        for path in manifest_files(self.out):
            shard = int(path.stem)
            if not self._is_done(shard):
                _add_manifest(self._manifests, self.out, self.file, path)

    def _is_done(self, shard: int) -> bool:
        manifest = self._manifests.get(shard)
        return manifest is not None and manifest.attempt >= self._attempts.get(shard, 0)


def read_status(out: Path) -> Status:
    """A run in numbers, without its lock: of a run that works, was interrupted, or is finished. Raises OutputError."""
    file = read_run(out)
    if file is None:
        raise OutputError(f"{out}: no run here (no {RUN}); give the folder that was --out")
    holder = holder_of(out)
    live = holder if holder is not None and not holder.stale() else None
    return status_of(file, _read_manifests(out, file).values(), (out / SUCCESS).exists(), live)


def _refuse_strangers(out: Path) -> None:
    strangers = foreign(out)
    if strangers:
        raise OutputError(f"{out}: holds {strangers[0]} but no run; choose an empty or a new folder")


def _begin(out: Path, run: RunInfo, plan_factory: Callable[[], Plan], disk: Disk) -> RunFile:
    """Make the plan, delete what an earlier run wrote, then write the plan, then run.json.

    The old run.json stays until the new one takes its place: whatever stops this, the folder is known as a run, and
    as one whose plan does not fit.
    """
    plan = plan_factory()
    written = [*manifest_files(out), *part_files(out), *session_paths(out), *temporary_files(out), *later_versions(out)]
    _remove_all(disk, [out / SUCCESS, out / CARD, *written] if (out / RUN).exists() else written)
    return _write_version(out, run, plan, FIRST_VERSION, disk)


def _grow(out: Path, file: RunFile, run: RunInfo, extend: Callable[[Plan], Plan], disk: Disk) -> RunFile:
    """Write the next version of plan and run.json, if there is something to add."""
    plan = Plan.read(plan_path(out, file.version))
    grown = extend(plan)
    if grown is plan:
        return file
    return _write_version(out, run, grown, file.version + 1, disk)


def _write_version(out: Path, run: RunInfo, plan: Plan, version: int, disk: Disk) -> RunFile:
    plan.write(disk, plan_path(out, version))
    facts = PlanFacts(
        **plan.counts(),
        versions=list(plan.versions),
        shards=plan.shards,
        shard_size=plan.shard_size,
        sha256=sha256_of(plan_path(out, version)),
        refusals=plan.refusals(),
    )
    path = run_path(out, version)
    write_json(disk, path, RunFile(version=version, run=run, plan=facts).model_dump(mode="json"))
    return RunFile.model_validate_json(path.read_bytes())


def _refuse_another(out: Path, file: RunFile, run: RunInfo, *, growing: bool) -> None:
    """Raise OutputError if the folder holds another run, or a plan that somebody has changed."""
    if lines := difference(file.run, run, extend=growing):
        listed = "\n".join(f"  {line}" for line in lines)
        remedy = "add --extend, or choose" if not difference(file.run, run, extend=True) else "choose"
        raise OutputError(f"{out}: holds another run; {remedy} another --out or add --fresh\n{listed}")
    plan = plan_path(out, file.version)
    if not plan.exists() or sha256_of(plan) != file.plan.sha256:
        raise OutputError(f"{plan}: was changed since the run began; add --fresh to begin anew")


def _counts_all_inputs(success: Path, file: RunFile) -> bool:
    """Whether `_SUCCESS` speaks of this version: one that only adds refused inputs has no shard to do."""
    try:
        return bool(json.loads(success.read_bytes())["inputs"] == file.plan.inputs)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _remove_all(disk: Disk, paths: Iterable[Path]) -> None:
    """Delete the files that exist, for good before anything is written after them."""
    for folder, files in groupby((path for path in paths if path.exists()), key=lambda path: path.parent):
        try:
            for path in files:
                disk.remove(path)
            disk.sync(folder)
        except OSError as error:
            raise as_output_error(error, folder) from error


def _sweep(out: Path, known: Iterable[ShardManifest], disk: Disk) -> None:
    """Remove temporaries, journals and parts that no manifest names."""
    named = {part.path for manifest in known for part in manifest.files.values()}
    orphans = [path for path in part_files(out) if f"{path.parent.name}/{path.name}" not in named]
    _remove_all(disk, [*temporary_files(out), *inflight_files(out), *orphans])


def _read_manifests(out: Path, file: RunFile) -> dict[int, ShardManifest]:
    """Manifests of this run by shard, without those whose parts are not all there."""
    found: dict[int, ShardManifest] = {}
    for path in manifest_files(out):
        _add_manifest(found, out, file, path)
    return found


def _add_manifest(found: dict[int, ShardManifest], out: Path, file: RunFile, path: Path) -> None:
    manifest = read_manifest(path)
    if manifest is not None and manifest.fingerprint == file.run.fingerprint and is_whole(out, manifest):
        found[manifest.shard] = manifest


def _check_sums(out: Path, file: RunFile, known: dict[int, ShardManifest]) -> None:
    """Inputs are the sum of the outcomes, shard by shard and in all."""
    plan = file.plan
    for shard in range(plan.shards):
        images = known[shard].images
        if images != plan.rows_of(shard) or images != known[shard].files["annotations"].rows:
            raise AnnotateError(
                f"{manifest_path(out, shard)}: accounts for {images} images instead of {plan.rows_of(shard)}; "
                "remove it and run the same command again"
            )
    counted = sum(manifest.images for manifest in known.values())
    if plan.inputs != counted + plan.not_taken + plan.duplicate + plan.failed:
        raise AnnotateError(
            f"{out}: {plan.inputs} inputs, but {counted} images have an outcome; begin anew with --fresh"
        )

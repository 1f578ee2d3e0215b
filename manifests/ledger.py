"""The ledger of a run: start or resume it, know what is missing, finish it. Truth is the manifests.

Order of writing: plan.parquet, run.json (now it is a run); per shard its tables, then its manifest (now it is
committed); the dataset card, then `_SUCCESS` (now it is finished). Whatever a crash leaves in between is either not
seen or swept by the next start.
"""

from __future__ import annotations

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
    FOLDERS,
    LEDGER,
    PLAN,
    RUN,
    SUCCESS,
    foreign,
    manifest_files,
    manifest_path,
    part_files,
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
        disk: Disk | None = None,
    ) -> Ledger:
        """Begin a run in a new folder, or go on with the same run. The plan is only made for a new run.

        `fresh` deletes what an earlier run wrote (and nothing else); `retry_failed` opens the shards that hold failed
        rows. Inputs that the plan itself refused stay refused: a mended file has other bytes and is another image.
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
            elif lines := difference(file.run, run):
                listed = "\n".join(f"  {line}" for line in lines)
                raise OutputError(f"{out}: holds another run; choose another --out or add --fresh\n{listed}")
            elif _plan_digest(out) != file.plan.sha256:
                raise OutputError(f"{out / PLAN}: was changed since the run began; add --fresh to begin anew")
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
            self._plan = Plan.read(self.out / PLAN)
        return self._plan.rows(shard)

    def committer(self) -> Committer:
        """What a worker needs to commit shards of this run."""
        run = self.file.run
        return Committer(self.out.absolute(), run.fingerprint, run.embed_images, dict(self._attempts), self._disk)

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
        if retry_failed:
            failed = [manifest for manifest in self._manifests.values() if manifest.outcomes.get("failed")]
            self._attempts = {manifest.shard: manifest.attempt + 1 for manifest in failed}
        if self.pending():
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
    written = [*manifest_files(out), *part_files(out), *session_paths(out), *temporary_files(out)]
    _remove_all(disk, [out / SUCCESS, out / CARD, *written] if (out / RUN).exists() else written)
    plan.write(disk, out / PLAN)
    facts = PlanFacts(
        **plan.counts(),
        shards=plan.shards,
        shard_size=plan.shard_size,
        sha256=sha256_of(out / PLAN),
        refusals=plan.refusals(),
    )
    write_json(disk, out / RUN, RunFile(run=run, plan=facts).model_dump(mode="json"))
    return RunFile.model_validate_json((out / RUN).read_bytes())


def _plan_digest(out: Path) -> str | None:
    return sha256_of(out / PLAN) if (out / PLAN).exists() else None


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
    """Remove temporaries and parts that no manifest names."""
    named = {part.path for manifest in known for part in manifest.files.values()}
    orphans = [path for path in part_files(out) if f"{path.parent.name}/{path.name}" not in named]
    _remove_all(disk, [*temporary_files(out), *orphans])


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

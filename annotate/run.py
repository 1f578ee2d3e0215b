"""`annotate run`: plan, resume, run the stages on Ray, commit, finish, and say what came out."""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from rich.console import Console

import annotate
from annotate.console import console as messages
from annotate.console import count_progress, native_chatter_hidden, run_progress
from annotate.dag import ShardDone, pools_of, run_shards
from annotate.doctor import check_endpoints, check_requirements, check_weights
from annotate.engine import local_cores, ray_engine
from annotate.figures import figures_of
from annotate.inputs import Given, given_inputs
from annotate.prepare import Prepared, prepare
from annotate.reuse import Reuse
from annotate.summary import print_summary
from annotate.watchdog import watchdog
from manifests.ledger import Ledger
from manifests.plan import Plan, Take, grow_plan, make_plan
from manifests.run import RunInfo, StageIdentity
from manifests.sessions import write_session
from manifests.sources import refuse_nesting

FINISHED_WITH_FAILED_ROWS = 3


@dataclass(frozen=True)
class RunRequest:
    """Options of `annotate run`."""

    images: str
    out: Path
    recipe: str = "embedded"
    descriptions: Path | None = None
    overrides: tuple[str, ...] = ()
    take: str | None = None
    shard_size: int | None = None
    seed: int | None = None
    workers: int | None = None
    address: str | None = None
    fresh: bool = False
    retry_failed: bool = False
    extend: bool = False
    reuse: Path | None = None
    embed_images: bool = False
    debug: bool = False


def run_annotate(request: RunRequest, console: Console) -> int:
    """Do what is missing of a run and finish it; the exit code. Raises AnnotateError before anything is spent."""
    started = time.time()
    prepared = prepare(request.recipe, request.overrides, request.seed)
    check_requirements(prepared.stages)
    check_weights(prepared.stages, request.recipe)
    if request.address is None:
        check_endpoints(prepared.stages)
    take = Take.parse(request.take) if request.take else None
    given = given_inputs(request.images, request.descriptions, prepared.stages, request.recipe)
    inputs = given.inputs
    refuse_nesting(inputs, request.out)
    workers = request.workers or local_cores()

    def plan() -> Plan:
        with count_progress("reading") as on_progress:
            return make_plan(
                inputs,
                take=take,
                shard_size=request.shard_size,
                workers=workers,
                max_megapixels=prepared.max_megapixels,
                untrusted=prepared.untrusted,
                on_progress=on_progress,
            )

    def extended(there: Plan) -> Plan:
        with count_progress("reading") as on_progress:
            grown = grow_plan(
                there,
                inputs,
                take=take,
                max_megapixels=prepared.max_megapixels,
                untrusted=prepared.untrusted,
                on_progress=on_progress,
            )
        added = grown.images - there.images
        counted = "1 image is added" if added == 1 else f"{added:,} images are added"
        messages.print(counted if added else "there is no image to add", markup=False)
        return grown

    info = run_info(request, prepared, given, take)
    reuse = reuse_of(request, prepared, keep_content=info.embed_images)
    with Ledger.start(
        request.out,
        info,
        plan,
        fresh=request.fresh,
        retry_failed=request.retry_failed,
        extend=extended if request.extend else None,
    ) as ledger:
        found, planned = len(inputs.uris) + len(inputs.refused), ledger.file.plan.inputs
        if found != planned and not request.extend:
            messages.print(
                f"the plan of this run has {planned:,} inputs, now there are {found:,}: it keeps to its plan; "
                "--extend adds what is new",
                markup=False,
            )
        done = _annotate_pending(ledger, prepared, request, workers, reuse)
        status = ledger.status() if ledger.finished else ledger.finish()
        figures = figures_of(done, started=started, ended=time.time()) if done else None
        if figures is not None:
            write_session(request.out, figures.as_json())
        print_summary(console, request.out, status, figures)
    return FINISHED_WITH_FAILED_ROWS if status.outcomes.get("failed") else 0


def _annotate_pending(
    ledger: Ledger, prepared: Prepared, request: RunRequest, workers: int, reuse: Reuse | None
) -> list[ShardDone]:
    """Run the shards that have no manifest yet. Returns their summaries; everything else is on disk."""
    pending = ledger.pending()
    if not pending:
        return []
    status = ledger.status()
    if status.shards_done:
        messages.print(f"going on: {status.shards_done:,} of {status.shards:,} shards are there", markup=False)
    blocks = [ledger.plan_rows(shard) for shard in pending]
    pools = pools_of(prepared.recipe, prepared.stages)
    done: list[ShardDone] = []
    with (
        native_chatter_hidden(not request.debug),
        ray_engine(request.address, workers=workers * len(pools)) as capacity,
        run_progress(sum(block.num_rows for block in blocks)) as progress,
        watchdog(request.out, prepared.recipe.stalled_after_minutes),
    ):
        for shard in run_shards(
            pools,
            blocks,
            root=ledger.file.run.root,
            committer=ledger.committer(),
            cores=capacity.cpus if request.address else workers,
            gpus=capacity.gpus,
            keep_content=ledger.file.run.embed_images,
            reuse=reuse,
        ):
            done.append(shard)
            progress.advance(shard.outcomes, shard.began)
    return done


def reuse_of(request: RunRequest, prepared: Prepared, *, keep_content: bool) -> Reuse | None:
    """What `--reuse` gives this run, said to the user."""
    if request.reuse is None:
        return None
    reuse = Reuse.of(request.reuse, prepared.stages, prepared.recipe.seed, keep_content=keep_content)
    messages.print(reuse.said(), markup=False, soft_wrap=True)
    return reuse


def run_info(request: RunRequest, prepared: Prepared, given: Given, take: Take | None) -> RunInfo:
    """What run.json says of this run."""
    stages, inputs = prepared.stages, given.inputs
    return RunInfo(
        recipe=prepared.recipe.resolved(),
        fingerprint=prepared.fingerprint,
        stages=[StageIdentity(name=stage.name, identity=stage.identity()) for stage in stages],
        seed=prepared.recipe.seed,
        take=str(take) if take else None,
        embed_images=request.embed_images or any(stage.changes_content for stage in stages),
        images=inputs.source,
        root=inputs.root,
        descriptions=given.descriptions,
        ignored=inputs.ignored,
        versions=_versions([package for stage in stages for package in stage.requires()]),
        weights={name: digest for stage in stages for name, digest in stage.weights().items()},
        licences={what: licence for stage in stages for what, licence in stage.licences().items()},
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


CORE_DISTRIBUTIONS = ("ray", "numpy", "opencv-python-headless", "pillow", "pyarrow", "scikit-image", "scipy", "shapely")


def _versions(imports: Sequence[str]) -> dict[str, str]:
    """Versions of everything that may decide a result; `imports` are names to import, as stages require them."""
    found = {"annotate": annotate.__version__, "python": platform.python_version()}
    providers = packages_distributions() if imports else {}
    optional = [distribution for name in imports for distribution in providers.get(name, ())]
    for distribution in (*CORE_DISTRIBUTIONS, *optional):
        with contextlib.suppress(PackageNotFoundError):
            found[distribution] = version(distribution)
    return found

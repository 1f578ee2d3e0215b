"""`--reuse RUN`: images that another run has finished come from its tables, at the last stage that both runs share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manifests.commit import is_whole, read_manifest
from manifests.errors import InputError, RecipeError
from manifests.layout import RUN, manifest_files, plan_path
from manifests.plan import Plan
from manifests.recipe import Recipe
from manifests.records import ImageRecord
from manifests.run import RunFile, read_run
from manifests.tables import ANNOTATIONS
from stages.registry import build_chain
from stages.rewind import rewind, shared_stages
from stages.stage import Stage

FROM = "reused_from"
"""Name of the column of plan rows that says in which part of the other run an image stands; null: in none."""

_COLUMNS = [column.name for column in ANNOTATIONS.columns if column.name != "fingerprint"]


@dataclass(frozen=True)
class Reuse:
    """Another run's folder, its stages, and how many of them need not run again."""

    out: Path
    done: tuple[Stage, ...]
    shared: int
    reload: bool
    """Whether the encoded image is read again, because a later stage, or the dataset, needs it."""

    @classmethod
    def of(cls, out: Path, wanted: Sequence[Stage], seed: int, *, keep_content: bool) -> Reuse:
        """What a run of the stages `wanted` can take from a folder. Raises InputError if that is nothing."""
        file = read_run(out)
        if file is None:
            raise InputError(f"--reuse {out}: no run there (no {RUN}); give the folder that was --out")
        if file.run.seed != seed:
            raise InputError(f"--reuse {out}: its seed is {file.run.seed}, not {seed}; leave --reuse out")
        try:
            done = build_chain(Recipe.model_validate(file.run.recipe))
        except RecipeError as error:
            raise InputError(f"--reuse {out}: made by another version of annotate ({error}); leave it out") from error
        identities = [stage.identity for stage in file.run.stages]
        shared = shared_stages(identities, done, wanted, keep_content=keep_content)
        if shared == 0:
            raise InputError(f"--reuse {out}: shares no stage with this recipe from the start; leave --reuse out")
        reload = keep_content or any("content" in stage.needed() for stage in wanted[shared:])
        return cls(out.absolute(), tuple(done), shared, reload)

    def said(self) -> str:
        """What is taken over and what is done anew, as a line for the user."""
        names = [stage.name for stage in self.done[: self.shared]]
        return f"re-using {names[0]} to {names[-1]} of {self.out}; what follows is done anew"

    def mark(self, blocks: Sequence[pa.Table]) -> list[pa.Table]:
        """Plan rows with the column `FROM`."""
        file = read_run(self.out)
        assert file is not None
        known = Plan.read(plan_path(self.out, file.version))
        parts = self._parts(file)
        images = known.table.slice(0, known.images)
        return [_marked(block, images, parts) for block in blocks]

    def records(self, rows: pa.Table, planned: Sequence[ImageRecord]) -> list[ImageRecord]:
        """The planned records, those that the other run ended with `ok` as its shared stages left them."""
        found: dict[str, ImageRecord] = {}
        for part in pc.unique(rows[FROM]).drop_null().to_pylist():
            ids = rows.filter(pc.equal(rows[FROM], part))["image_id"]
            filters = (pc.field("image_id").isin(ids.combine_chunks())) & (pc.field("outcome") == "ok")
            for row in pq.read_table(self.out / part, columns=_COLUMNS, filters=filters).to_pylist():
                found[row["image_id"]] = self._rewound(row)
        return [_in_place_of(record, found.get(record.image_id)) for record in planned]

    def _rewound(self, row: dict[str, object]) -> ImageRecord:
        record = ImageRecord.model_validate(row)
        rewind(record, self.done, self.shared)
        return record

    def _parts(self, file: RunFile) -> dict[int, str]:
        """Part of the annotations table by shard, of the shards that are committed."""
        found = (read_manifest(path) for path in manifest_files(self.out))
        return {
            manifest.shard: manifest.files[ANNOTATIONS.name].path
            for manifest in found
            if manifest is not None and manifest.fingerprint == file.run.fingerprint and is_whole(self.out, manifest)
        }


def _marked(block: pa.Table, images: pa.Table, parts: dict[int, str]) -> pa.Table:
    place = pc.index_in(block["image_id"], value_set=images["image_id"])
    shards = images["shard"].take(place).to_pylist()
    return block.append_column(FROM, pa.array([parts.get(shard) for shard in shards], pa.string()))


def _in_place_of(planned: ImageRecord, found: ImageRecord | None) -> ImageRecord:
    if found is None or found.texts != planned.texts:
        return planned
    found.uri, found.location = planned.uri, planned.location
    return found

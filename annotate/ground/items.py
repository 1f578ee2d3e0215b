"""What is to be grounded: a benchmark's grounding questions, a run's, or one question about one image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from annotate.evaluate.bench import Bench, MaskRow, TextRow, bench_of, read_bench, region_rows, text_rows
from annotate.evaluate.images import ReadImage, pixels_of, read_file, reader_of
from annotate.evaluate.likeness import content_of
from annotate.evaluate.make import labelled_run
from manifests.commit import ShardManifest
from manifests.errors import InputError
from manifests.records import ImageRecord
from manifests.tables import POINTS, VQA

LONE = "image"
"""Id of the question that is asked about one image alone."""


@dataclass(frozen=True)
class Items:
    """Questions whose answer is one region, and where their images are; `bench.masks` is their truth, if any."""

    bench: Bench
    read_image: ReadImage

    @property
    def rows(self) -> tuple[TextRow, ...]:
        """The questions, in order."""
        return self.bench.texts

    def truth(self) -> dict[str, MaskRow]:
        """True regions by the question's id."""
        return {row.id: row for row in self.bench.masks}


def items_of_bench(path: Path) -> Items:
    """The grounding questions of a benchmark that have a region. Raises InputError."""
    bench = read_bench(path)
    return Items(_grounding(bench, f"--bench {path}"), reader_of(bench))


def items_of_run(path: Path) -> Items:
    """The grounding questions of a run that have a region. Raises AnnotateError."""
    run = labelled_run(path)
    texts: list[TextRow] = []
    regions: list[MaskRow] = []
    lies_in: dict[str, tuple[ShardManifest, ImageRecord]] = {}
    for shard in run.manifests:
        for record in run.records(shard):
            rows = text_rows(row for row in VQA.rows(record, "") if row["family"] == "ground")
            if rows:
                texts += rows
                sizes = {record.image_id: record.upright_size()}
                regions += region_rows(POINTS.rows(record, ""), sizes, str(path))
                lies_in[record.image_id] = shard, ImageRecord(image_id=record.image_id, uri=record.uri)
    bench = _grounding(bench_of(texts, regions, None), f"--from {path}")
    return Items(bench, lambda row: content_of(run, *lies_in[row.image_id]))


def items_of_image(path: Path, question: str) -> Items:
    """One question about one image. Raises InputError."""
    content = read_file(path)
    height, width = pixels_of(content, str(path)).shape[:2]
    row = TextRow(LONE, LONE, width, height, question, "", "ground", uri=path.name)
    return Items(Bench((row,)), lambda _: content)


def _grounding(bench: Bench, where: str) -> Bench:
    asked = {row.id: row for row in bench.masks}
    texts = tuple(row for row in bench.texts if row.id in asked)
    if not texts:
        raise InputError(
            f"{where}: holds no grounding question about one region; make it from a run of the recipe spider-synthetic "
            "(for a benchmark: `annotate bench make --tasks spider`)"
        )
    return replace(bench, texts=texts)

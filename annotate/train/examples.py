"""What a model is trained on: the questions and answers of finished runs, each with its image, in one fixed order.

An image is what the labels are about: the copy in the annotations table where a run keeps one (a recipe may have
changed the pixels), or else the source file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow.parquet as pq

from annotate.gallery.dataset import RunFolder
from annotate.train.boxes import BoxForm
from annotate.train.exclusion import Excluded, excluded_by
from annotate.train.images import contents
from manifests.commit import ShardManifest
from manifests.errors import InputError
from manifests.layout import SUCCESS
from manifests.records import BoxXYXYPx
from manifests.tables import DESCRIPTIONS, REGIONS, VQA
from manifests.vocabulary import QuestionFamily

Task = Literal["des", "vqa"]
"""GIQA-DES (the table `descriptions`) and GIQA-VQA (the table `vqa`, with IQA-Spider's families)."""

TASKS: tuple[Task, ...] = get_args(Task)
FAMILIES: tuple[str, ...] = get_args(QuestionFamily)

_TABLES = {"des": DESCRIPTIONS, "vqa": VQA}
_COLUMNS = ["id", "image_id", "width", "height", "question", "answer", "region_ids"]


@dataclass(frozen=True)
class Selection:
    """Which rows of the runs are taken, and how their boxes are written.

    `families` narrows the task `vqa`, `image_ids` keeps only those images (nested subsets of one run), `excluded` are
    folders of `annotate bench make`, whose images and whatever looks like them are left out.
    """

    tasks: tuple[Task, ...] = TASKS
    families: frozenset[str] | None = None
    image_ids: frozenset[str] | None = None
    excluded: tuple[Path, ...] = ()
    boxes: BoxForm = field(default_factory=BoxForm)

    @classmethod
    def parse(
        cls,
        tasks: str = "des,vqa",
        families: str | None = None,
        image_ids: Collection[str] | None = None,
        excluded: Sequence[Path] = (),
        boxes: str = "grid",
    ) -> Selection:
        """The same from the words of a command line. Raises InputError."""
        wanted = _words("--tasks", tasks, TASKS)
        chosen = None if families is None else frozenset(_words("--families", families, FAMILIES))
        kept = None if image_ids is None else frozenset(image_ids)
        return cls(tuple(task for task in TASKS if task in wanted), chosen, kept, tuple(excluded), BoxForm.parse(boxes))


@dataclass(frozen=True)
class Example:
    """A question about an image with the answer that is to be learned; `family` is `des` for a description.

    `data` counts the runs from 0; `(data, image_id)` names the image.
    """

    id: str
    data: int
    image_id: str
    question: str
    answer: str
    family: str

    @property
    def image(self) -> tuple[int, str]:
        """Key of its image."""
        return self.data, self.image_id


@dataclass(frozen=True)
class TrainingData:
    """Examples in the order of the runs, their shards and their rows; `left_out` counts images by reason."""

    runs: tuple[RunFolder, ...]
    examples: tuple[Example, ...]
    shards: dict[tuple[int, str], ShardManifest]
    """Where the image of an example lies, by its key."""
    left_out: Counter[str]

    def sha256(self) -> str:
        """Digest of everything that is learned from; an image counts by its run's fingerprint and its id."""
        digest = hashlib.sha256()
        for example in self.examples:
            run = self.runs[example.data].file.run.fingerprint
            said = [run, example.image_id, example.id, example.family, example.question, example.answer]
            digest.update(json.dumps(said).encode() + b"\n")
        return digest.hexdigest()

    def shards_of(self, data: int) -> dict[str, ShardManifest]:
        """Shards of one run's images by image id."""
        return {image_id: shard for (number, image_id), shard in self.shards.items() if number == data}


def read_examples(folders: Sequence[Path], selection: Selection | None = None) -> TrainingData:
    """The examples of finished runs. Raises AnnotateError in one line."""
    selection = selection or Selection()
    runs = tuple(finished_run(folder) for folder in folders)
    examples: list[Example] = []
    shards: dict[tuple[int, str], ShardManifest] = {}
    left_out: Counter[str] = Counter()
    excluded = excluded_by(selection.excluded)
    for number, run in enumerate(runs):
        found = list(_of_run(number, run, selection))
        refused = _refused(run, {example.image_id: shard for example, shard in found}, selection, excluded)
        left_out.update(refused.values())
        for example, shard in found:
            if example.image_id not in refused:
                examples.append(example)
                shards[example.image] = shard
    if not examples:
        raise InputError(f"{', '.join(map(str, folders))}: {_nothing(selection, left_out)}")
    return TrainingData(runs, tuple(examples), shards, left_out)


def finished_run(folder: Path) -> RunFolder:
    """A run that is committed to the end and has its pixels. Raises AnnotateError."""
    if (folder / "bench.json").is_file():
        raise InputError(f"{folder}: is a benchmark, which nothing may be trained on; give a run, and --exclude")
    run = RunFolder.read(folder)
    if not (folder / SUCCESS).is_file():
        raise InputError(f"{folder}: the run is not finished; go on with it (annotate run ... --out {folder})")
    changed = any(stage.name == "distort" for stage in run.file.run.stages)
    if changed and not run.file.run.embed_images:
        raise InputError(f"{folder}: its recipe changed the pixels and kept none; make the run with --embed-images")
    return run


@dataclass(frozen=True)
class _Row:
    """The part of a table's row that all tasks share."""

    image_id: str
    width: int
    height: int
    region_ids: tuple[int, ...]


def _of_run(number: int, run: RunFolder, selection: Selection) -> Iterator[tuple[Example, ShardManifest]]:
    for shard in run.manifests:
        boxes = {} if selection.boxes.as_stored else _boxes_by_image(run, shard)
        for task in selection.tasks:
            for said in _rows(run, shard, task):
                row = _Row(said["image_id"], said["width"], said["height"], tuple(said["region_ids"]))
                family = said.get("family", "des")
                if _wanted(row, family, selection):
                    texts = _texts(run, said, row, boxes.get(row.image_id, {}), selection.boxes)
                    yield Example(said["id"], number, row.image_id, *texts, family), shard


def _wanted(row: _Row, family: str, selection: Selection) -> bool:
    if selection.image_ids is not None and row.image_id not in selection.image_ids:
        return False
    return family == "des" or selection.families is None or family in selection.families


def _rows(run: RunFolder, shard: ShardManifest, task: Task) -> list[dict[str, Any]]:
    table = _TABLES[task].name
    columns = [*_COLUMNS, *(["family"] if task == "vqa" else [])]
    rows: list[dict[str, Any]] = pq.read_table(run.out / shard.files[table].path, columns=columns).to_pylist()
    return rows


def _boxes_by_image(run: RunFolder, shard: ShardManifest) -> dict[str, dict[int, BoxXYXYPx]]:
    columns = ["image_id", "region_id", "box_xyxy_px"]
    found: dict[str, dict[int, BoxXYXYPx]] = {}
    for row in pq.read_table(run.out / shard.files[REGIONS.name].path, columns=columns).to_pylist():
        found.setdefault(row["image_id"], {})[row["region_id"]] = tuple(row["box_xyxy_px"])
    return found


def _texts(
    run: RunFolder, said: dict[str, Any], row: _Row, boxes: dict[int, BoxXYXYPx], form: BoxForm
) -> tuple[str, str]:
    """Question and answer with their boxes in the form; the row's own regions are meant before others of the image."""
    if form.as_stored:
        return said["question"], said["answer"]
    own = [boxes[number] for number in row.region_ids if number in boxes]
    meant = [*own, *(box for number, box in boxes.items() if number not in row.region_ids)]
    try:
        answer = form.rewrite(said["answer"], meant, row.width, row.height)
        question = (
            form.rewrite(said["question"], meant, row.width, row.height)
            if "family" in said
            else form.rewrite_hint(said["question"])
        )
    except ValueError as error:
        raise InputError(f"{run.out}: row {said['id']}: {error}; annotate verify {run.out} says more") from error
    return question, answer


def _refused(
    run: RunFolder, images: dict[str, ShardManifest], selection: Selection, excluded: Excluded
) -> dict[str, str]:
    """Images that nothing may be learned from, with the reason."""
    if not selection.excluded:
        return {}
    refused = {image_id: excluded.reason_of_id for image_id in images if image_id in excluded.image_ids}
    for image_id, content in contents(run, {name: shard for name, shard in images.items() if name not in refused}):
        if excluded.looks_like(content):
            refused[image_id] = excluded.reason_of_likeness
    return refused


def _nothing(selection: Selection, left_out: Counter[str]) -> str:
    if left_out:
        return "every image is left out (" + ", ".join(f"{many} {why}" for why, many in sorted(left_out.items())) + ")"
    asked = ",".join(selection.tasks)
    narrowed = "" if selection.families is None else f" and the families {', '.join(sorted(selection.families))}"
    return f"no rows for the tasks {asked}{narrowed}; annotate status tells what a run holds"


def _words(option: str, said: str, allowed: Sequence[str]) -> list[str]:
    words = [word.strip() for word in said.split(",") if word.strip()]
    wrong = [word for word in words if word not in allowed]
    if wrong or not words:
        raise InputError(f"{option} {said}: should be of {', '.join(allowed)}, joined by commas")
    return words

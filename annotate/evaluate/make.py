"""`annotate bench make`: a benchmark of GIQA-Bench's composition from a run, disjoint from the images of training runs.

An image is left out when a training run has its bytes (content id) or something that looks like it (perceptual hash);
of images that look alike only the first one stays. Images are drawn in an order that depends on seed and content alone.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console

from annotate import __version__
from annotate.evaluate.bench import PHOTO_COLUMNS, PHOTOS
from annotate.evaluate.composition import (
    PAPER_IMAGES,
    Chosen,
    choose,
    choose_questions,
    choose_spider,
    composition_of,
    description_of,
    slot_of,
)
from annotate.evaluate.label_studio import CONFIG, TASKS, labelling_config, labelling_tasks
from annotate.evaluate.likeness import content_of, hashes_of, is_near, near_ones, perceptual_hash
from annotate.evaluate.review import SHEET, write_rows, write_sheet
from annotate.gallery.dataset import RunFolder
from manifests.atomic import Disk, new_folder, write_bytes, write_json
from manifests.commit import ShardManifest
from manifests.errors import InputError
from manifests.gate import decode_upright
from manifests.records import ImageRecord
from manifests.tables import ANNOTATIONS, DESCRIPTIONS, POINTS, VQA

FACTS, IMAGES, HELD_OUT = "bench.json", "images", "held-out.txt"
_READ_AT_ONCE = 256
POOL_TIMES, POOL_LEAST = 20, 400
"""Candidates that are looked at before the composition is drawn: so many times the images wanted, at least so many."""

NEAR_BITS = 10
"""Images whose hashes differ in at most so many of 64 bits count as the same picture; docs/eval.md has the figures."""

_EXTENSIONS = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}


Tasks = Literal["giqa", "spider", "questions"]
"""GIQA-Bench's composition; IQA-Spider's description, grounding, referring and masks; yes-no and what alone."""


@dataclass(frozen=True)
class MakeRequest:
    """Options of `annotate bench make`."""

    run: Path
    out: Path
    exclude: tuple[Path, ...] = ()
    images: int = PAPER_IMAGES
    seed: int = 0
    near_bits: int = NEAR_BITS
    tasks: Tasks = "giqa"
    photo: str | None = None
    """A pattern whose first group is the part of an image's path that names the photo it is a view of."""


@dataclass
class Pool:
    """Candidates in drawing order, where their bytes are, their hashes, and why others are none."""

    records: list[ImageRecord] = field(default_factory=list)
    shards: dict[str, ShardManifest] = field(default_factory=dict)
    hashes: dict[str, int] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


def make_bench(console: Console, request: MakeRequest) -> Path:
    """Draw the benchmark, write it into a new folder, say what it holds. Raises AnnotateError."""
    with new_folder(Disk(), request.out) as folder:
        _make(console, request, folder)
    return request.out


def _make(console: Console, request: MakeRequest, folder: Path) -> None:
    run, photo = labelled_run(request.run), _photo_pattern(request.photo)
    others = [RunFolder.read(path) for path in request.exclude]
    trained = [(record.image_id, each) for other in others for record, each in hashes_of(other)]
    pool = _pool(run, request, trained)
    chosen = _choose(pool.records, request)
    photos = None if photo is None else _photos_csv(chosen, photo)
    rows = _write(run, request, pool, chosen, folder)
    if photos is not None:
        write_bytes(Disk(), folder / PHOTOS, photos)
    for reason, count in sorted(pool.left_out.items()):
        console.print(f"left out: {count} images, {reason}", markup=False)
    if not others:
        held_out = _held_out(run, pool, chosen, request.near_bits)
        write_bytes(Disk(), folder / HELD_OUT, "".join(f"{image_id}\n" for image_id in held_out).encode())
        console.print(
            f"no --exclude: train on {request.run} without the {len(held_out)} images of {request.out / HELD_OUT}",
            markup=False,
            soft_wrap=True,
        )
    console.print(
        f"{request.out}: {len(chosen)} images, {rows.get('descriptions', 0)} descriptions, {rows['vqa']} questions; "
        f"review them in {SHEET} or with {TASKS} in Label Studio",
        markup=False,
        soft_wrap=True,
    )


def _choose(candidates: Sequence[ImageRecord], request: MakeRequest) -> list[Chosen]:
    match request.tasks:
        case "spider":
            return choose_spider(candidates, request.images)
        case "questions":
            return choose_questions(candidates, request.images)
        case "giqa":
            return choose(candidates, composition_of(request.images))


def labelled_run(path: Path) -> RunFolder:
    """A run whose labels can be shown with their pixels. Raises AnnotateError."""
    run = RunFolder.read(path)
    changed = any(stage.name == "distort" for stage in run.file.run.stages)
    if changed and not run.file.run.embed_images:
        raise InputError(
            f"--from {path}: its recipe changed the pixels and kept none; make the run with --embed-images"
        )
    return run


def _pool(run: RunFolder, request: MakeRequest, trained: Sequence[tuple[str, int]]) -> Pool:
    """Images that may stand in the benchmark, as many as the drawing needs."""
    ids, hashes = {image_id for image_id, _ in trained}, np.array([each for _, each in trained], np.uint64)
    enough = max(POOL_TIMES * request.images, POOL_LEAST)
    pool = Pool()
    for shard, record in _drawn(run, request.seed):
        if len(pool.records) >= enough:
            break
        if description_of(record) is None:
            pool.left_out["without a description"] += 1
        elif record.image_id in ids:
            pool.left_out["the same file as one of a run to exclude"] += 1
        else:
            found = perceptual_hash(content_of(run, shard, record))
            if is_near(found, hashes, request.near_bits):
                pool.left_out["looks like one of a run to exclude"] += 1
            elif is_near(found, list(pool.hashes.values()), request.near_bits):
                pool.left_out["looks like another one of the benchmark's run"] += 1
            else:
                pool.records.append(record)
                pool.shards[record.image_id], pool.hashes[record.image_id] = shard, found
    return pool


def _drawn(run: RunFolder, seed: int) -> Iterator[tuple[ShardManifest, ImageRecord]]:
    """Images of a run that are `ok`, in an order that depends on seed and content alone; some are read at a time."""
    lots = [
        (hashlib.sha256(f"{seed}:{image_id}".encode()).hexdigest(), image_id, shard)
        for shard in run.manifests
        for image_id in _ids(run, shard)
    ]
    lots.sort(key=lambda lot: lot[0])
    for start in range(0, len(lots), _READ_AT_ONCE):
        part = lots[start : start + _READ_AT_ONCE]
        wanted = {image_id for _, image_id, _ in part}
        read: dict[str, ImageRecord] = {}
        for shard in {manifest.shard: manifest for _, _, manifest in part}.values():
            read.update({record.image_id: record for record in run.records(shard) if record.image_id in wanted})
        for _, image_id, shard in part:
            if read[image_id].outcome == "ok":
                yield shard, read[image_id]


def _ids(run: RunFolder, shard: ShardManifest) -> list[str]:
    path = run.out / shard.files[ANNOTATIONS.name].path
    ids: list[str] = pq.read_table(path, columns=["image_id"])["image_id"].to_pylist()
    return ids


def _held_out(run: RunFolder, pool: Pool, chosen: Sequence[Chosen], within: int) -> list[str]:
    """Images of the run itself that nothing may be trained on: the benchmark's, and what looks like them."""
    hashes = [pool.hashes[each.record.image_id] for each in chosen]
    return sorted(near_ones(((record.image_id, found) for record, found in hashes_of(run)), hashes, within))


def _write(run: RunFolder, request: MakeRequest, pool: Pool, chosen: Sequence[Chosen], folder: Path) -> dict[str, int]:
    """Write the folder; the number of rows in each of its tables."""
    disk, fingerprint = Disk(), run.file.run.fingerprint
    (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    records = []
    for each in chosen:
        content = content_of(run, pool.shards[each.record.image_id], each.record)
        name = f"{IMAGES}/{each.record.image_id}{_extension(content)}"
        write_bytes(disk, folder / name, content)
        records.append(_only(each, name))
    referring = [_only_referring(record, each.record) for record, each in zip(records, chosen, strict=True)]
    tables = {"descriptions": (DESCRIPTIONS, records), "vqa": (VQA, records)}
    tables |= {"referring": (VQA, referring), "points": (POINTS, records)}
    if request.tasks == "questions":
        tables = {"vqa": tables["vqa"]}
    rows = {
        name: [row for record in of for row in table.rows(record, fingerprint)] for name, (table, of) in tables.items()
    }
    for name, (table, _) in tables.items():
        if rows[name]:
            write_rows(folder / f"{name}.parquet", rows[name], table.schema)
    texts = rows.get("descriptions", []) + rows["vqa"]
    write_sheet(folder / SHEET, texts)
    write_json(disk, folder / TASKS, labelling_tasks(texts))
    write_bytes(disk, folder / CONFIG, labelling_config().encode())
    write_json(disk, folder / FACTS, _facts(run, request, chosen))
    return {name: len(found) for name, found in rows.items()}


def _only(chosen: Chosen, uri: str) -> ImageRecord:
    """The record with what the benchmark takes of it."""
    return chosen.record.model_copy(
        update={"uri": uri, "descriptions": [chosen.description], "questions": list(chosen.questions)}
    )


def _only_referring(record: ImageRecord, whole: ImageRecord) -> ImageRecord:
    asked = [question for question in whole.questions if question.family.startswith("refer")]
    return record.model_copy(update={"questions": asked})


def _photo_pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise InputError(f"--photo {text}: not a regular expression: {error}") from error
    if pattern.groups != 1:
        raise InputError(f"--photo {text}: should have one group, for instance '(.*)__[0-9]+[.]png'")
    return pattern


def _photos_csv(chosen: Sequence[Chosen], pattern: re.Pattern[str]) -> bytes:
    """Of which photo each image is a view."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(PHOTO_COLUMNS)
    for each in chosen:
        found = pattern.search(each.record.uri)
        if found is None:
            raise InputError(f"--photo {pattern.pattern}: does not match {each.record.uri}; it should match every path")
        lines.writerow((each.record.image_id, found.group(1)))
    return text.getvalue().encode()


def _extension(content: bytes) -> str:
    name = decode_upright(content).format
    return _EXTENSIONS.get(name, f".{name.lower()}")


def _facts(run: RunFolder, request: MakeRequest, chosen: Sequence[Chosen]) -> dict[str, Any]:
    """What the benchmark was made of, and how."""
    return {
        "recipe": run.file.run.recipe["recipe"],
        "fingerprint": run.file.run.fingerprint,
        "excluded_fingerprints": [RunFolder.read(path).file.run.fingerprint for path in request.exclude],
        "near_bits": request.near_bits,
        "seed": request.seed,
        "tasks": request.tasks,
        "images": len(chosen),
        "questions": dict(
            sorted(Counter(slot_of(each) or each.family for one in chosen for each in one.questions).items())
        ),
        "spatial": dict(sorted(Counter(question.spatial for each in chosen for question in each.questions).items())),
        "reviewed": False,
        "version": __version__,
    }

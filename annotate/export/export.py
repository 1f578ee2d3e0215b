"""Write the examples of finished runs for another trainer: texts, images byte for byte, and a README."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from annotate import __version__
from annotate.export.formats import (
    DATASET_INFO,
    FORMATS,
    HELD_OUT,
    TRAIN,
    Format,
    FormatName,
    dataset_info,
    file_text,
    row_of,
    tag_in,
)
from annotate.train.batches import held_out_images
from annotate.train.examples import Example, Selection, TrainingData, read_examples
from annotate.train.images import contents, copied
from annotate.train.settings import DEFAULT_RECIPE, load_settings
from manifests.atomic import Disk, new_folder, write_bytes, write_file, write_json
from manifests.errors import InputError
from manifests.gate import check_header

IMAGES, README = "images", "README.md"
TURNED = "stored turned by EXIF orientation, which this trainer does not apply"


@dataclass(frozen=True)
class ExportRequest:
    """Options of `annotate export`. `held_out` is the share of images for held-out.*, the same as `annotate train`'s.

    Boxes are those of upright images, so that images which are stored turned are left out where a trainer would show
    them as stored; `keep_turned` keeps them.
    """

    runs: tuple[Path, ...]
    format: FormatName
    out: Path
    selection: Selection
    held_out: float = 0.01
    keep_turned: bool = False


@dataclass(frozen=True)
class Exported:
    """What was written: examples by part, images, and images that were left out, by reason."""

    examples: dict[str, int]
    images: int
    left_out: Counter[str]


def export(console: Console, request: ExportRequest) -> Exported:
    """Write the folder, say what it holds. Raises AnnotateError in one line."""
    with new_folder(Disk(), request.out) as folder:
        done = _write(request, folder)
    _say(console, request, done)
    return done


def _write(request: ExportRequest, folder: Path) -> Exported:
    data = read_examples(request.runs, request.selection)
    _check_texts(data.examples)
    form = FORMATS[request.format]
    settings = load_settings(DEFAULT_RECIPE, (f"held_out={request.held_out}",))
    held_out = held_out_images((example.image_id for example in data.examples), settings)
    files, left_out = _write_images(request, data, form, folder)
    parts: dict[str, list[Example]] = {TRAIN: [], HELD_OUT: []}
    for example in data.examples:
        if example.image in files:
            parts[HELD_OUT if example.image_id in held_out else TRAIN].append(example)
    parts = {part: examples for part, examples in parts.items() if examples}
    if TRAIN not in parts:
        raise InputError(f"--from: no image is left to train on ({', '.join(left_out)}); --keep-turned keeps such ones")
    for part, examples in parts.items():
        rows = (row_of(form.name, example, files[example.image]) for example in examples)
        _write_text(folder / f"{part}.{form.suffix}", file_text(form.suffix, rows))
    if form.name == "llama-factory":
        write_json(Disk(), folder / DATASET_INFO, dataset_info(list(parts)))
    counts = {part: len(examples) for part, examples in parts.items()}
    done = Exported(counts, len(set(files.values())), data.left_out + left_out)
    write_bytes(Disk(), folder / README, _readme(request, data, form, done).encode())
    return done


def _check_texts(examples: Iterable[Example]) -> None:
    for example in examples:
        if tag := tag_in(example):
            raise InputError(
                f"--from: row {example.id} spells {tag!r}, which trainers replace; leave its image out of the run"
            )


def _write_images(
    request: ExportRequest, data: TrainingData, form: Format, folder: Path
) -> tuple[dict[tuple[int, str], str], Counter[str]]:
    """Paths of the images from the exported folder by their keys, and how many were left out."""
    files: dict[tuple[int, str], str] = {}
    left_out: Counter[str] = Counter()
    for number, run in enumerate(data.runs):
        for image_id, content in contents(run, data.shards_of(number)):
            if not (form.turns_upright or request.keep_turned) and check_header(content).orientation != 1:
                left_out[TURNED] += 1
                continue
            path = copied(content, folder / IMAGES)
            files[number, image_id] = path.relative_to(folder).as_posix()
    return files, left_out


def _write_text(path: Path, pieces: Iterable[str]) -> None:
    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)

    write_file(Disk(), path, write)


def _say(console: Console, request: ExportRequest, done: Exported) -> None:
    for reason, count in sorted(done.left_out.items()):
        console.print(f"left out: {count} images, {reason}", markup=False, soft_wrap=True)
    counted = ", ".join(f"{count:,} examples in {part}" for part, count in done.examples.items())
    console.print(
        f"{request.out}: {counted}, {done.images:,} images; {README} has the command", markup=False, soft_wrap=True
    )


def _readme(request: ExportRequest, data: TrainingData, form: Format, done: Exported) -> str:
    runs = [run.file.run for run in data.runs]
    licences = {what: licence for run in runs for what, licence in run.licences.items()}
    fence = "python" if form.name == "trl" else "sh"
    lines = [
        f"# Export for {form.name}",
        "",
        f"Written by annotate {__version__} from "
        + ", ".join(f"recipe `{run.recipe['recipe']}` (fingerprint `{run.fingerprint[:16]}`)" for run in runs)
        + ".",
        "",
        *(f"- {part}.{form.suffix}: {count:,} examples" for part, count in done.examples.items()),
        f"- {IMAGES}/: {done.images:,} files, byte for byte what the labels are about",
        *(f"- left out: {count:,} images, {reason}" for reason, count in sorted(done.left_out.items())),
        f"- boxes in texts: `{request.selection.boxes}`; sha256 of the texts: `{data.sha256()}`",
        "",
        "In this folder (MODEL, and TEMPLATE where it stands, are yours to fill in; paths are relative to it):",
        "",
        f"```{fence}",
        _command(form, list(done.examples)),
        "```",
        "",
        "The settings are Grounding-IQA's for one device (batch 4 x 16); share the 16 among several.",
        "",
        "Licences that the runs touched, not those of the photos:",
        "",
        *(f"- {what}: {licence}" for what, licence in sorted(licences.items())),
    ]
    return "\n".join(lines) + "\n"


def _command(form: Format, parts: list[str]) -> str:
    """The format's command without what it says of a held-out part, where there is none."""
    if HELD_OUT in parts:
        return form.command
    for said in (
        " --val_dataset held-out.jsonl",
        " --eval_dataset annotate_held_out",
        ', "test": "held-out.jsonl"',
    ):
        if said in form.command:
            return form.command.replace(said, "")
    return form.command

"""Descriptions that people or models have given of images: `--descriptions FILE`, read into texts by image.

    FILE               what is read
    *.jsonl            one object a line, `image` and `text` (a string, or a list of them)
    *.csv, *.tsv       columns `image` and `text`, several rows an image
    *.parquet          the same columns; `text` may be a list
    *.json             one list of such objects, or a published layout:
                       Q-Instruct (arXiv 2311.06783), `image` and `conversations`, with Q-Pathway's descriptions in it;
                       DQ-495K (arXiv 2405.18842), `image_A` and `conversations`

`image` is a path relative to the root of `--images`. Of a conversation the first answer is the description, if it has
at least `LEAST_WORDS` words: Q-Instruct's short answers, which stand in the same file, are counted and left out.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from manifests.errors import InputError
from manifests.sources import PARQUET_EXTENSIONS, Inputs

LEAST_WORDS = 10
"""Words from which an answer of a conversation is a description. Q-Pathway's have 46 on average."""

UNDESCRIBED = "(image without a description)"
SHORT_ANSWER = "answer of a few words"
REPEATED = "repeated text"

_TABLES = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Descriptions:
    """Texts by image, in the order of the file; `left_out` counts what else stood there, by kind."""

    file: str
    texts: Mapping[str, list[str]]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of texts."""
        return sum(len(texts) for texts in self.texts.values())

    @property
    def sha256(self) -> str:
        """Digest of the texts, whatever the file's format and the order of its images."""
        return hashlib.sha256(json.dumps(self.texts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def said(self) -> str:
        """The texts in one line, by which two runs are compared."""
        return f"{self.count:,} texts of {len(self.texts):,} images, sha256 {self.sha256[:16]}"


@dataclass(frozen=True)
class Described:
    """Inputs that have a description, with their texts; `missing` are described images that are no inputs."""

    inputs: Inputs
    missing: list[str]
    undescribed: int


def read_descriptions(path: Path) -> Descriptions:
    """Read a file of descriptions. Raises InputError that names the file and the line, record or row."""
    suffix = path.suffix.lower()
    try:
        if suffix in _LINES:
            rows = _json_lines(path)
        elif suffix == ".json":
            rows = _json_list(path)
        elif suffix in _TABLES:
            rows = _table(path, _TABLES[suffix])
        elif suffix in PARQUET_EXTENSIONS:
            rows = _parquet(path)
        else:
            raise InputError(f"--descriptions {path}: neither .jsonl, .json, .csv, .tsv nor .parquet; convert the file")
        return _gather(path, rows)
    except OSError as error:
        raise InputError(f"--descriptions {path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(f"--descriptions {path}: not UTF-8 text; save it as UTF-8") from error


def described(inputs: Inputs, descriptions: Descriptions) -> Described:
    """Keep the inputs that have a description. Raises InputError if that is none."""
    texts = {uri: list(descriptions.texts[uri]) for uri in inputs.uris if uri in descriptions.texts}
    refused = {uri: reason for uri, reason in inputs.refused.items() if uri in descriptions.texts}
    missing = [image for image in descriptions.texts if image not in texts and image not in refused]
    if not texts:
        example = missing[0] if missing else "none"
        raise InputError(
            f"--descriptions {descriptions.file}: none of its {len(descriptions.texts):,} images is under "
            f"{inputs.root} (the first is {example}); paths are relative to that folder"
        )
    undescribed = len(inputs.uris) + len(inputs.refused) - len(texts) - len(refused)
    ignored = {**inputs.ignored, **({UNDESCRIBED: undescribed} if undescribed else {})}
    kept = replace(inputs, uris=list(texts), refused=refused, ignored=ignored, texts=texts)
    return Described(kept, missing, undescribed)


Row = tuple[str, Any]
"""Where a record stands ("line 3"), and the record."""


def _gather(path: Path, rows: Iterator[Row]) -> Descriptions:
    texts: dict[str, list[str]] = {}
    left_out: Counter[str] = Counter()
    for where, record in rows:
        if not isinstance(record, Mapping):
            raise _bad(path, where, "is not an object with 'image' and 'text'")
        image = _image(path, where, record)
        for text in _texts(path, where, record):
            if text is None:
                left_out[SHORT_ANSWER] += 1
            elif text in texts.setdefault(image, []):
                left_out[REPEATED] += 1
            else:
                texts[image].append(text)
    found = {image: said for image, said in texts.items() if said}
    if not found:
        raise InputError(f"--descriptions {path}: holds no description; give objects with 'image' and 'text'")
    return Descriptions(os.path.realpath(path), found, dict(left_out))


def _image(path: Path, where: str, record: Mapping[str, Any]) -> str:
    image = record.get("image", record.get("image_A"))
    if not isinstance(image, str) or not image.strip():
        raise _bad(path, where, "has no 'image'")
    normal = posixpath.normpath(image.strip().replace(os.sep, "/"))
    if normal.startswith(("/", "../")) or normal in (".", ".."):
        raise _bad(path, where, f"names {image!r}, which is not a path below the folder of images")
    return normal


def _texts(path: Path, where: str, record: Mapping[str, Any]) -> Sequence[str | None]:
    """The texts of a record; None stands for an answer that is no description."""
    if "text" not in record and "conversations" in record:
        answer = _first_answer(path, where, record["conversations"])
        return [answer if len(answer.split()) >= LEAST_WORDS else None]
    said = record.get("text")
    texts = [text.strip() for text in (said if isinstance(said, list) else [said]) if isinstance(text, str)]
    if not texts or not all(texts) or (isinstance(said, list) and len(texts) < len(said)):
        raise _bad(path, where, "has no 'text', or an empty one")
    return texts


def _first_answer(path: Path, where: str, turns: Any) -> str:
    if isinstance(turns, list):
        for turn in turns:
            if isinstance(turn, Mapping) and turn.get("from") == "gpt" and isinstance(turn.get("value"), str):
                return str(turn["value"]).strip()
    raise _bad(path, where, "has 'conversations' without a turn from 'gpt'")


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    yield f"line {number}", json.loads(line)
                except json.JSONDecodeError as error:
                    raise _bad(path, f"line {number}", f"is not JSON ({error.msg})") from error


def _json_list(path: Path) -> Iterator[Row]:
    try:
        records = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise _bad(path, f"line {error.lineno}", f"is not JSON ({error.msg})") from error
    if not isinstance(records, list):
        raise InputError(f"--descriptions {path}: not a list of records; a file of one object a line ends in .jsonl")
    yield from ((f"record {number}", record) for number, record in enumerate(records, start=1))


def _table(path: Path, delimiter: str) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter, strict=True)
        _check_columns(path, reader.fieldnames or [])
        try:
            for record in reader:
                yield f"line {reader.line_num}", record
        except csv.Error as error:
            raise _bad(path, f"line {reader.line_num}", f"cannot be read ({error})") from error


def _parquet(path: Path) -> Iterator[Row]:
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowException as error:
        raise InputError(f"--descriptions {path}: not a readable Parquet file; write it again") from error
    with file:
        _check_columns(path, file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches(columns=["image", "text"]):
            for record in batch.to_pylist():
                number += 1
                yield f"row {number}", record


def _check_columns(path: Path, names: Sequence[str]) -> None:
    if "image" not in names or "text" not in names:
        found = ", ".join(names[:8]) or "none"
        raise InputError(f"--descriptions {path}: needs the columns 'image' and 'text', has {found}; rename them")


def _bad(path: Path, where: str, fact: str) -> InputError:
    return InputError(f"--descriptions {path}: {where} {fact}; mend it")

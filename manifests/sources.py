"""Inputs: what `--images SRC` names, as a sorted list of uris, and the bytes behind each.

A uri is a path relative to the input's root, with forward slashes, so that a dataset does not depend on where its
folder lies; the root stands once, in run.json. An image inside a Parquet file is `name.parquet#12` (row 12, padded
with zeros so that uris sort in row order). Only a list may name files outside its root, by absolute paths.

    SRC                          root                        what is read
    a folder                     the folder                  images at any depth
    a glob, photos/**/*.jpg      the folder before the `*`   the images that match
    list.txt                     its folder                  one path a line; blank lines and lines with # are skipped
    photo.jpg                    its folder                  that image
    data.parquet                 its folder                  column `uri`, or `image` (HF Image struct, or binary)

Links are followed while they stay inside the root.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from manifests.errors import InputError
from manifests.gate import DEFAULT_LIMITS, EXTENSIONS, Refusal, read_regular

Kind = Literal["folder", "glob", "list", "image", "parquet"]

LIST_EXTENSIONS = (".txt", ".lst", ".list")
PARQUET_EXTENSIONS = (".parquet", ".pq")

HIDDEN = "(hidden)"
LEAVES_ROOT = "(folder link out of the input)"
TWICE = "(named twice)"


@dataclass(frozen=True)
class Inputs:
    """What a source names: `uris` sorted by code point, `refused` uris with their reason, other files counted.

    `source` is the source as an absolute path or pattern.
    `ignored` counts by lower-case extension (`.txt`), and by `(hidden)` and the like for what has no extension.
    `texts` are given descriptions by uri (`manifests.descriptions`).
    """

    source: str
    root: str
    kind: Kind
    uris: list[str]
    ignored: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)


def list_inputs(source: str | Path) -> Inputs:
    """List what a source names; nothing is opened yet but the list or the Parquet file itself. Raises InputError."""
    text = str(source)
    path = Path(text).expanduser()
    try:
        if path.is_dir():
            return _not_empty(text, _list_folder(path))
        if path.is_file():
            return _not_empty(text, _list_file(path))
        if glob.has_magic(text):
            return _not_empty(text, _list_glob(str(path)))
    except OSError as error:
        named = error.filename or text
        raise InputError(
            f"--images {text}: {named} cannot be read ({error.strerror}); check its permissions"
        ) from error
    if path.exists():
        raise InputError(f"--images {text}: neither a file nor a folder; give a folder of images")
    raise InputError(f"--images {text}: no such file or folder; check the path")


def location_of(root: str, uri: str) -> str:
    """Where the content of a uri can be read from a worker."""
    return uri if "://" in uri else str(Path(root, uri))


def read_content(location: str, image_id: str | None = None) -> bytes:
    """The encoded bytes at a location, from a regular file or from a row of a Parquet file.

    With `image_id`, the bytes must still be those that the plan saw. Raises `Refusal`.
    """
    if "://" in location:
        raise Refusal("is remote, and only local files are read; download it first")
    file, hash_sign, row = location.rpartition("#")
    if hash_sign and row.isdigit() and file.lower().endswith(PARQUET_EXTENSIONS):
        content = _parquet_content(file, int(row))
    else:
        content = read_regular(Path(location))
    if image_id is not None and content_id(content) != image_id:
        raise Refusal("changed since the plan was made")
    return content


def content_id(content: bytes) -> str:
    """First 32 hex digits of the SHA-256 of the bytes."""
    return hashlib.sha256(content).hexdigest()[:32]


def refuse_nesting(inputs: Inputs, out: Path) -> None:
    """Raise InputError when the output folder lies in the input folder, or input files lie in the output folder."""
    folder = os.path.realpath(out)
    if inputs.kind == "folder" and _inside(folder, inputs.root):
        raise InputError(f"--out {out}: lies inside the input folder {inputs.root}; choose a folder outside it")
    if _inside(inputs.root, folder):
        first = inputs.root if inputs.kind == "folder" else location_of(inputs.root, inputs.uris[0])
    else:
        first = next((uri for uri in inputs.uris if os.path.isabs(uri) and _inside(os.path.realpath(uri), folder)), "")
        below = os.path.relpath(folder, inputs.root).replace(os.sep, "/") + "/"
        first = first or next((uri for uri in inputs.uris if uri.startswith(below)), "")
    if first:
        raise InputError(f"--out {out}: the input {first} lies inside it; choose another folder")


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _not_empty(source: str, inputs: Inputs) -> Inputs:
    if inputs.uris or inputs.refused:
        return inputs
    place = {"folder": "no image files under", "glob": "no image files match", "list": "no paths in"}
    counts = ", ".join(f"{count:,} {what}" for what, count in sorted(inputs.ignored.items()))
    fact = f"{place.get(inputs.kind, 'no rows in')} {source}" + (f"; ignored {counts}" if counts else "")
    remedy = "give a folder with .jpg, .png or other images"
    if any(extension in inputs.ignored for extension in PARQUET_EXTENSIONS):
        remedy = "name the Parquet file itself"
    raise InputError(f"--images {source}: {fact}; {remedy}")


def _finish(
    source: str, root: str, kind: Kind, uris: Iterable[str], ignored: Counter[str], refused: dict[str, str]
) -> Inputs:
    """Sort, and set aside names that no table could hold."""
    good = []
    for uri in uris:
        try:
            uri.encode()
            good.append(uri)
        except UnicodeEncodeError:
            refused[os.fsencode(uri).decode("utf-8", "backslashreplace")] = "has a name that is not UTF-8"
    unique = sorted(set(good))
    if len(unique) < len(good):
        ignored[TWICE] += len(good) - len(unique)
    return Inputs(source, root, kind, unique, dict(sorted(ignored.items())), refused)


def _extension(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _list_folder(path: Path) -> Inputs:
    """Real folders first, then folder links whose target lies inside the root and was not walked under its own name."""
    root = os.path.realpath(path)
    ignored: Counter[str] = Counter()
    refused: dict[str, str] = {}
    uris: list[str] = []
    walked: set[str] = set()
    waiting, links = [""], list[str]()
    while waiting or links:
        if not waiting:
            links.sort(reverse=True)
        folder = waiting.pop() if waiting else links.pop()
        real = os.path.realpath(Path(root, folder))
        if not _inside(real, root):
            ignored[LEAVES_ROOT] += 1
            continue
        if real in walked:
            continue
        walked.add(real)
        with os.scandir(real) as entries:
            for entry in entries:
                uri = f"{folder}/{entry.name}" if folder else entry.name
                if entry.name.startswith("."):
                    ignored[HIDDEN] += 1
                elif entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and os.path.isdir(entry.path)):
                    (links if entry.is_symlink() else waiting).append(uri)
                else:
                    _sort_out(root, uri, entry.is_symlink(), uris, ignored, refused)
    return _finish(root, root, "folder", uris, ignored, refused)


def _list_glob(pattern: str) -> Inputs:
    parts = Path(pattern).parts
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    root = os.path.realpath(Path(*parts[:fixed])) if fixed else os.getcwd()
    ignored: Counter[str] = Counter()
    refused: dict[str, str] = {}
    uris: list[str] = []
    for match in glob.iglob(str(Path(*parts[fixed:])), root_dir=root, recursive=True):
        if not Path(root, match).is_dir():
            uri = match.replace(os.sep, "/")
            linked = not _inside(os.path.realpath(Path(root, match)), root)
            _sort_out(root, uri, linked, uris, ignored, refused)
    return _finish(str(Path(root, *parts[fixed:])), root, "glob", uris, ignored, refused)


def _sort_out(
    root: str, uri: str, linked: bool, uris: list[str], ignored: Counter[str], refused: dict[str, str]
) -> None:
    """Put a file where it belongs: among the images, the refused, or the ignored."""
    extension = _extension(uri)
    if extension not in EXTENSIONS:
        ignored[extension or "(no extension)"] += 1
    elif linked and not _inside(os.path.realpath(Path(root, uri)), root):
        refused[uri] = "is a link out of the input folder"
    else:
        uris.append(uri)


def _list_file(path: Path) -> Inputs:
    extension = _extension(path.name)
    root = os.path.realpath(path.parent)
    if extension in EXTENSIONS:
        return _finish(str(Path(root, path.name)), root, "image", [path.name], Counter(), {})
    if extension in PARQUET_EXTENSIONS:
        return _list_parquet(path, root)
    if extension in LIST_EXTENSIONS:
        return _list_paths(path, root)
    raise InputError(
        f"--images {path}: a file that is neither an image, a list of paths ({', '.join(LIST_EXTENSIONS)}) "
        "nor Parquet; give a folder of images"
    )


def _list_paths(path: Path, root: str) -> Inputs:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"--images {path}: not UTF-8 text; save the list of paths as UTF-8") from error
    named = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return _confined(str(Path(root, path.name)), root, "list", named)


def _confined(source: str, root: str, kind: Kind, named: Iterable[str]) -> Inputs:
    """Relative paths must stay inside the root, absolute ones are taken at their word."""
    refused: dict[str, str] = {}
    uris = []
    folders: dict[str, bool] = {}
    for uri in named:
        if "://" in uri or os.path.isabs(uri):
            uris.append(uri)
        elif _stays_inside(root, uri, folders):
            uris.append(os.path.normpath(uri).replace(os.sep, "/"))
        else:
            refused[uri] = f"leaves the folder of the {kind}; write an absolute path"
    return _finish(source, root, kind, uris, Counter(), refused)


def _stays_inside(root: str, uri: str, folders: dict[str, bool]) -> bool:
    """Whether a path leads into the root, links followed; each folder is looked at once and kept in `folders`."""
    path = os.path.join(root, uri)
    folder, name = os.path.split(path)
    if name in {"", ".", ".."} or os.path.islink(path):
        return _inside(os.path.realpath(path), root)
    if folder not in folders:
        folders[folder] = _inside(os.path.realpath(folder), root)
    return folders[folder]


def _list_parquet(path: Path, root: str) -> Inputs:
    source = str(Path(root, path.name))
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, pa.ArrowException) as error:
        raise InputError(f"--images {path}: not a readable Parquet file ({_one_line(error)})") from error
    with file:
        names = file.schema_arrow.names
        if "uri" in names:
            column = file.read(columns=["uri"])["uri"].to_pylist()
            return _confined(source, root, "parquet", (str(uri) for uri in column if uri))
        if "image" not in names:
            raise InputError(f"--images {path}: has no column 'uri' or 'image', only {', '.join(names[:8])}")
        rows = file.metadata.num_rows
    digits = len(str(max(rows - 1, 0)))
    uris = [f"{path.name}#{row:0{digits}d}" for row in range(rows)]
    return _finish(source, root, "parquet", uris, Counter(), {})


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _parquet_content(file: str, row: int) -> bytes:
    try:
        starts = _row_group_starts(file)
        group = next(index for index, start in reversed(list(enumerate(starts))) if start <= row)
        content = _row_group_images(file, group)[row - starts[group]].as_py()
    except (OSError, pa.ArrowException, IndexError) as error:
        raise Refusal(f"cannot be read: {_one_line(error)}") from error
    if content is None:
        raise Refusal("holds no bytes in column 'image'")
    if len(content) > DEFAULT_LIMITS.max_bytes:
        raise Refusal(f"has {len(content):,} bytes, limit {DEFAULT_LIMITS.max_bytes:,}")
    return bytes(content)


@lru_cache(maxsize=8)
def _row_group_starts(file: str) -> list[int]:
    with pq.ParquetFile(file) as parquet:
        metadata = parquet.metadata
        sizes = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
    return [sum(sizes[:index]) for index in range(len(sizes))]


@lru_cache(maxsize=4)
def _row_group_images(file: str, group: int) -> pa.ChunkedArray:
    """Encoded images of one row group: the smallest piece of a Parquet file that can be read."""
    with pq.ParquetFile(file) as parquet:
        column = parquet.read_row_group(group, columns=["image"])["image"]
    if pa.types.is_struct(column.type):
        column = pa.chunked_array([chunk.field("bytes") for chunk in column.chunks])
    return column.cast(pa.large_binary())

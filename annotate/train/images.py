"""The images that examples are about: the copies in a run's annotations table, or else its source files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from annotate.gallery.dataset import RunFolder
from manifests.atomic import Disk, make_folder, write_bytes
from manifests.commit import ShardManifest
from manifests.embed import IMAGE_FIELD
from manifests.errors import InputError
from manifests.gate import Refusal, check_header, read_regular
from manifests.sources import content_id, location_of, read_content
from manifests.tables import ANNOTATIONS

_EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "TIFF": "tif"}


@dataclass(frozen=True)
class ImageFile:
    """Where an encoded image lies; with `image_id`, its bytes must still be those that the run saw."""

    location: str
    image_id: str | None = None

    def read(self) -> bytes:
        """The encoded image. Raises InputError."""
        try:
            return read_content(self.location, self.image_id)
        except Refusal as refusal:
            raise InputError(f"image {self.location} {refusal}; the images of a run must still be there") from refusal


def contents(run: RunFolder, shards: Mapping[str, ShardManifest]) -> Iterator[tuple[str, bytes]]:
    """Encoded images of a run by id, for the ids of `shards`, in the run's order; few are in memory at a time.

    Raises InputError for a source file that is gone or changed.
    """
    for shard in _distinct(shards):
        for image_id, uri, embedded in _rows(run, shard):
            if image_id in shards:
                source = ImageFile(location_of(run.file.run.root, uri), image_id)
                yield image_id, source.read() if embedded is None else embedded


def files_of(run: RunFolder, shards: Mapping[str, ShardManifest], folder: Path) -> dict[str, ImageFile]:
    """A file for each image by id: its source file, or where that is not what the labels are about, a copy in `folder`.

    A copy has the bytes of the annotations table and is named by their digest. Raises AnnotateError.
    """
    found: dict[str, ImageFile] = {}
    for shard in _distinct(shards):
        for image_id, uri, embedded in _rows(run, shard):
            if image_id in shards:
                location = location_of(run.file.run.root, uri)
                found[image_id] = (
                    ImageFile(location, image_id) if embedded is None else ImageFile(str(copied(embedded, folder)))
                )
    return found


def copied(content: bytes, folder: Path) -> Path:
    """The file in `folder` that holds exactly these bytes, written if it is not there. Raises AnnotateError."""
    try:
        name = check_header(content).format
    except Refusal as refusal:
        raise InputError(f"an image of the run {refusal}; annotate verify says more") from refusal
    path = folder / f"{content_id(content)}.{_EXTENSIONS.get(name, name.lower())}"
    if not path.is_file() or read_regular(path) != content:
        make_folder(Disk(), folder)
        write_bytes(Disk(), path, content)
    return path


def _distinct(shards: Mapping[str, ShardManifest]) -> list[ShardManifest]:
    by_number = {shard.shard: shard for shard in shards.values()}
    return [by_number[number] for number in sorted(by_number)]


def _rows(run: RunFolder, shard: ShardManifest) -> Iterator[tuple[str, str, bytes | None]]:
    """Id, uri and embedded file of each image of a shard, one row group in memory at a time."""
    names = ["image_id", "uri", *([IMAGE_FIELD.name] if run.file.run.embed_images else [])]
    with pq.ParquetFile(run.out / shard.files[ANNOTATIONS.name].path) as part:
        for group in range(part.num_row_groups):
            for row in part.read_row_group(group, columns=names).to_pylist():
                image = row.get(IMAGE_FIELD.name)
                yield row["image_id"], row["uri"], None if image is None else image["bytes"]

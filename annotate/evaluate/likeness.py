"""Which images look alike: 64-bit perceptual hashes (ImageHash's pHash: signs of the lowest 8x8 of a 32x32 DCT).

Copies that were scaled, compressed anew or slightly changed differ in few bits; unrelated photos in about half of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotate.engine import local_cores
from annotate.gallery.dataset import RunFolder
from manifests.commit import ShardManifest
from manifests.errors import InputError
from manifests.gate import Refusal, decode_upright
from manifests.records import ImageRecord

BITS = 64
_AT_ONCE = 64

Hashes = npt.NDArray[np.uint64]


def perceptual_hash(content: bytes) -> int:
    """64-bit pHash of an encoded image, upright. Raises Refusal for what does not decode."""
    try:
        from imagehash import phash
    except ImportError as error:
        raise InputError("annotate bench make needs ImageHash; pip install 'annotate[eval]'") from error
    bits: npt.NDArray[np.bool_] = phash(Image.fromarray(decode_upright(content).pixels)).hash
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def distances(one: int, others: Hashes) -> npt.NDArray[np.uint8]:
    """Bits in which a hash differs from each of the others."""
    return cast("npt.NDArray[np.uint8]", np.bitwise_count(others ^ np.uint64(one)))


def is_near(one: int, others: Hashes | Sequence[int], within: int) -> bool:
    """Whether a hash differs from any of the others in at most so many bits."""
    hashes = np.asarray(others, np.uint64)
    return bool(len(hashes)) and int(distances(one, hashes).min()) <= within


def hashes_of(run: RunFolder) -> Iterator[tuple[ImageRecord, int]]:
    """All images of a run that are `ok`, with their hashes, in order, some at a time.

    Raises InputError for an image that is no longer there or no longer the same.
    """
    with ThreadPoolExecutor(local_cores()) as threads:
        images = ((shard, record) for shard in run.manifests for record in run.records(shard) if record.outcome == "ok")
        while batch := list(islice(images, _AT_ONCE)):
            contents = (content_of(run, shard, record) for shard, record in batch)
            hashed = threads.map(perceptual_hash, contents)
            yield from zip((record for _, record in batch), hashed, strict=True)


def content_of(run: RunFolder, shard: ShardManifest, record: ImageRecord) -> bytes:
    """The encoded image that the labels are about. Raises InputError when it cannot be had."""
    try:
        return run.content(shard, record)
    except Refusal as refusal:
        raise InputError(
            f"{run.out}: image {record.uri} {refusal}; the images of a run must still be there"
        ) from refusal


def near_ones(hashed: Iterable[tuple[str, int]], others: Sequence[int], within: int) -> list[str]:
    """Ids of the images that are near to any of the others."""
    hashes = np.asarray(others, np.uint64)
    return [image_id for image_id, each in hashed if is_near(each, hashes, within)]

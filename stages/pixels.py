"""Decoded pixels inside one worker: decode once, share between the stages of a pool, never send.

The few most recent images are held, because the stages of one pool see the same few rows one after another. A row
whose content was replaced (`stages.distort`) is decoded anew.
"""

from __future__ import annotations

import ctypes
import math
from collections import OrderedDict
from threading import Lock

import cv2
import numpy as np
import numpy.typing as npt

from manifests.gate import Decoded, decode_upright
from manifests.records import ImageRecord

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""
_LARGEST_REUSED, _MOST_KEPT = 32 << 20, 64 << 20
"""Bytes; glibc takes no larger first one."""
_HELD = 4
_held: OrderedDict[str, tuple[bytes, Decoded]] = OrderedDict()
"""Encoded bytes and what they decode to, by image id."""
_holding = Lock()


def decode(row: ImageRecord, max_megapixels: float = math.inf) -> Decoded:
    """The decoded image of a row, its pixels read-only.

    Raises `manifests.gate.Refusal` when the content does not decode or has more pixels than allowed.
    """
    with _holding:
        content, held = _held.get(row.image_id, (None, None))
        if held is not None and (row.content is None or row.content == content):
            _held.move_to_end(row.image_id)
            return held
    if row.content is None:
        raise ValueError(f"{row.uri}: the encoded bytes were dropped before a stage that needs them")
    decoded = decode_upright(row.content, max_megapixels)
    hold(row, decoded)
    return decoded


def hold(row: ImageRecord, decoded: Decoded) -> None:
    """Keep what the row's content decodes to, for the stages of this worker; its pixels become read-only."""
    assert row.content is not None
    decoded.pixels.setflags(write=False)
    with _holding:
        _held[row.image_id] = (row.content, decoded)
        _held.move_to_end(row.image_id)
        while len(_held) > _HELD:
            _held.popitem(last=False)


def upright_rgb(row: ImageRecord) -> npt.NDArray[np.uint8]:
    """The image as read-only uint8 RGB [height, width, 3], EXIF-upright; behind `load` it always decodes."""
    return decode(row).pixels


def crop(pixels: npt.NDArray[np.uint8], box_xyxy_px: tuple[float, float, float, float]) -> npt.NDArray[np.uint8]:
    """The pixels under a box (edges rounded outwards, clipped to the image, at least one pixel)."""
    height, width = pixels.shape[:2]
    x1, y1, x2, y2 = box_xyxy_px
    left, top = min(max(int(np.floor(x1)), 0), width - 1), min(max(int(np.floor(y1)), 0), height - 1)
    right, bottom = max(min(int(np.ceil(x2)), width), left + 1), max(min(int(np.ceil(y2)), height), top + 1)
    return pixels[top:bottom, left:right]


def single_threaded() -> None:
    """One core per worker: Ray counts cores, so OpenCV must not take them all."""
    cv2.setNumThreads(1)


def keep_freed_memory() -> None:
    """Let planes of pixels be made in memory that others left, at most 64 MiB of which stay with the worker.

    By default glibc gives each large block back to the kernel, and the empty pages that come in its place take a
    quarter of the time in which a stage of many small filters is done. Other C libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_REUSED)
        mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT)

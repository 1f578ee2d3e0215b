"""Planted samples on disk, so that several networks learn from them side by side and memory holds none of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from manifests.errors import OutputError
from manifests.vocabulary import FAMILIES
from stages.measure.recogniser.features import NAMES, SEAM_STRIDE_PX, STRIDE_PX
from stages.measure.recogniser.samples import LABEL_STRIDE_PX, WINDOW_CELLS, Sample

_SEAMS = WINDOW_CELLS * STRIDE_PX // SEAM_STRIDE_PX
_LABELS = WINDOW_CELLS * STRIDE_PX // LABEL_STRIDE_PX
_ARRAYS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "features": (np.float16, (len(NAMES), WINDOW_CELLS, WINDOW_CELLS)),
    "seams": (np.float16, (3, _SEAMS, _SEAMS)),
    "severities": (np.uint8, (len(FAMILIES), _LABELS, _LABELS)),
    "counts": (np.bool_, (_LABELS, _LABELS)),
}
"""Type and shape of each part of a sample."""
_COMPLETE = "complete"


def plant(pool: Executor, make: Callable[[int], Sample], count: int, folder: Path) -> None:
    """Make samples 0 to `count` in the pool's processes and write them; nothing is done where they were written.

    Raises OutputError when the disk has no room for them.
    """
    if (folder / _COMPLETE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    needed, free = count * _sample_bytes(), shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"--out {folder}: {count} planted samples need {needed / 1e9:.1f} GB while the networks learn, "
            f"{free / 1e9:.1f} GB are free; make room or lower --samples"
        )
    create: Any = np.lib.format.open_memmap
    for name, (kind, shape) in _ARRAYS.items():
        create(folder / f"{name}.npy", mode="w+", dtype=kind, shape=(count, *shape))
    for _ in pool.map(partial(_write, folder, make), range(count), chunksize=16):
        pass
    (folder / _COMPLETE).touch()


def planted(folder: Path) -> list[Sample]:
    """The samples that were written, read from disk as they are looked at."""
    arrays = _opened(folder, "r")
    return [Sample(**{name: array[index] for name, array in arrays.items()}) for index in range(len(arrays["counts"]))]


def _write(folder: Path, make: Callable[[int], Sample], index: int) -> None:
    sample = make(index)
    for name, array in _opened(folder, "r+").items():
        array[index] = getattr(sample, name)


def _opened(folder: Path, mode: Literal["r", "r+"]) -> dict[str, npt.NDArray[Any]]:
    return {name: np.load(folder / f"{name}.npy", mmap_mode=mode) for name in _ARRAYS}


def _sample_bytes() -> int:
    return sum(int(np.prod(shape)) * np.dtype(kind).itemsize for kind, shape in _ARRAYS.values())

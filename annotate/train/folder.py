"""The output folder of a training: what was asked, checkpoints that are whole, and the result.

train.json         what was asked, with digests and versions; the same again goes on, anything else is refused
checkpoints/       checkpoint-N of the trainer; whole.json is written last, so a killed write does not count
images/            copies of images that stand in a run's tables alone
start/             the model to start from, where it was built from the data
tensorboard/  curve.jsonl  curve.csv  curve.png
model/  adapter/   what was trained, as safetensors, with a model card
result.json        the headline; where it stands, the training is finished
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.atomic import Disk, as_output_error, make_folder, write_json
from manifests.errors import OutputError
from manifests.layout import LOCK

ASKED, RESULT = "train.json", "result.json"
CHECKPOINTS, IMAGES, TENSORBOARD, MODEL, ADAPTER = "checkpoints", "images", "tensorboard", "model", "adapter"
START = "start"
CURVES = ("curve.jsonl", "curve.csv", "curve.png")
WHOLE = "whole.json"

_FOLDERS = (CHECKPOINTS, IMAGES, TENSORBOARD, MODEL, ADAPTER, START)
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True)
class TrainFolder:
    """An output folder of `annotate train`."""

    out: Path

    def begin(self, asked: Mapping[str, Any], facts: Mapping[str, Any], *, fresh: bool) -> None:
        """Make the folder, or check that it holds the same training. `facts` are written down and not compared.

        Raises OutputError, with what differs, for another training and for a folder of something else.
        """
        there = self._there()
        if there is not None and fresh:
            self._clear()
        if there is None and self._holds_something():
            raise OutputError(f"--out {self.out}: is not empty and no training; choose another folder")
        if there is None or fresh:
            make_folder(Disk(), self.out)
            write_json(Disk(), self.out / ASKED, {"asked": dict(asked), **facts})
        elif differing := differences(there["asked"], json.loads(json.dumps(asked))):
            raise OutputError(
                f"--out {self.out}: holds another training ({'; '.join(differing)}); "
                "choose another folder, or --fresh to throw it away"
            )

    def facts(self) -> dict[str, Any]:
        """The content of train.json."""
        found = self._there()
        assert found is not None
        return found

    def result(self) -> dict[str, Any] | None:
        """The content of result.json; None while the training is not finished."""
        try:
            said: dict[str, Any] = json.loads((self.out / RESULT).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise OutputError(f"{self.out / RESULT}: cannot be read ({error}); --fresh starts anew") from error
        return said

    def finish(self, result: Mapping[str, Any]) -> None:
        """Write the result, and remove what only an unfinished training needs."""
        write_json(Disk(), self.out / RESULT, dict(result))
        for name in (CHECKPOINTS, IMAGES):
            shutil.rmtree(self.out / name, ignore_errors=True)

    def newest_checkpoint(self) -> Path | None:
        """The newest checkpoint that is whole; those that are not are removed."""
        newest: tuple[int, Path] | None = None
        folder = self.out / CHECKPOINTS
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            named = _CHECKPOINT.fullmatch(path.name)
            if named is None or not _is_whole(path):
                shutil.rmtree(path, ignore_errors=True)
            elif newest is None or int(named[1]) > newest[0]:
                newest = int(named[1]), path
        return newest and newest[1]

    def mark_whole(self, step: int) -> None:
        """Say that the checkpoint of a step is written to the end. Raises OutputError."""
        disk, path = Disk(), self.out / CHECKPOINTS / f"checkpoint-{step}"
        files = sorted(file for file in path.rglob("*") if file.is_file())
        try:
            for file in files:
                disk.sync(file)
            disk.sync(path)
            disk.sync(path.parent)
        except OSError as error:
            raise as_output_error(error, path) from error
        write_json(disk, path / WHOLE, {file.relative_to(path).as_posix(): file.stat().st_size for file in files})

    def _there(self) -> dict[str, Any] | None:
        path = self.out / ASKED
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            said["asked"]
        except FileNotFoundError:
            return None
        except NotADirectoryError as error:
            raise OutputError(f"--out {self.out}: is not a folder; choose another") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OutputError(f"{path}: not a training of this tool; choose another --out") from error
        return said

    def _holds_something(self) -> bool:
        return self.out.is_dir() and any(path.name != LOCK for path in self.out.iterdir())

    def _clear(self) -> None:
        for name in _FOLDERS:
            shutil.rmtree(self.out / name, ignore_errors=True)
        for name in (RESULT, *CURVES, ASKED):
            (self.out / name).unlink(missing_ok=True)


def _is_whole(checkpoint: Path) -> bool:
    try:
        sizes = json.loads((checkpoint / WHOLE).read_text(encoding="utf-8"))
        return all((checkpoint / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def differences(there: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """One phrase for each option in which two trainings differ, `key: there -> asked`."""
    old, new = dict(_flat("", there)), dict(_flat("", asked))
    return [
        f"{key}: {_short(old.get(key))} -> {_short(new.get(key))}"
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]


def _flat(prefix: str, said: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in said.items():
        name = f"{prefix}{key}"
        found += _flat(f"{name}.", value) if isinstance(value, dict) else [(name, value)]
    return found


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:16]}…"

"""Predictions as they come in: `predictions.jsonl`, gone on with when the same command is given again.

`predictions.json` beside it says who was asked what and how; a file of another model, benchmark or setting is not mixed
with this one's lines. A line that was cut off when the process died is thrown away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotate.evaluate.predictions import Prediction, read_predictions
from manifests.atomic import Disk, make_folder, write_bytes, write_json
from manifests.errors import OutputError

PREDICTIONS, ASKED = "predictions.jsonl", "predictions.json"


class PredictionLog:
    """The predictions of one folder; every line may hold more than a `Prediction` does."""

    def __init__(self, folder: Path, asked: Mapping[str, Any], ids: Collection[str], *, fresh: bool = False) -> None:
        """Open or begin the log. `asked` is all that decides the predictions, as plain values.

        Raises OutputError when the folder's predictions were asked for otherwise, unless they are to be thrown away.
        """
        self.path = folder / PREDICTIONS
        if fresh:
            for name in (PREDICTIONS, ASKED):
                (folder / name).unlink(missing_ok=True)
        before = _read_json(folder / ASKED)
        if before is not None and self.path.exists():
            _check_same(folder, before, asked)
            _drop_torn_line(self.path)
            self.done = read_predictions(self.path, ids)
        elif self.path.exists():
            raise OutputError(
                f"{self.path}: is there already, and no {ASKED} says whose; give --fresh or another --out"
            )
        else:
            self.done = {}
            make_folder(Disk(), folder)
            write_json(Disk(), folder / ASKED, dict(asked))
            write_bytes(Disk(), self.path, b"")

    def lines(self) -> list[dict[str, Any]]:
        """All lines so far, with what they hold beyond a `Prediction`."""
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines() if line.strip()]

    def append(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Add predictions, each a mapping with an `id`; they survive a kill once this returns."""
        texts = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines]
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(texts)
            file.flush()
            os.fsync(file.fileno())
        for text in texts:
            said = Prediction.model_validate_json(text)
            self.done[said.id] = said

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Ids without a prediction so far, in order."""
        return [each for each in ids if each not in self.done]


def _check_same(folder: Path, before: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    for name in dict.fromkeys((*before, *asked)):
        if before.get(name) != asked.get(name):
            raise OutputError(
                f"--out {folder}: holds predictions with {name} = {before.get(name)!r}, and now it is "
                f"{asked.get(name)!r}; give --fresh or another --out"
            )


def _drop_torn_line(path: Path) -> None:
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        write_bytes(Disk(), path, whole)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be read; give --fresh or another --out") from error
    return said if isinstance(said, dict) else None

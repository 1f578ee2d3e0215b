"""Predictions as they come in: `NAME.jsonl`, gone on with when the same command is given again.

`NAME.json` beside it says who was asked what and how; a file of another model, benchmark or setting is not mixed with
this one's lines. A line that was cut off when the process died is thrown away.
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

PREDICTIONS = "predictions"
"""Name of the files that `annotate eval` reads."""


class PredictionLog:
    """The predictions of one folder; every line may hold more than a `Prediction` does."""

    def __init__(
        self,
        folder: Path,
        asked: Mapping[str, Any],
        ids: Collection[str],
        *,
        fresh: bool = False,
        name: str = PREDICTIONS,
        lasting: Collection[str] | None = None,
    ) -> None:
        """Open or begin the log. `asked` is all that decides the predictions, as plain values.

        Predictions that were asked for otherwise are thrown away if `fresh`, or if nothing has changed that `lasting`
        names (None: everything lasts), because then they cost little. Raises OutputError otherwise.
        """
        self.path, self._asked_path = folder / f"{name}.jsonl", folder / f"{name}.json"
        before = None if fresh else self._asked_before()
        if before is not None and _changed(folder, before, asked, lasting):
            before = None
        self.done: dict[str, Prediction] = {}
        if before is None:
            make_folder(Disk(), folder)
            self.path.unlink(missing_ok=True)
            write_json(Disk(), self._asked_path, dict(asked))
            write_bytes(Disk(), self.path, b"")
        else:
            _drop_torn_line(self.path)
            self.done = read_predictions(self.path, ids)

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

    def _asked_before(self) -> dict[str, Any] | None:
        if not self.path.exists():
            return None
        before = _read_json(self._asked_path)
        if before is None:
            raise OutputError(
                f"{self.path}: is there already, and no {self._asked_path.name} says whose; "
                "give --fresh or another --out"
            )
        return before


def _changed(
    folder: Path, before: Mapping[str, Any], asked: Mapping[str, Any], lasting: Collection[str] | None
) -> bool:
    """Whether something that may change has changed. Raises OutputError for anything else that has."""
    names = [name for name in dict.fromkeys((*before, *asked)) if before.get(name) != asked.get(name)]
    for name in names:
        if lasting is None or name in lasting:
            raise OutputError(
                f"--out {folder}: holds predictions with {name} = {before.get(name)!r}, and now it is "
                f"{asked.get(name)!r}; give --fresh or another --out"
            )
    return bool(names)


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

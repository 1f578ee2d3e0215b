"""Predictions as a file: one JSON object a line, `{"id": ..., "prediction": ...}`, ids being those of the benchmark."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from manifests.errors import InputError
from manifests.records import BoxXYXYPx, Mask


class Prediction(BaseModel):
    """What a model said to one row: text, or for a region to be segmented its mask (COCO RLE) or its box.

    Further fields of a line are ignored.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    prediction: str = ""
    mask: Mask | None = None
    box_xyxy_px: BoxXYXYPx | None = None


def read_predictions(path: Path, ids: Collection[str]) -> dict[str, Prediction]:
    """Predictions by id. Rows without one are no error here: they count as wrong.

    Raises InputError, with the line, for what is not such an object, an id that the benchmark does not know, and an id
    that comes twice.
    """
    known = set(ids)
    found: dict[str, Prediction] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--predictions {path}: cannot be read as UTF-8 text; give a JSONL file") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            said = Prediction.model_validate_json(line)
        except ValidationError as error:
            fact = error.errors()[0]["msg"]
            raise InputError(
                f'{path}:{number}: {fact}; a line reads {{"id": "...", "prediction": "..."}}, or has a mask'
            ) from error
        if said.id not in known:
            raise InputError(f"{path}:{number}: id {said.id!r} is not in the benchmark; ids are those of its rows")
        if said.id in found:
            raise InputError(f"{path}:{number}: id {said.id!r} comes twice; keep one prediction a row")
        found[said.id] = said
    return found

"""Losses by step: kept as JSON lines, CSV and a picture, and as TensorBoard events while the training runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from annotate.train.folder import CURVES
from manifests.atomic import Disk, write_bytes, write_file

NAMES = {
    "loss": "loss",
    "eval_loss": "held_out_loss",
    "mean_token_accuracy": "token_accuracy",
    "eval_mean_token_accuracy": "held_out_token_accuracy",
    "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
}
"""What of the trainer's log is kept, and how it is called here. Losses are nats per token of the answer."""

Point = dict[str, float]

_CSV_COLUMNS = ("step", "epoch", *NAMES.values())
_DIGITS = 6


def points_of(log_history: Sequence[Mapping[str, Any]]) -> list[Point]:
    """One point per step of the trainer's log, in order; of what was logged twice for a step the last counts."""
    by_step: dict[int, Point] = {}
    for entry in log_history:
        kept = values_of(entry)
        if kept:
            point = by_step.setdefault(int(entry["step"]), {"step": int(entry["step"])})
            point.update({"epoch": round(float(entry.get("epoch") or 0.0), 4), **kept})
    return [by_step[step] for step in sorted(by_step)]


def values_of(entry: Mapping[str, Any]) -> Point:
    """The figures of one entry of the trainer's log by our names, rounded."""
    return {name: float(f"{float(entry[key]):.{_DIGITS}g}") for key, name in NAMES.items() if key in entry}


def write_curve(folder: Path, points: Sequence[Point]) -> None:
    """Write curve.jsonl and curve.csv, and curve.png if matplotlib is there. Raises OutputError."""
    lines, table, picture = (folder / name for name in CURVES)
    write_bytes(Disk(), lines, "".join(f"{json.dumps(point)}\n" for point in points).encode())
    written = io.StringIO()
    rows = csv.DictWriter(written, _CSV_COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(points)
    write_bytes(Disk(), table, written.getvalue().encode())
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, label in (("loss", "training"), ("held_out_loss", "held out")):
        found = [(point["step"], point[name]) for point in points if name in point]
        if found:
            axes.plot(*zip(*found, strict=True), label=label, marker="." if len(found) < 40 else "")
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats per token of the answer)")
    if axes.lines:
        axes.legend()
    write_file(Disk(), picture, lambda temporary: figure.savefig(temporary, format="png", dpi=120))

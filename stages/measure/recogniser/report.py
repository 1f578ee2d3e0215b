"""Figures of a trained recogniser on photographs that nothing was chosen on, as numbers and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from manifests.vocabulary import FAMILIES
from stages.measure.recogniser.survey import Found, Surveyed
from stages.measure.recogniser.verifying import HIT_IOU, RIGHT_SHARE, alarm, claimed


def figures(views: Sequence[Surveyed], thresholds: dict[str, float]) -> dict[str, Any]:
    """Recall and Tag-Recall by family and severity, confusion, precision, alarms; single distortions unless named."""
    rows: list[dict[str, Any]] = []
    claims = true_claims = 0
    for view in views:
        kept = claimed(view, thresholds)
        for number, truth in enumerate(view.truths):
            rows.append(_judged(truth, kept, number))
        if view.truths:
            claims += len(kept)
            true_claims += sum(max(found.mask_ious) >= 0.3 or found.inside_truth >= RIGHT_SHARE for found in kept)
    untouched = [view for view in views if not view.truths]
    loud = [view for view in untouched if alarm(view, thresholds)]
    single = [row for row in rows if len(row["families"]) == 1]
    strong = [row for row in rows if row["severity"] >= 3]
    return {
        "views": len(views),
        "regions": len(rows),
        "untouched views": len(untouched),
        "false alarms": _share(len(loud), len(untouched)),
        "photos with a false alarm": sorted({view.photo for view in loud}),
        "claim precision": _share(true_claims, claims),
        "severity >= 3": _summary(strong),
        "all severities": _summary(rows),
        "by family": {
            family: {
                "severity >= 3": _summary(
                    [row for row in single if row["families"] == [family] and row["severity"] >= 3]
                ),
                "all": _summary([row for row in single if row["families"] == [family]]),
            }
            for family in FAMILIES
        },
        "by severity": {
            str(level): _summary([row for row in single if row["severity"] == level]) for level in range(1, 6)
        },
        "confusion": _confusion(single),
    }


def report_text(results: dict[str, Any], thresholds: dict[str, float], losses: Sequence[float]) -> str:
    """The figures, with the alarms by which thresholds were chosen, as Markdown."""
    strong, every = results["severity >= 3"], results["all severities"]
    summary = (
        f"{_learned(losses)}On {results['views']} dev views: false alarms "
        f"of at least moderate severity on {results['false alarms']} of {results['untouched views']} untouched ones, "
        f"claim precision {results['claim precision']}. "
        f"Thresholds were chosen at {results['alarms of taught']:.1%} of alarms on the taught photographs; chosen "
        f"without a fold of the series and tried on it, {results['alarms of new series']:.1%}."
    )
    lines = [
        "# Report of a training",
        "",
        summary,
        "",
        "| regions | number | recall, IoU >= 0.5 | mean best box IoU | Tag-Recall | family right |",
        "| --- | --- | --- | --- | --- | --- |",
        _line("severity 3-5", strong),
        _line("all", every),
        *(_line(f"severity {level}", row) for level, row in results["by severity"].items()),
        *(_line(f"{family}, 3-5", row["severity >= 3"]) for family, row in results["by family"].items()),
        *(_line(f"{family}, all", row["all"]) for family, row in results["by family"].items()),
        "",
        "Confusion: rows planted (one distortion, any severity), columns claimed where a claim overlaps it by half.",
        "",
        "| planted | " + " | ".join([*FAMILIES, "nothing"]) + " |",
        "| --- |" + " --- |" * (len(FAMILIES) + 1),
        *(
            f"| {family} | " + " | ".join(str(row.get(other, 0)) for other in [*FAMILIES, "nothing"]) + " |"
            for family, row in results["confusion"].items()
        ),
        "",
        "Thresholds: " + ", ".join(f"{family} {value}" for family, value in thresholds.items()) + ".",
    ]
    return "\n".join(lines) + "\n"


def _learned(losses: Sequence[float]) -> str:
    return f"Loss from {losses[0]} to {losses[-1]} in {len(losses)} passes. " if losses else ""


def _judged(truth: dict[Any, int], kept: Sequence[Found], number: int) -> dict[str, Any]:
    """What became of one planted region; its claim is the one that overlaps it most."""
    best = max(kept, key=lambda found: (found.mask_ious[number], found.candidate.family in truth), default=None)
    tagged = max((found.mask_ious[number] for found in kept if found.candidate.family in truth), default=0.0)
    claimed = best.candidate.family if best is not None and best.mask_ious[number] >= HIT_IOU else "nothing"
    return {
        "families": sorted(truth),
        "severity": max(truth.values()),
        "mask_iou": best.mask_ious[number] if best else 0.0,
        "box_iou": max((found.box_ious[number] for found in kept), default=0.0),
        "tagged": tagged >= HIT_IOU,
        "claimed": claimed,
        "severity_error": abs(best.candidate.severity - truth[best.candidate.family])
        if best is not None and best.candidate.family in truth and claimed != "nothing"
        else None,
    }


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found = [row for row in rows if row["claimed"] != "nothing"]
    errors = [row["severity_error"] for row in found if row["severity_error"] is not None]
    return {
        "regions": len(rows),
        "recall": _share(len(found), len(rows)),
        "mask iou": round(float(np.mean([row["mask_iou"] for row in rows])), 3) if rows else None,
        "box iou": round(float(np.mean([row["box_iou"] for row in rows])), 3) if rows else None,
        "tag recall": _share(sum(row["tagged"] for row in rows), len(rows)),
        "family": _share(sum(row["claimed"] in row["families"] for row in found), len(found)),
        "severity error": round(float(np.mean(errors)), 2) if errors else None,
    }


def _confusion(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {family: {} for family in FAMILIES}
    for row in rows:
        counts = table[row["families"][0]]
        counts[row["claimed"]] = counts.get(row["claimed"], 0) + 1
    return table


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def _line(name: str, row: dict[str, Any]) -> str:
    return (
        f"| {name} | "
        + " | ".join(
            "" if row[key] is None else str(row[key])
            for key in ("regions", "recall", "box iou", "tag recall", "family")
        )
        + " |"
    )

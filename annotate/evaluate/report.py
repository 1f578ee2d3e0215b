"""What an evaluation found, as JSON, as Markdown, on the terminal, and as a plot where matplotlib is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from annotate.bench.planted.figures import Figure
from annotate.evaluate.metrics import Evaluation
from manifests.atomic import Disk, write_bytes, write_file, write_json

JSON, MARKDOWN, PLOT = "eval.json", "eval.md", "eval.png"

METRICS = {
    "des_bleu4": "GIQA-DES BLEU@4 (0-100)",
    "des_llm_score": "GIQA-DES LLM-Score (0-100)",
    "des_miou": "GIQA-DES mIoU",
    "des_miou_of_references": "GIQA-DES mIoU, superfluous boxes free",
    "des_tag_recall": "GIQA-DES Tag-Recall",
    "vqa_acc_yes_no": "GIQA-VQA Acc(Y)",
    "vqa_acc_open": "GIQA-VQA Acc(W)",
    "vqa_acc_what": "GIQA-VQA Acc(W), what",
    "vqa_acc_why": "GIQA-VQA Acc(W), why",
    "vqa_acc_how": "GIQA-VQA Acc(W), how",
    "vqa_acc_total": "GIQA-VQA Acc(Total)",
    "vqa_acc_distortion": "what: names exactly the distortions",
    "vqa_miou": "GIQA-VQA mIoU",
    "vqa_miou_of_references": "GIQA-VQA mIoU, superfluous boxes free",
    "vqa_tag_recall": "GIQA-VQA Tag-Recall",
    "referring_acc_short": "IQA-Spider referring, short",
    "referring_acc_long": "IQA-Spider referring, long",
    "ground_words": "position words, both right",
    "ground_points": "point inside the region",
    "mask_miou": "IQA-Spider mask mIoU",
    "mask_miou_hyd": "IQA-Spider mask mIoU, HyD-G",
    "mask_miou_sid": "IQA-Spider mask mIoU, SiD-G",
    "mask_miou_dao": "IQA-Spider mask mIoU, DAO-G",
}
"""Every figure with its name for people, in the order of the reports."""

PER_HUNDRED = frozenset({"des_bleu4", "des_llm_score"})


@dataclass(frozen=True)
class Report:
    """An evaluation with its baselines and with what a figure must be reported with."""

    evaluation: Evaluation
    baselines: Mapping[str, Mapping[str, Figure]]
    facts: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Plain values; figures are {value, low, high, n}."""
        return {
            **self.facts,
            "figures": {name: figure.as_json() for name, figure in self.evaluation.figures.items()},
            "counts": {task: asdict(counts) for task, counts in self.evaluation.counts.items()},
            "baselines": {
                name: {metric: figure.as_json() for metric, figure in figures.items()}
                for name, figures in self.baselines.items()
            },
        }


def write_report(folder: Path, report: Report) -> list[Path]:
    """Write JSON, Markdown and, with matplotlib, the plot; returns what was written. Raises OutputError."""
    disk = Disk()
    folder.mkdir(parents=True, exist_ok=True)
    write_json(disk, folder / JSON, report.as_json())
    plotted = find_spec("matplotlib") is not None
    if plotted:
        from annotate.evaluate.plot import draw

        write_file(disk, folder / PLOT, lambda path: draw(path, report))
    write_bytes(disk, folder / MARKDOWN, markdown(report, plotted=plotted).encode())
    return [folder / name for name in (JSON, MARKDOWN, *([PLOT] if plotted else []))]


def markdown(report: Report, *, plotted: bool) -> str:
    """The report as a page."""
    head = ["metric", "value (95 % interval)", "rows", *report.baselines]
    lines = [
        "# Evaluation",
        "",
        *(f"- {name}: {value}" for name, value in report.facts.items()),
        "",
        f"| {' | '.join(head)} |",
        f"| {' | '.join('---' for _ in head)} |",
        *(f"| {' | '.join(row)} |" for row in _rows(report)),
        "",
        *_counted(report),
    ]
    return "\n".join([*lines, *(["", f"![figures]({PLOT})"] if plotted else [])]) + "\n"


def print_report(console: Console, report: Report) -> None:
    """The figures as a table for people, and what was counted as wrong."""
    table = Table("metric", "value (95 % interval)", "rows", *report.baselines)
    for row in _rows(report):
        table.add_row(*row)
    console.print(table)
    for line in _counted(report):
        console.print(line, markup=False, soft_wrap=True)


def _rows(report: Report) -> list[list[str]]:
    """One row per figure that there is: name, figure, number of observations, and each baseline's value."""
    figures = report.evaluation.figures
    return [
        [
            METRICS[metric],
            said(metric, figures[metric]),
            str(figures[metric].n),
            *(_bare(metric, constant.get(metric)) for constant in report.baselines.values()),
        ]
        for metric in METRICS
        if metric in figures
    ]


def _counted(report: Report) -> Sequence[str]:
    return [
        f"{task}: {counts.rows} rows, {counts.missing} without a prediction and {counts.malformed} malformed "
        f"(both count as wrong), {counts.superfluous} with boxes that the reference has not, "
        f"{counts.unjudged} without a grade (left out)"
        for task, counts in report.evaluation.counts.items()
    ]


def said(metric: str, figure: Figure) -> str:
    """A figure with its interval, with as many digits as its scale needs."""
    if figure.value is None or figure.low is None or figure.high is None:
        return "-"
    digits = 2 if metric in PER_HUNDRED else 3
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def _bare(metric: str, figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return ""
    return f"{figure.value:.{2 if metric in PER_HUNDRED else 3}f}"

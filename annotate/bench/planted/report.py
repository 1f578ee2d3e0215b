"""The report: a table for the terminal, Markdown, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from annotate.bench.planted.figures import NOTHING, Figure
from annotate.bench.planted.summary import METRICS, REGION_METRICS, Summary
from annotate.bench.planted.truth import Truth

JSON_NAME = "planted.json"
MARKDOWN_NAME = "planted.md"

Row = Sequence[str]

_BY_GROUP = ("recall", "box_iou", "mask_iou", "tag_recall", "family", "severity_rank", "points")


def print_summary(console: Console, summary: Summary, title: str) -> None:
    """The headline table."""
    table = Table("figure (95 % interval over photos)", *_HEADLINE[1:], title=title)
    for row in headline_rows(summary):
        table.add_row(*row)
    console.print(table)
    if summary.scores:
        scores = Table(*_SCORES, title="Rank correlation with planted severity, by scorer")
        for row in score_rows(summary):
            scores.add_row(*row)
        console.print(scores)
    for name, reason in summary.left_out.items():
        console.print(f"scorer {name} left out: {reason}", markup=False, soft_wrap=True)


def write_report(folder: Path, summary: Summary, truth: Truth, facts: Mapping[str, Any], sheet: str | None) -> None:
    """Write the JSON file and the Markdown page; `sheet` is the file name of the contact sheet beside them."""
    content = {"facts": dict(facts), "settings": truth.settings, **summary.as_json()}
    (folder / JSON_NAME).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (folder / MARKDOWN_NAME).write_text("\n".join(_markdown(summary, truth, facts, sheet)) + "\n", encoding="utf-8")


_HEADLINE = ("figure", "severity 3-5", "all severities", "n", "constant, 3-5", "constant, all")
_SCORES = ("scorer", "severity", "added badness", "worse than untouched", "on the untouched photo", "unscored")


def headline_rows(summary: Summary) -> list[Row]:
    """One row per metric: clear distortions, all, how many, and the run that always says the same."""
    rows: list[Row] = []
    for metric, name in METRICS.items():
        constant, overall = summary.constant.get(metric, NOTHING), summary.overall[metric]
        said = _constant_yes_no(summary) if metric == "yes_no" else _value(constant)
        clear = str(summary.clear[metric]) if metric in REGION_METRICS else ""
        clear_constant = _value(summary.constant_clear[metric]) if metric in REGION_METRICS else ""
        rows.append((name, clear, str(overall), str(overall.n), clear_constant, said))
    return rows


def score_rows(summary: Summary) -> list[Row]:
    """One row per scorer."""
    return [
        (
            score["scorer"],
            *(str(score[key]) for key in ("severity", "rise", "worse", "untouched")),
            str(score["unscored"]),
        )
        for score in summary.scores
    ]


def _constant_yes_no(summary: Summary) -> str:
    return f"yes {_value(summary.always_yes)}, no {_value(summary.always_no)}"


def _value(figure: Figure) -> str:
    return "-" if figure.value is None else f"{figure.value:.2f}"


def _markdown(summary: Summary, truth: Truth, facts: Mapping[str, Any], sheet: str | None) -> Iterator[str]:
    settings, counts = truth.settings, summary.counts
    yield "# Planted benchmark"
    yield ""
    yield (
        f"{counts.annotated} images of {counts.photos} photos from `{settings['folder']}` (seed {settings['seed']}): "
        f"{counts.planted} planted regions, {counts.untouched} untouched photos. "
        f"Recipe `{facts['recipe']}`, annotate {facts['version']}, fingerprint `{str(facts['fingerprint'])[:12]}`. "
        "Intervals are 95 % bootstrap intervals over photos."
    )
    if counts.annotated < counts.images:
        yield ""
        yield f"The run annotated {counts.annotated} of the truth's {counts.images} images; the others are not counted."
    yield ""
    yield from _table(_HEADLINE, headline_rows(summary))
    yield ""
    yield (
        "*constant* always claims the most common family in a box of the mean planted size in the middle of the image; "
        "for yes-no questions it is the share of right answers of always-yes and of always-no."
    )
    for title, groups in (("By planted family", summary.by_family), ("By planted severity", summary.by_severity)):
        yield from ("", f"## {title}", "")
        rows = [
            (name, str(figures["recall"].n), *(_value(figures[metric]) for metric in _BY_GROUP))
            for name, figures in groups.items()
        ]
        yield from _table(("", "regions", *_BY_GROUP), rows)
    yield from ("", "## Claims by family", "")
    claims = [
        (
            family,
            str(figures["precision"].n),
            _value(figures["precision"]),
            f"{summary.alarms_by_family.get(family, 0.0):.2f}",
        )
        for family, figures in summary.by_family.items()
    ]
    yield from _table(("claimed family", "claims", "precision", "untouched photos with an alarm"), claims)
    yield from _scores_markdown(summary)
    if sheet is not None:
        yield from ("", f"![Contact sheet: what was planted and what was found]({sheet})")


def _scores_markdown(summary: Summary) -> Iterator[str]:
    yield from ("", "## Score honesty", "")
    if summary.scores:
        yield from _table(_SCORES, score_rows(summary))
        yield from ("", "Rank correlation with planted severity, by family:", "")
        names = [score["scorer"] for score in summary.scores]
        rows = [
            (family, *(_plain(score["by_family"][family]) for score in summary.scores)) for family in summary.by_family
        ]
        yield from _table(("family", *names), rows)
    for name, reason in summary.left_out.items():
        yield from ("", f"Left out: {name}, because {reason}.")


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"

"""The figures of an evaluation as a plot: values with intervals, constant baselines beside them (extra `eval`)."""

from __future__ import annotations

from pathlib import Path

from annotate.evaluate.report import METRICS, PER_HUNDRED, Report

_MARKS = ("x", "+", "|", "1")


def draw(path: Path, report: Report) -> None:
    """Write the plot as PNG; everything is on the scale 0-1."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figures = report.evaluation.figures
    names = [name for name in METRICS if name in figures and figures[name].value is not None][::-1]
    plot = Figure(figsize=(8, 1.2 + 0.32 * len(names)), layout="constrained")
    FigureCanvasAgg(plot)
    axes = plot.subplots()
    for height, name in enumerate(names):
        figure, scale = figures[name], 100 if name in PER_HUNDRED else 1
        ends = [bound / scale for bound in (figure.low, figure.high) if bound is not None]
        axes.plot(ends, [height] * len(ends), color="tab:blue", linewidth=2)
        axes.plot([(figure.value or 0.0) / scale], [height], "o", color="tab:blue")
    for (baseline, constant), mark in zip(report.baselines.items(), _MARKS, strict=False):
        shown = ((constant[name].value, height) for height, name in enumerate(names) if name in constant)
        known = [(value, height) for value, height in shown if value is not None]
        if known:
            axes.scatter(
                [value for value, _ in known], [height for _, height in known], marker=mark, c="tab:red", label=baseline
            )
    axes.set_yticks(range(len(names)), [METRICS[name] for name in names])
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("0-1 (BLEU and LLM-Score: of 100); 95 % bootstrap intervals over images (or photos)")
    if report.baselines:
        plot.legend(loc="outside upper right", ncols=len(report.baselines), fontsize="small")
    plot.savefig(path, dpi=120, format="png", metadata={"Software": None})

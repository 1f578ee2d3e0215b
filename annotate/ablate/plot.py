"""Curves over the number of images with their bands, constant baselines as lines (extra `eval`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from annotate.ablate.fit import PowerLaw
from annotate.ablate.table import Curve
from annotate.bench.planted.figures import Figure
from annotate.evaluate.report import METRICS
from manifests.atomic import Disk, write_file

_DASHES = ("--", ":", "-.")


def draw(path: Path, curves: Sequence[Curve], baselines: Mapping[str, Mapping[str, Figure]]) -> None:
    """Write one panel a metric as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Plot

    metrics = list(dict.fromkeys(curve.metric for curve in curves))
    plot = Plot(figsize=(5 * max(len(metrics), 1), 4), layout="constrained")
    FigureCanvasAgg(plot)
    panels = plot.subplots(1, max(len(metrics), 1), squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=False):
        for number, curve in enumerate([each for each in curves if each.metric == metric]):
            colour = f"C{number}"
            known = [
                (images, figure.value, figure.low, figure.high)
                for images, figure in zip(curve.images, curve.figures, strict=True)
                if figure.value is not None and figure.low is not None and figure.high is not None
            ]
            if not known:
                continue
            images, values, lows, highs = zip(*known, strict=True)
            axes.plot(images, values, "o-", color=colour, label=curve.label)
            axes.fill_between(images, lows, highs, color=colour, alpha=0.15, linewidth=0)
            law = curve.law()
            if isinstance(law, PowerLaw):
                fine = np.geomspace(images[0], images[-1], 60)
                axes.plot(fine, 1 - law.error_at(fine), color=colour, linewidth=0.8, linestyle="--")
        for (name, constant), dash in zip(baselines.items(), _DASHES, strict=False):
            value = constant[metric].value if metric in constant else None
            if value is not None:
                axes.axhline(value, color="grey", linestyle=dash, linewidth=1, label=name)
        axes.set_xscale("log", base=2)
        axes.set_xlabel("images trained on")
        axes.set_title(METRICS.get(metric, metric))
        axes.legend(fontsize="small")
    write_file(
        Disk(), path, lambda temporary: plot.savefig(temporary, dpi=120, format="png", metadata={"Software": None})
    )

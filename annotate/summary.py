"""The last thing that a run says: what came out, how fast, and where to look next."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from annotate.console import clock
from annotate.figures import Figures
from manifests.ledger import Status


def print_summary(console: Console, out: Path, status: Status, figures: Figures | None) -> None:
    """Outcomes, records per table, figures of this session, next steps."""
    console.print(outcome_table(status))
    if figures is None:
        console.print("nothing to do: every shard was there already")
    else:
        _print_figures(console, figures)
    console.print(f"look at it:   annotate view {escape(str(out))}", soft_wrap=True)
    if status.outcomes.get("failed"):
        console.print(
            f"failed rows:  annotate status {escape(str(out))}; --retry-failed does their shards again", soft_wrap=True
        )
    console.print(f"read about it: {escape(str(out / 'README.md'))}", soft_wrap=True)


def outcome_table(status: Status) -> Table:
    """Inputs by outcome beside records by table."""
    table = Table("outcome", "inputs", "table", "records")
    beyond = {"beyond --take": status.not_taken} if status.not_taken else {}
    pending = {"not done yet": status.pending_images} if status.pending_images else {}
    left = [(name, f"{count:,}") for name, count in {**status.outcomes, **pending, **beyond}.items()]
    left.append(("all", f"{status.inputs:,}"))
    right = [(name, f"{count:,}") for name, count in sorted(status.rows.items())]
    for index in range(max(len(left), len(right))):
        table.add_row(
            *(left[index] if index < len(left) else ("", "")), *(right[index] if index < len(right) else ("", ""))
        )
    return table


def _print_figures(console: Console, figures: Figures) -> None:
    stages = Table("stage", "images/s of one worker", "share of the work")
    costs = {stage: 1 / speed for stage, speed in figures.stage_images_per_second.items() if speed}
    for stage, cost in costs.items():
        stages.add_row(stage, f"{1 / cost:,.1f}", f"{cost / sum(costs.values()):.0%}")
    console.print(stages)
    if figures.reused:
        console.print(f"{figures.reused:,} of {figures.images:,} images were re-used up to the first stage above")
    if figures.asked:
        console.print(_asked(figures))
    console.print(
        f"{figures.images:,} images in {clock(figures.seconds_total)}: {figures.images_per_second:.2f} images/s with "
        f"{figures.workers} workers, efficiency {figures.efficiency:.2f} (time in stages over worker time); "
        f"start {figures.seconds_startup:.1f} s, first shard after {figures.seconds_to_first_shard:.1f} s, "
        f"peak memory of driver and workers {figures.peak_memory_bytes / 2**30:.2f} GiB",
        soft_wrap=True,
    )


def _asked(figures: Figures) -> Table:
    """What the stages asked of language models."""
    table = Table("asks a model", "requests", "of them again", "without a valid reply", "tokens read", "tokens written")
    for stage in dict.fromkeys(name.partition(".")[0] for name in figures.asked):
        kinds = ("asked", "retried", "failed", "prompt_tokens", "completion_tokens")
        table.add_row(stage, *(f"{figures.asked.get(f'{stage}.{kind}', 0):,}" for kind in kinds))
    table.caption = f"{figures.tokens_per_second:,.0f} tokens/s written"
    return table

"""`annotate status`: how far a run is, and why rows are not ok; it takes no lock and starts nothing."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from annotate.summary import outcome_table
from manifests.ledger import read_status
from manifests.sessions import read_sessions


def print_status(out: Path, console: Console) -> None:
    """Print shards, outcomes, reasons and sessions. Raises OutputError when the folder is no run."""
    status = read_status(out)
    state = "finished" if status.finished else "not finished"
    if status.holder is not None:
        state = f"worked on by process {status.holder.pid} on {status.holder.host}"
    console.print(
        f"{escape(str(out))}: {state}, {status.shards_done:,} of {status.shards:,} shards committed", soft_wrap=True
    )
    console.print(outcome_table(status))
    reasons = [said for said in status.reasons if said.reason]
    if reasons:
        table = Table("outcome", "stage", "reason", "inputs")
        for said in reasons[:30]:
            table.add_row(said.outcome, said.stage or "", escape(said.reason or ""), f"{said.count:,}")
        console.print(table)
    for number, session in enumerate(read_sessions(out), 1):
        console.print(
            f"session {number}: {session['images']:,} images at {session['images_per_second']:.2f} images/s, "
            f"{session['workers']} workers, efficiency {session['efficiency']:.2f}",
            soft_wrap=True,
        )
    if not status.finished and status.holder is None:
        console.print("the same `annotate run` command goes on from here")

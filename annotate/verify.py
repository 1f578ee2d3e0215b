"""`annotate verify`: one line for each broken promise, then a sentence."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from annotate.console import count_progress
from manifests.verify import verify_run

VIOLATED = 3


def print_verification(out: Path, console: Console) -> int:
    """Verify an output folder, print what is wrong and return the exit code. Raises OutputError if it is no run."""
    with count_progress("verifying") as on_progress:
        seen = verify_run(
            out, lambda violation: console.print(str(violation), markup=False, soft_wrap=True), on_progress
        )
    looked = f"{seen.images:,} images in {seen.shards:,} of {seen.shards_planned:,} shards"
    wrong = f"{len(seen.violations):,} violations" if seen.violations else "everything is as it should be"
    unfinished = "" if seen.finished else " (the run is not finished)"
    console.print(f"{looked}{unfinished}: {wrong}", markup=False)
    return VIOLATED if seen.violations else 0

"""The command as a user types it, over images that somebody else knows the truth of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from annotate.run import FINISHED_WITH_FAILED_ROWS
from manifests.errors import AnnotateError


def annotate_blind(images: Path, out: Path, recipe: str, overrides: Sequence[str]) -> None:
    """Run a recipe in a process of its own that is told of the image folder and of nothing else.

    Raises AnnotateError when the run does not finish; failed rows are a finish.
    """
    settings = [option for override in overrides for option in ("--set", override)]
    command = [sys.executable, "-m", "annotate", "run", "--images", str(images), "--out", str(out)]
    done = subprocess.run([*command, "--recipe", recipe, *settings], check=False, stdout=subprocess.DEVNULL)
    if done.returncode not in (0, FINISHED_WITH_FAILED_ROWS):
        raise AnnotateError(
            f"annotate run ended with exit code {done.returncode} (its own message stands above); with --keep, "
            "run it again on the kept images and score it with --from"
        )

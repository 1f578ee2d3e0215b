"""A user's own stage, from a package of his own, that fails in every way in which an image can make a stage fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RECIPE = """
recipe: poisoned
summary: load, and a stage that some images make fail
stages:
  - load:
  - poison:
execution:
  load: {batch_size: 4}
  poison: {batch_size: 4, deadline_s: 2}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe with the package's stage."""
    path = tmp_path / "poisoned.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def poisoned(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `annotate ARGUMENTS` where the package is, as a script does in the background: SIGINT is ignored."""
    package = Path(__file__).with_name("package")
    installed = {**environment, "PYTHONPATH": os.pathsep.join([environment["PYTHONPATH"], str(package)])}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        background = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
        command = [*background, sys.executable, "-m", "annotate", *map(str, arguments)]
        return subprocess.run(command, env=installed, capture_output=True, text=True, timeout=240, check=False)

    return run

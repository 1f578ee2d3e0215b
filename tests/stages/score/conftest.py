"""A photograph with two regions, as the stages before `score` leave it."""

from __future__ import annotations

from pathlib import Path

import pytest

from manifests.records import ImageRecord, Region


@pytest.fixture
def photo_row(photos: Path) -> ImageRecord:
    """The espresso, 600 x 400 px."""
    regions = [
        Region(region_id=number, label="thing", phrase="thing", box_xyxy_px=box, source="detector")
        for number, box in enumerate([(150.0, 0.0, 450.0, 280.0), (20.0, 300.0, 60.0, 330.0)], 1)
    ]
    content = (photos / "espresso.png").read_bytes()
    return ImageRecord(image_id="espresso", uri="espresso.png", content=content, width=600, height=400, regions=regions)

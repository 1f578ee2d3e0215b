"""The small model learns to see from planted masks: labels that are exact, patches in the processor's order, sight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from annotate.train.small.build import write_small_model
from annotate.train.small.sight import CELLS, Planted, Sight, _patch_rows, plant_all, plant_views
from annotate.train.small.views import SIDE_PX
from manifests.vocabulary import FAMILIES

pytestmark = pytest.mark.filterwarnings("ignore")

SEED = 3


@pytest.fixture(scope="module")
def planted(photos: Path) -> Planted:
    return Planted.together([plant_views(photos / name, 40) for name in ("astronaut.jpg", "espresso.png")])


@pytest.fixture(scope="module")
def folder(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("small") / "start"
    write_small_model(made, ["Is there noise?\nYes."], list(planted.views), SEED)
    return made


@pytest.fixture
def sight(folder: Path) -> Sight:
    torch.manual_seed(SEED)
    model: Any = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    return Sight(model.model.visual)


def test_views_of_a_photo_are_planted_alike_each_time_and_most_of_them_show_something(photos: Path) -> None:
    first, again = (plant_views(photos / "astronaut.jpg", 12) for _ in range(2))
    assert np.array_equal(first.views, again.views)
    assert np.array_equal(first.labels, again.labels)
    assert first.views.shape[1:] == (SIDE_PX, SIDE_PX, 3)
    assert first.labels.shape[1:] == (len(FAMILIES), CELLS, CELLS)
    assert first.labels.min() >= 0
    assert first.labels.max() == 1
    assert first.labels.any(axis=(1, 2, 3)).mean() > 0.7


def test_photos_are_set_aside_whole(photos: Path) -> None:
    files = sorted(photos.glob("*.jpg"))
    learned, judged = plant_all(files, 3 * len(files))
    apart = {view.tobytes() for view in learned.views}, {view.tobytes() for view in judged.views}
    assert apart[0]
    assert apart[1]
    assert not apart[0] & apart[1]


def test_patches_stand_in_the_order_of_the_models_own_processor(folder: Path, planted: Planted) -> None:
    processor = AutoProcessor.from_pretrained(folder).image_processor
    expected = processor(images=list(planted.views[:3]), return_tensors="pt")["pixel_values"]
    assert torch.allclose(_patch_rows(planted.views[:3]), expected, atol=1e-5)


def test_it_comes_to_see_what_was_planted(sight: Sight, planted: Planted) -> None:
    said: list[str] = []
    before = sight.figures(planted)["family_accuracy"]
    sight.learn(planted, 60, SEED, said.append)
    assert sight.figures(planted)["family_accuracy"] > before + 0.1
    assert said[-1].startswith("step 60 of 60")

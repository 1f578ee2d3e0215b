"""The small model before its training: what follows from its data, and what must be the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from annotate.train.small.build import CELLS, PATCH_PX, write_small_model

pytestmark = pytest.mark.filterwarnings("ignore")

TEXTS = [
    "Is the [dog](<12, 345>) on the left affected by noise?\nYes.",
    "What degrades the dog?\nCompression and blur.",
]
SEED = 3


@pytest.fixture(scope="module")
def images(photos: Path) -> list[npt.NDArray[np.uint8]]:
    found = []
    for name in ("astronaut.jpg", "espresso.png"):
        photo = cv2.imread(str(photos / name))
        assert photo is not None
        found.append(np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB), dtype=np.uint8)[:192, :192])
    return found


@pytest.fixture(scope="module")
def folder(images: list[npt.NDArray[np.uint8]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("small") / "start"
    write_small_model(made, TEXTS, images, SEED)
    return made


def test_every_cell_of_the_grid_is_one_token_and_texts_come_back_unchanged(folder: Path) -> None:
    tokenizer: Any = AutoProcessor.from_pretrained(folder).tokenizer
    assert all(len(tokenizer(str(cell), add_special_tokens=False)["input_ids"]) == 1 for cell in range(CELLS))
    for text in TEXTS:
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_the_first_layer_gives_the_faint_and_the_strong_components_of_photographs_alike(
    folder: Path, images: list[npt.NDArray[np.uint8]]
) -> None:
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    patches = AutoProcessor.from_pretrained(folder).image_processor(images=images, return_tensors="pt")["pixel_values"]
    assert patches.shape[1] == 3 * 2 * PATCH_PX**2
    with torch.no_grad():
        deviations = model.model.visual.patch_embed(patches).std(dim=0)
    assert 0.5 < deviations.median() < 1.5
    assert deviations.max() < 2


def test_the_same_data_and_seed_give_the_same_weights(
    folder: Path, images: list[npt.NDArray[np.uint8]], tmp_path: Path
) -> None:
    write_small_model(tmp_path / "again", TEXTS, images, SEED)
    write_small_model(tmp_path / "other", TEXTS, images, SEED + 1)
    weights = "model.safetensors"
    assert (tmp_path / "again" / weights).read_bytes() == (folder / weights).read_bytes()
    assert (tmp_path / "other" / weights).read_bytes() != (folder / weights).read_bytes()

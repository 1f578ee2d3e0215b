"""Re-used rows: taken back stage by stage, a finished row is what it was on its way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from manifests.recipe import load_recipe
from manifests.records import ImageRecord
from manifests.sources import content_id
from stages.registry import build_chain
from stages.rewind import rewind, shared_stages
from stages.stage import Stage

NOT_TAKEN_BACK = {"content", "seconds", "tallies", "passed", "outcome"}


def chain(*overrides: str, recipe: str = "embedded") -> list[Stage]:
    return build_chain(load_recipe(recipe, overrides))


def spoilt(path: Path) -> bytes:
    """The photo with a noisy and a blurred patch, so that every stage has something to do."""
    image = cv2.imread(str(path))
    height, width = image.shape[:2]
    noisy = image[: height // 2, : width // 2]
    noise = np.random.default_rng(0).normal(0, 30, noisy.shape)
    image[: height // 2, : width // 2] = np.clip(noisy + noise, 0, 255)
    image[height // 2 :, width // 2 :] = cv2.GaussianBlur(image[height // 2 :, width // 2 :], (0, 0), 6)
    return cv2.imencode(".png", image)[1].tobytes()


@pytest.fixture
def row(photos: Path, tmp_path: Path) -> Callable[[str], ImageRecord]:
    def planned(name: str) -> ImageRecord:
        content = spoilt(photos / name)
        (tmp_path / name).write_bytes(content)
        return ImageRecord(image_id=content_id(content), uri=name, location=str(tmp_path / name))

    return planned


TEXTS = ["The man in the black shirt is sharp. The background is blurred, and the picture is dull."]


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        ("embedded", "billiards.jpg"),
        ("embedded", "cyclist.jpg"),
        ("embedded", "pagoda.jpg"),
        ("giqa-embedded", "billiards.jpg"),
        ("giqa-embedded", "cyclist.jpg"),
    ],
)
def test_a_finished_row_goes_back_through_every_state_that_it_had(
    recipe: str, name: str, row: Callable[[str], ImageRecord]
) -> None:
    stages = chain(recipe=recipe)
    live: ImageRecord = row(name).model_copy(update={"texts": TEXTS})
    states: list[dict[str, object]] = []
    for stage in stages:
        states.append(live.model_dump(exclude=NOT_TAKEN_BACK))
        stage.open()
        stage([live])
    assert live.regions
    for shared in range(1, len(stages)):
        back = live.model_copy(deep=True)
        rewind(back, stages, shared)
        assert back.model_dump(exclude=NOT_TAKEN_BACK) == states[shared], f"before {stages[shared].name}"
        assert back.passed == shared


@pytest.mark.parametrize(
    ("done", "wanted", "first_redone"),
    [
        ([], [], None),
        ([], ["question.yes_no=2"], "question"),
        ([], ["describe.local_passages=1"], "describe"),
        ([], ["merge.t_o=0.5"], "merge"),
        ([], ["load.min_side_px=64"], "load"),
        (["check.drop=true"], ["check.drop=true", "question.yes_no=2"], "question"),
        (["check.drop=true"], [], "describe"),
    ],
)
def test_all_stages_up_to_the_first_that_differs_are_shared(
    done: list[str], wanted: list[str], first_redone: str | None
) -> None:
    stages, finished = chain(*wanted), chain(*done)
    shared = shared_stages([stage.identity() for stage in finished], finished, stages)
    assert (stages[shared].name if shared < len(stages) else None) == first_redone


def test_an_image_that_was_changed_by_a_stage_is_made_anew() -> None:
    done = chain(recipe="spider-synthetic")
    wanted = chain("question.refer=1", recipe="spider-synthetic")
    assert shared_stages([stage.identity() for stage in done], done, wanted, keep_content=True) == 0

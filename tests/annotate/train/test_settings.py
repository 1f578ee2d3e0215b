"""Training recipes and what follows from them: batches, held-out images, figures of the curve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from annotate.train.batches import batch_plan, held_out_images
from annotate.train.curve import points_of, write_curve
from annotate.train.settings import load_settings, training_recipe_names
from manifests.errors import RecipeError


def test_the_papers_recipe_says_what_the_paper_says() -> None:
    settings = load_settings("train-giqa")
    assert (settings.method, settings.epochs, settings.batch) == ("full", 2, 64)
    assert (settings.learning_rate, settings.betas) == (2e-5, (0.9, 0.999))
    assert (settings.schedule, settings.warmup_ratio) == ("cosine", 0.03)


def test_every_shipped_recipe_is_named_by_its_file() -> None:
    assert training_recipe_names() == ["train-giqa", "train-lora", "train-small"]
    assert all(load_settings(name).recipe == name for name in training_recipe_names())


def test_options_are_overridden_one_by_one() -> None:
    settings = load_settings(
        "train-lora", ("lora.rank=8", "lora.rest=frozen", "learning_rate=1e-5", "batch=16"), seed=7
    )
    assert (settings.adapters.rank, settings.adapters.alpha, settings.adapters.rest) == (8, 128, "frozen")
    assert (settings.learning_rate, settings.batch, settings.seed) == (1e-5, 16, 7)


@pytest.mark.parametrize(
    ("override", "fact"),
    [
        ("rate=1", "should read key=value with a key of the training recipe"),
        ("learning_rate", "should read key=value"),
        ("learning_rate=-1", "learning_rate: Input should be greater than 0"),
        ("learning_rate=fast", "learning_rate"),
        ("lora.rank=0", "lora.rank"),
        ("lora.size=4", "lora.size: no such option"),
        ("betas=[0.9, 1.0]", "betas must be from 0 to below 1"),
        ("method=half", "method"),
        ("vision=frozen", "vision stands only with method: full"),
        ("recipe=mine", "should read key=value"),
    ],
)
def test_an_override_that_fits_nothing_is_one_line(override: str, fact: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_settings("train-lora", (override,))
    assert fact in str(error.value)
    assert "\n" not in str(error.value)


def test_adapters_stand_only_in_a_recipe_for_adapters() -> None:
    with pytest.raises(RecipeError, match="lora options stand only with method: lora"):
        load_settings("train-giqa", ("lora.rank=8",))


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (None, "cannot be read"),
        ("a: [", "not valid YAML"),
        ("- 1", "not a training recipe"),
        ("recipe: embedded\nstages: []", "not a training recipe"),
    ],
)
def test_a_file_that_is_no_training_recipe_is_one_line(tmp_path: Path, content: str | None, fact: str) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RecipeError, match=fact):
        load_settings(str(path))
    with pytest.raises(RecipeError, match="there are train-giqa, train-lora, train-small"):
        load_settings("mine")


@pytest.mark.parametrize(
    ("devices", "device_batch", "per_device", "accumulation"),
    [(1, 4, 4, 16), (8, 4, 4, 2), (4, 6, 4, 4), (64, 4, 1, 1), (1, 64, 64, 1)],
)
def test_passes_make_up_the_global_batch_exactly(
    devices: int, device_batch: int, per_device: int, accumulation: int
) -> None:
    plan = batch_plan(load_settings("train-giqa", (f"device_batch={device_batch}",)), devices)
    assert (plan.per_device, plan.accumulation) == (per_device, accumulation)
    assert plan.devices * plan.per_device * plan.accumulation == 64


def test_devices_that_cannot_share_a_batch_are_refused() -> None:
    with pytest.raises(RecipeError, match="batch 64 cannot be shared by 3 devices"):
        batch_plan(load_settings("train-giqa"), 3)


def test_held_out_images_depend_on_the_images_alone() -> None:
    ids = [f"{number:032x}" for number in range(400)]
    one, other = (load_settings("train-small", (f"seed={seed}", "held_out=0.05")) for seed in (0, 1))
    assert held_out_images(ids, one) == held_out_images(reversed(ids), other)
    assert len(held_out_images(ids, one)) == 20
    assert len(held_out_images(ids, load_settings("train-small", ("held_out=0.5", "held_out_most=7")))) == 7
    assert held_out_images(ids[:1], one) == held_out_images(ids, load_settings("train-small", ("held_out=0",))) == set()


def test_the_curve_has_one_point_a_step_with_what_was_said_last(tmp_path: Path) -> None:
    log = [
        {"step": 0, "eval_loss": 3.0},
        {"step": 10, "epoch": 0.5, "loss": 2.123456789, "learning_rate": 1e-3},
        {"step": 10, "epoch": 0.5, "eval_loss": 2.5},
        {"step": 10, "epoch": 0.5, "eval_loss": 2.4},
        {"step": 20, "epoch": 1.0, "train_runtime": 3.0},
    ]
    points = points_of(log)
    assert [point["step"] for point in points] == [0, 10]
    assert points[1] == {"step": 10, "epoch": 0.5, "loss": 2.12346, "learning_rate": 0.001, "held_out_loss": 2.4}
    write_curve(tmp_path, points)
    assert [json.loads(line) for line in (tmp_path / "curve.jsonl").read_text().splitlines()] == points
    assert (tmp_path / "curve.csv").read_text().splitlines()[1].startswith("0,0.0,,3.0")

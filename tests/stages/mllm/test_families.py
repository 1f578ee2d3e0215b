"""How each family of models counts coordinates and wants its image."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from manifests.geometry import box_of_n1000, box_of_resized, iou
from stages.mllm.families import (
    FAMILIES,
    PADDING_RGB,
    Family,
    Shown,
    family_of_folder,
    family_of_name,
    fitted_size,
    show,
    write_box,
)

QWEN = [FAMILIES[name] for name in ("qwen2-vl", "qwen2.5-vl", "qwen3-vl")]


def photo(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 200, np.uint8)


def numbers(said: str) -> list[float]:
    return [float(value) for value in said.strip("[]").split(", ")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", QWEN, ids=lambda family: family.name)
def test_the_size_is_the_one_that_the_models_own_processor_would_choose(family: Family) -> None:
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

    random = np.random.default_rng(0)
    for width, height in random.integers(30, 4000, (300, 2)).tolist():
        most = int(random.integers(80_000, 2_000_000))
        sizes = {"min_pixels": family.min_pixels, "max_pixels": min(most, family.max_pixels)}
        high, wide = smart_resize(height, width, factor=family.multiple, **sizes)
        assert fitted_size(width, height, family, most) == (wide, high)


@given(st.integers(30, 3000), st.integers(30, 3000), st.sampled_from(QWEN))
def test_an_image_that_was_fitted_is_left_alone_by_the_processor(width: int, height: int, family: Family) -> None:
    fitted = fitted_size(width, height, family, 1_048_576)
    assert fitted_size(*fitted, family, 1_048_576) == fitted


def test_each_family_counts_in_its_own_way() -> None:
    box = (100.0, 50.0, 300.0, 200.0)
    pixels = photo(400, 200)
    said = {name: write_box(box, show(pixels, family, 1_048_576), family) for name, family in FAMILIES.items()}
    assert said == {
        "qwen2-vl": "[250, 250, 750, 1000]",
        "qwen2.5-vl": "[98, 49, 294, 196]",
        "qwen3-vl": "[250, 250, 750, 1000]",
        "llava": "[0.25, 0.38, 0.75, 0.75]",
        "llava-next": "[0.25, 0.25, 0.75, 1.00]",
        "internvl": "[250, 250, 750, 1000]",
        "none": "",
    }


def test_pixels_of_qwen_2_5_are_those_of_the_image_as_it_is_sent() -> None:
    family = FAMILIES["qwen2.5-vl"]
    shown = show(photo(3000, 2000), family, 200_000)
    with Image.open(io.BytesIO(shown.content)) as image:
        assert image.size == (shown.sent_width, shown.sent_height) == (532, 364)
    assert write_box((0, 0, 3000, 2000), shown, family) == "[0, 0, 532, 364]"


boxes = st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(10, 100), st.integers(10, 100)).filter(
    lambda box: box[2] - box[0] >= 10 and box[3] - box[1] >= 10
)


@given(boxes, st.sampled_from(["qwen2-vl", "qwen2.5-vl", "qwen3-vl", "internvl"]))
def test_what_a_model_is_told_leads_back_to_the_box(percent: tuple[int, int, int, int], name: str) -> None:
    width, height, family = 1280, 853, FAMILIES[name]
    x1, y1, x2, y2 = percent
    box = (x1 * width / 100, y1 * height / 100, x2 * width / 100, y2 * height / 100)
    sent = fitted_size(width, height, family, 1_048_576)
    shown = Shown(b"", width, height, *sent, 0, 0, *sent)
    said = tuple(int(value) for value in numbers(write_box(box, shown, family)))
    assert len(said) == 4
    back = box_of_resized(said, width, height, *sent) if name == "qwen2.5-vl" else box_of_n1000(said, width, height)
    assert iou(back, box) > 0.97


def test_llava_sees_the_whole_image_inside_a_square() -> None:
    shown = show(photo(400, 200), FAMILIES["llava"], 1_048_576)
    with Image.open(io.BytesIO(shown.content)) as image:
        assert image.size == (400, 400)
        assert image.getpixel((200, 50)) == PADDING_RGB
        assert image.getpixel((200, 200)) == (200, 200, 200)


def test_an_image_that_fits_is_sent_without_loss() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    shown = show(pixels, FAMILIES["internvl"], 1_048_576)
    with Image.open(io.BytesIO(shown.content)) as image:
        assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Qwen/Qwen3-VL-8B-Instruct", "qwen3-vl"),
        ("qwen2.5vl:7b", "qwen2.5-vl"),
        ("Qwen2-VL-7B-Instruct-AWQ", "qwen2-vl"),
        ("OpenGVLab/InternVL3-8B", "internvl"),
        ("llava-hf/llava-1.5-7b-hf", "llava"),
        ("llava-v1.6-mistral-7b", "llava-next"),
        ("gemma3:12b", "none"),
    ],
)
def test_the_family_is_told_from_the_name_at_an_endpoint(name: str, family: str) -> None:
    assert family_of_name(name).name == family


@pytest.mark.filterwarnings("ignore")
def test_the_family_and_the_sizes_are_told_from_the_models_folder(tiny_vlm: Callable[[str], Path]) -> None:
    assert family_of_folder(tiny_vlm("qwen3-vl")) == Family("qwen3-vl", "n1000", 32, 4 * 32 * 32, 64 * 32 * 32)
    assert family_of_folder(tiny_vlm("qwen2.5-vl")) == Family("qwen2.5-vl", "resized", 28, 4 * 28 * 28, 64 * 28 * 28)


def test_a_model_of_no_known_family_is_spoken_to_in_words(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["SomethingNewForConditionalGeneration"]}))
    assert family_of_folder(tmp_path).coordinates == "none"

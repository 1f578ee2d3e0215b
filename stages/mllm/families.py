"""Families of vision-language models: how each counts coordinates, and the size in which it wants the image.

    family       coordinates                                           image
    qwen2-vl     0-1000 of width and height                            sides multiples of 28
    qwen2.5-vl   pixels of the image as the model sees it              sides multiples of 28
    qwen3-vl     0-1000 of width and height                            sides multiples of 32
    llava        0-1 of the square that the image is padded to         padded to a square
    llava-next   0-1 of width and height                               as it is
    internvl     0-1000 of width and height                            as it is
    none         no coordinates are said, places are words             as it is

We resize the image ourselves, by the rule that the model's own processor follows, so that the processor leaves it as
it is: then pixels "as the model sees it" are known at an endpoint too.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from manifests.geometry import n1000_of_box, resized_of_box, unit_of_box
from manifests.records import BoxXYXYPx
from manifests.weights import local_path
from stages.mllm.options import ModelOptions

Coordinates = Literal["n1000", "resized", "unit", "none"]

PADDING_RGB = (122, 116, 104)
"""CLIP's mean colour, with which LLaVA pads."""


@dataclass(frozen=True)
class Family:
    """What has to be known of a model to show it an image and to speak of places in it."""

    name: str
    coordinates: Coordinates
    multiple: int = 1
    """Both sides of the image are multiples of this many pixels (patch size times merged patches)."""
    min_pixels: int = 1
    max_pixels: int = 2**31
    square: bool = False
    """Whether the image is padded to a square."""

    @property
    def convention(self) -> str:
        """The coordinates in words for a prompt; empty where none are said."""
        return _CONVENTIONS[self.coordinates]


@dataclass(frozen=True)
class Shown:
    """An image as it is sent: PNG bytes, and how pixels of the original lie in it.

    `width` and `height` are those of the original in pixels, `sent_*` those of the picture inside what is sent, and
    `canvas_*` those of what is sent; the picture's corner lies at (`left`, `top`).
    """

    content: bytes
    width: int
    height: int
    sent_width: int
    sent_height: int
    left: int
    top: int
    canvas_width: int
    canvas_height: int


_CONVENTIONS: dict[Coordinates, str] = {
    "n1000": "[x1, y1, x2, y2], whole numbers from 0 to 1000 of the image's width and height",
    "resized": "[x1, y1, x2, y2], in pixels of the image",
    "unit": "[x1, y1, x2, y2], fractions from 0 to 1 of the image's width and height",
    "none": "",
}

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("qwen2-vl", "n1000", multiple=28, min_pixels=56 * 56, max_pixels=28 * 28 * 1280),
        Family("qwen2.5-vl", "resized", multiple=28, min_pixels=56 * 56, max_pixels=12_845_056),
        Family("qwen3-vl", "n1000", multiple=32, min_pixels=65_536, max_pixels=16_777_216),
        Family("llava", "unit", square=True),
        Family("llava-next", "unit"),
        Family("internvl", "n1000"),
        Family("none", "none"),
    )
}

_ARCHITECTURES = {
    "Qwen2VLForConditionalGeneration": "qwen2-vl",
    "Qwen2_5_VLForConditionalGeneration": "qwen2.5-vl",
    "Qwen3VLForConditionalGeneration": "qwen3-vl",
    "Qwen3VLMoeForConditionalGeneration": "qwen3-vl",
    "LlavaForConditionalGeneration": "llava",
    "LlavaNextForConditionalGeneration": "llava-next",
    "LlavaOnevisionForConditionalGeneration": "llava-next",
    "InternVLForConditionalGeneration": "internvl",
    "InternVLChatModel": "internvl",
}

_NAMES = (
    (re.compile(r"qwen-?3[-_.]?vl"), "qwen3-vl"),
    (re.compile(r"qwen-?2[-_.]5[-_.]?vl"), "qwen2.5-vl"),
    (re.compile(r"qwen-?2[-_.]?vl"), "qwen2-vl"),
    (re.compile(r"intern-?vl"), "internvl"),
    (re.compile(r"llava[-_.]?(next|onevision|v?1[-_.]6)"), "llava-next"),
    (re.compile(r"llava"), "llava"),
)
"""Families by the names under which endpoints serve their models, most special first."""


def family_of(options: ModelOptions) -> Family:
    """The family that the options name, or that the model's folder or its name at the endpoint tells."""
    if options.endpoint is not None:
        return family_of_name(options.author) if options.family == "auto" else FAMILIES[options.family]
    folder = local_path(options.source())
    return family_of_folder(folder) if options.family == "auto" else with_sizes_of(folder, FAMILIES[options.family])


def family_of_folder(folder: Path) -> Family:
    """The family of a model's folder by its architecture, with the image sizes that its processor names.

    A model of no known family is spoken to in words alone.
    """
    architectures = _read(folder / "config.json").get("architectures") or [""]
    return with_sizes_of(folder, FAMILIES[_ARCHITECTURES.get(str(architectures[0]), "none")])


def family_of_name(name: str) -> Family:
    """The family of a model that only an endpoint knows, by its name."""
    found = [family for pattern, family in _NAMES if pattern.search(name.casefold())]
    return FAMILIES[found[0] if found else "none"]


def with_sizes_of(folder: Path, family: Family) -> Family:
    """The family with the smallest and largest image, and the patch size, of the processor in a model's folder."""
    said = _read(folder / "preprocessor_config.json") or _read(folder / "processor_config.json").get("image_processor")
    if family.multiple == 1 or not isinstance(said, Mapping):
        return family
    size = said.get("size") or {}
    smallest = said.get("min_pixels") or size.get("shortest_edge") or family.min_pixels
    largest = said.get("max_pixels") or size.get("longest_edge") or family.max_pixels
    patch, merge = said.get("patch_size"), said.get("merge_size")
    multiple = int(patch) * int(merge) if patch and merge else family.multiple
    return replace(family, multiple=multiple, min_pixels=int(smallest), max_pixels=int(largest))


def show(pixels: npt.NDArray[np.uint8], family: Family, max_pixels: int) -> Shown:
    """An image (uint8 RGB, [height, width, 3]) as the family wants it, of at most about `max_pixels` pixels."""
    height, width = pixels.shape[:2]
    sent_width, sent_height = fitted_size(width, height, family, max_pixels)
    picture = Image.fromarray(pixels)
    if (sent_width, sent_height) != (width, height):
        picture = picture.resize((sent_width, sent_height), Image.Resampling.BICUBIC)
    side = max(sent_width, sent_height)
    canvas = (side, side) if family.square else (sent_width, sent_height)
    left, top = (canvas[0] - sent_width) // 2, (canvas[1] - sent_height) // 2
    if canvas != picture.size:
        padded = Image.new("RGB", canvas, PADDING_RGB)
        padded.paste(picture, (left, top))
        picture = padded
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=1)
    return Shown(written.getvalue(), width, height, sent_width, sent_height, left, top, *canvas)


def fitted_size(width: int, height: int, family: Family, max_pixels: int) -> tuple[int, int]:
    """Width and height of the image as it is sent.

    Sides are rounded to the family's multiple; if the area then leaves its bounds, both sides are scaled by the same
    factor and rounded into them (the rule of the Qwen-VL processors). Other families only shrink.
    """
    side, most = family.multiple, min(max_pixels, family.max_pixels)
    wide, high = max(round(width / side), 1) * side, max(round(height / side), 1) * side
    if wide * high > most:
        factor = math.sqrt(width * height / most)
        return _floor(width / factor, side), _floor(height / factor, side)
    if wide * high < family.min_pixels:
        factor = math.sqrt(family.min_pixels / (width * height))
        return math.ceil(width * factor / side) * side, math.ceil(height * factor / side) * side
    return wide, high


def write_box(box_xyxy_px: BoxXYXYPx, shown: Shown, family: Family) -> str:
    """A box of the original in the family's own words: "[120, 40, 515, 388]"; empty where none are said."""
    match family.coordinates:
        case "none":
            return ""
        case "n1000":
            return _listed(n1000_of_box(box_xyxy_px, shown.width, shown.height))
        case "resized":
            box = resized_of_box(box_xyxy_px, shown.width, shown.height, shown.sent_width, shown.sent_height)
            return _listed(box)
        case "unit":
            unit = unit_of_box(_on_canvas(box_xyxy_px, shown), shown.canvas_width, shown.canvas_height)
            return _listed(tuple(f"{value:.2f}" for value in unit))


def _on_canvas(box_xyxy_px: BoxXYXYPx, shown: Shown) -> BoxXYXYPx:
    across, down = shown.sent_width / shown.width, shown.sent_height / shown.height
    x1, y1, x2, y2 = box_xyxy_px
    return (
        shown.left + x1 * across,
        shown.top + y1 * down,
        shown.left + x2 * across,
        shown.top + y2 * down,
    )


def _listed(values: tuple[object, ...]) -> str:
    return f"[{', '.join(str(value) for value in values)}]"


def _floor(length: float, side: int) -> int:
    return max(math.floor(length / side), 1) * side


def _read(path: Path) -> dict[str, Any]:
    """A JSON object of a model's folder; empty when there is none."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}

"""Examples as the trainer wants them: prompt and completion as messages, the image decoded when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from annotate.evaluate.images import pixels_of
from annotate.train.examples import Example
from annotate.train.images import ImageFile
from manifests.errors import InputError
from stages.mllm.families import FAMILIES, fitted_size

Images = Mapping[tuple[int, str], ImageFile]


def conversations(examples: Sequence[Example], images: Images, max_pixels: int) -> Any:
    """A `datasets.Dataset` of one question about one image each, with the answer that is to be learned.

    Images come upright and as `annotate eval` would send them: as they are, unless they have more than `max_pixels`.
    Reading a row raises InputError for an image that cannot be read.
    """
    from datasets import Dataset

    def rows(batch: Mapping[str, Sequence[int]]) -> dict[str, list[Any]]:
        asked = [examples[place] for place in batch["place"]]
        return {
            "prompt": [[_message("user", {"type": "image"}, _text(each.question))] for each in asked],
            "completion": [[_message("assistant", _text(each.answer))] for each in asked],
            "images": [[_picture(images[each.image], each.id, max_pixels)] for each in asked],
        }

    return Dataset.from_dict({"place": list(range(len(examples)))}).with_transform(rows)


def _message(role: str, *content: dict[str, str]) -> dict[str, Any]:
    return {"role": role, "content": list(content)}


def _text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def _picture(file: ImageFile, name: str, max_pixels: int) -> Image.Image:
    pixels = pixels_of(file.read(), name)
    height, width = pixels.shape[:2]
    picture, size = Image.fromarray(pixels), fitted_size(width, height, FAMILIES["none"], max_pixels)
    return picture if size == (width, height) else picture.resize(size, Image.Resampling.BICUBIC)


def check_texts(examples: Sequence[Example], special: Sequence[str]) -> None:
    """Raise InputError for a text that spells a special token of the model: a text of a run is content alone."""
    spelled = re.compile("|".join(re.escape(token) for token in special if token.strip()))
    for example in examples:
        found = spelled.search(example.question) or spelled.search(example.answer)
        if found:
            raise InputError(
                f"row {example.id} spells {found[0]!r}, which means something to this model; "
                "leave its image out, or mend the text it was made from"
            )

"""How each trainer wants a question, its answer and its image, and the command that trains on the result.

ms-swift and LLaMA-Factory: messages with an `<image>` tag, paths in `images`. LLaVA: one JSON list of conversations.
TRL: prompt and completion as messages; the model's chat template puts the image where it belongs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from annotate.train.examples import Example

FormatName = Literal["ms-swift", "llama-factory", "llava", "trl"]
FORMAT_NAMES: tuple[FormatName, ...] = get_args(FormatName)

IMAGE_TAG = "<image>"
TAGS = (IMAGE_TAG, "<video>", "<audio>", "<ref-object>", "<bbox>", "<image_placeholder>")
"""What trainers replace in texts: a text that spells one cannot be exported."""

TRAIN, HELD_OUT, DATASET_INFO = "train", "held-out", "dataset_info.json"
DATASET_NAMES = {TRAIN: "annotate_train", HELD_OUT: "annotate_held_out"}
"""Names of the two parts in LLaMA-Factory's dataset_info.json."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Format:
    """A trainer's format; `turns_upright`: whether it reads images by their EXIF orientation."""

    name: FormatName
    suffix: str
    turns_upright: bool
    command: str


FORMATS: Mapping[FormatName, Format] = {
    "ms-swift": Format(
        "ms-swift",
        "jsonl",
        False,
        "swift sft --model MODEL --tuner_type full --freeze_vit false --freeze_aligner false \\\n"
        "    --dataset train.jsonl --val_dataset held-out.jsonl --torch_dtype bfloat16 \\\n"
        "    --num_train_epochs 2 --learning_rate 2e-5 --lr_scheduler_type cosine --warmup_ratio 0.03 \\\n"
        "    --per_device_train_batch_size 4 --gradient_accumulation_steps 16 --output_dir trained",
    ),
    "llama-factory": Format(
        "llama-factory",
        "jsonl",
        False,
        "llamafactory-cli train --stage sft --do_train true --model_name_or_path MODEL --template TEMPLATE \\\n"
        "    --dataset_dir . --media_dir . --dataset annotate_train --eval_dataset annotate_held_out \\\n"
        "    --finetuning_type full --freeze_vision_tower false --freeze_multi_modal_projector false --bf16 true \\\n"
        "    --num_train_epochs 2 --learning_rate 2e-5 --lr_scheduler_type cosine --warmup_ratio 0.03 \\\n"
        "    --per_device_train_batch_size 4 --gradient_accumulation_steps 16 --output_dir trained",
    ),
    "llava": Format(
        "llava",
        "json",
        False,
        "python llava/train/train_mem.py --model_name_or_path MODEL --version v1 \\\n"
        "    --data_path train.json --image_folder . --image_aspect_ratio pad --bf16 True \\\n"
        "    --num_train_epochs 2 --learning_rate 2e-5 --lr_scheduler_type cosine --warmup_ratio 0.03 \\\n"
        "    --per_device_train_batch_size 4 --gradient_accumulation_steps 16 --output_dir trained",
    ),
    "trl": Format(
        "trl",
        "jsonl",
        True,
        "from datasets import Image, List, load_dataset\n\n"
        'files = {"train": "train.jsonl", "test": "held-out.jsonl"}\n'
        'data = load_dataset("json", data_files=files).cast_column("images", List(Image()))',
    ),
}


def row_of(name: FormatName, example: Example, image: str) -> Row:
    """One example as a row; `image` is the image's path from the exported folder."""
    if name == "llava":
        said = (("human", f"{IMAGE_TAG}\n{example.question}"), ("gpt", example.answer))
        return {
            "id": example.id,
            "image": image,
            "conversations": [{"from": speaker, "value": text} for speaker, text in said],
        }
    if name == "trl":
        return {
            "prompt": [_message("user", example.question)],
            "completion": [_message("assistant", example.answer)],
            "images": [image],
        }
    asked = _message("user", f"{IMAGE_TAG}{example.question}")
    return {"messages": [asked, _message("assistant", example.answer)], "images": [image]}


def tag_in(example: Example) -> str | None:
    """The first tag that a text of the example spells; None if there is none."""
    return next((tag for tag in TAGS if tag in example.question or tag in example.answer), None)


def file_text(suffix: str, rows: Iterable[Row]) -> Iterable[str]:
    """The text of a file, piece by piece: JSON lines, or one JSON list with a row a line."""
    if suffix == "jsonl":
        yield from (f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        return
    before = "[\n"
    for row in rows:
        yield f"{before}{json.dumps(row, ensure_ascii=False)}"
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def dataset_info(parts: Sequence[str]) -> dict[str, Any]:
    """LLaMA-Factory's description of the exported files, by the names of the parts."""
    return {
        DATASET_NAMES[part]: {
            "file_name": f"{part}.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "messages", "images": "images"},
            "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"},
        }
        for part in parts
    }


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}

"""A tiny vision-language model that has learnt where things are, and a benchmark that it has not seen.

`python taught_vlm.py FOLDER` writes FOLDER/model and FOLDER/bench in about a minute on one core. The pictures are
bright rectangles on a dark ground; the answers are IQA-Spider's position words, by the rectangle's centre.
"""

from __future__ import annotations

import hashlib
import io
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from annotate.evaluate.review import write_rows
from manifests.geometry import position_horizontal, position_vertical
from manifests.masks import encode_mask, mask_of_box
from manifests.records import BoxXYXYPx, ImageRecord, Question, Region
from manifests.tables import POINTS, VQA
from stages.point import PointConfig, point_label

WIDTH, HEIGHT = 160, 128
QUESTION = "Which region of this image is degraded the most?"
STEPS, BATCH, RATE = 400, 16, 2e-3
TESTED = 160


def picture(rng: np.random.Generator) -> tuple[Image.Image, BoxXYXYPx]:
    """A picture and its rectangle."""
    wide, high = int(rng.integers(24, 72)), int(rng.integers(20, 56))
    left, top = int(rng.integers(0, WIDTH - wide + 1)), int(rng.integers(0, HEIGHT - high + 1))
    pixels = rng.integers(10, 90, 3) + rng.integers(0, 20, (HEIGHT, WIDTH, 1))
    pixels[top : top + high, left : left + wide] = rng.integers(150, 255, 3)
    return Image.fromarray(pixels.astype(np.uint8)), (left, top, left + wide, top + high)


def answer(box_xyxy_px: BoxXYXYPx) -> str:
    """The reference answer."""
    return f"The area at the {position_vertical(box_xyxy_px, HEIGHT)} {position_horizontal(box_xyxy_px, WIDTH)}."


def teach(untaught: Path, folder: Path) -> None:
    """Fine-tune the model in one folder, with loss on the answers alone, and write it into the other."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    processor: Any = AutoProcessor.from_pretrained(untaught)
    processor.tokenizer.padding_side = "right"
    model: Any = AutoModelForImageTextToText.from_pretrained(untaught, dtype=torch.float32)
    said = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": QUESTION}]}]
    prompt = processor.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
    for step in range(STEPS):
        drawn = [picture(rng) for _ in range(BATCH)]
        ends = [f"{answer(box)}<|im_end|>" for _, box in drawn]
        inputs = processor(
            text=[prompt + end for end in ends],
            images=[[image] for image, _ in drawn],
            padding=True,
            return_tensors="pt",
        )
        labels = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
        for row, end in enumerate(ends):
            length = int(inputs["attention_mask"][row].sum())
            labels[row, : length - len(processor.tokenizer.encode(end, add_special_tokens=False))] = -100
        loss = model(**inputs, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        if step % 50 == 0:
            sys.stdout.write(f"step {step}: loss {loss.item():.3f}\n")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


def write_bench(folder: Path) -> None:
    """Write pictures that the model was not taught with, as `annotate bench make --tasks spider` writes them."""
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(99)
    records = [record(folder, *picture(rng)) for _ in range(TESTED)]
    for name, table in (("vqa", VQA), ("points", POINTS)):
        write_rows(folder / f"{name}.parquet", [row for each in records for row in table.rows(each, "")], table.schema)


def record(folder: Path, image: Image.Image, box_xyxy_px: BoxXYXYPx) -> ImageRecord:
    """One picture of the benchmark, written into its folder."""
    written = io.BytesIO()
    image.save(written, "PNG")
    image_id = hashlib.sha256(written.getvalue()).hexdigest()[:32]
    (folder / "images" / f"{image_id}.png").write_bytes(written.getvalue())
    region = Region(
        region_id=1, label="area", phrase="area", box_xyxy_px=box_xyxy_px, source="planted",
        mask=encode_mask(mask_of_box(box_xyxy_px, WIDTH, HEIGHT)),
    )  # fmt: skip
    question = Question(
        id=f"{image_id}-q01", question=QUESTION, answer=answer(box_xyxy_px), question_plain=QUESTION,
        answer_plain=answer(box_xyxy_px), family="ground", spatial="grounding", region_ids=[1], author="taught_vlm",
    )  # fmt: skip
    return ImageRecord(
        image_id=image_id, uri=f"images/{image_id}.png", width=WIDTH, height=HEIGHT, regions=[region],
        questions=[question], points=[point_label(region, image_id, WIDTH, HEIGHT, PointConfig())],
    )  # fmt: skip


if __name__ == "__main__":
    target = Path(sys.argv[1])
    script = runpy.run_path(str(Path(__file__).with_name("tiny_vlm.py")))
    script["write_checkpoint"](target / "untaught", "qwen3-vl")
    teach(target / "untaught", target / "model")
    write_bench(target / "bench")

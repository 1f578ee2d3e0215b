"""A benchmark of two small pictures whose regions are planted by hand, and a tiny SAM of random weights."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotate.evaluate.review import write_rows
from manifests.masks import encode_mask, mask_of_box
from manifests.records import BoxXYXYPx, ImageRecord, Question, Region
from manifests.tables import POINTS, VQA
from stages.point import PointConfig, point_label

WIDTH, HEIGHT = 160, 120

PLACES: tuple[tuple[BoxXYXYPx, str], ...] = (
    ((16.0, 12.0, 64.0, 54.0), "The [area](<21, 167>) at the top left."),
    ((96.0, 66.0, 144.0, 108.0), "The [area](<232, 357>) at the bottom right."),
)
QUESTIONS = ("Which region of this image is degraded the most?", "Which region shows the most blur?")


@pytest.fixture
def spider_bench(tmp_path: Path) -> Path:
    """A folder as `bench make --tasks spider` writes it: two pictures, each with a bright box and two questions."""
    folder = tmp_path / "bench"
    (folder / "images").mkdir(parents=True)
    records = [_record(folder, box, answer) for box, answer in PLACES]
    for name, table in (("vqa", VQA), ("points", POINTS)):
        write_rows(folder / f"{name}.parquet", [row for each in records for row in table.rows(each, "")], table.schema)
    return folder


def _record(folder: Path, box_xyxy_px: BoxXYXYPx, answer: str) -> ImageRecord:
    inside = mask_of_box(box_xyxy_px, WIDTH, HEIGHT)
    pixels = np.where(inside[..., None], 220, 40).astype(np.uint8).repeat(3, axis=2)
    image_id = hashlib.sha256(pixels.tobytes()).hexdigest()[:32]
    uri = f"images/{image_id}.png"
    Image.fromarray(pixels).save(folder / uri)
    region = Region(
        region_id=1, label="area", phrase="area", box_xyxy_px=box_xyxy_px, mask=encode_mask(inside), source="planted"
    )
    record = ImageRecord(image_id=image_id, uri=uri, width=WIDTH, height=HEIGHT, regions=[region])
    record.points = [point_label(region, image_id, WIDTH, HEIGHT, PointConfig())]
    record.questions = [
        Question(
            id=f"{image_id}-q{number:02d}",
            question=question,
            answer=answer,
            question_plain=question,
            answer_plain=answer,
            family="ground",
            spatial="grounding",
            region_ids=[1],
            author="test",
        )
        for number, question in enumerate(QUESTIONS, start=1)
    ]
    return record


@pytest.fixture(scope="session")
def tiny_sam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SAM's real architecture and processor in small."""
    import torch
    from transformers import (
        SamConfig,
        SamImageProcessor,
        SamMaskDecoderConfig,
        SamModel,
        SamProcessor,
        SamPromptEncoderConfig,
        SamVisionConfig,
    )

    torch.manual_seed(0)
    side, patch, width = 64, 8, 32
    config = SamConfig(
        vision_config=SamVisionConfig(
            hidden_size=width, num_hidden_layers=2, num_attention_heads=2, image_size=side, patch_size=patch,
            output_channels=width, window_size=4, global_attn_indexes=[1], mlp_dim=64, num_pos_feats=16,
        ).to_dict(),
        prompt_encoder_config=SamPromptEncoderConfig(
            hidden_size=width, image_size=side, patch_size=patch, mask_input_channels=4
        ).to_dict(),
        mask_decoder_config=SamMaskDecoderConfig(
            hidden_size=width, mlp_dim=64, num_hidden_layers=1, num_attention_heads=2, iou_head_hidden_dim=32
        ).to_dict(),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny-sam"
    SamModel(config).save_pretrained(folder)
    SamProcessor(
        SamImageProcessor(
            size={"longest_edge": side}, pad_size={"height": side, "width": side},
            mask_size={"longest_edge": side // 4}, mask_pad_size={"height": side // 4, "width": side // 4},
        )
    ).save_pretrained(folder)  # fmt: skip
    return folder

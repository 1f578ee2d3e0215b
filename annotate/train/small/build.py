"""A small Qwen3-VL from random weights, with a tokenizer and a first layer that are fitted to the training data.

The architecture is the real one in small, so that transformers trains it and vLLM serves it. Two things follow the
data, because random ones would take most of a short training to find. The tokenizer is a byte-level BPE over the
texts, every number of the grid one token. The first layer whitens: its rows are the principal components of the
training images' patches, each divided by its standard deviation (patch whitening, arXiv 2404.00498, section 3.2).
Noise, blur and block edges live in components a thousand times weaker than brightness, and a random projection drowns
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PATCH_PX = 8
MERGE = 2
"""Patches a side of one visual token: 16 x 16 pixels."""
HIDDEN = 192
VISION_LAYERS = 2
TEXT_LAYERS = 3
HEAD = 64
VOCABULARY = 2048
CELLS = 400
NUMBERS_SEEN = 50
"""How often the tokenizer is shown each number of the grid beside the texts."""
MAX_PIXELS = 256 * 256
LEAST_DEVIATION = 2e-3
"""Floor of a component's standard deviation, in units of the normalised image (half the 8-bit range)."""

PADDING, END_OF_TURN = "<|endoftext|>", "<|im_end|>"
SPECIAL = [PADDING, "<|im_start|>", END_OF_TURN, "<|vision_start|>", "<|vision_end|>"]
SPECIAL += ["<|image_pad|>", "<|video_pad|>"]

TEMPLATE = """\
{%- for message in messages %}<|im_start|>{{ message['role'] }}
{% if message['content'] is string %}{{ message['content'] }}{% else %}
{%- for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}\
<|vision_start|><|image_pad|><|vision_end|>{% endif %}{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def write_small_model(folder: Path, texts: Iterable[str], images: Sequence[npt.NDArray[np.uint8]], seed: int) -> None:
    """Write model, processor, tokenizer and chat template.

    `images` are RGB of any size, (height, width, 3). The same weights for the same data, seed and library versions.
    """
    import torch
    import transformers

    torch.manual_seed(seed)
    tokenizer = _tokenizer(texts)
    model: Any = transformers.Qwen3VLForConditionalGeneration(_config(tokenizer))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    _whiten(model.model.visual.patch_embed.proj, _patches(images, np.random.default_rng(seed)))
    model.save_pretrained(folder)
    cell = (PATCH_PX * MERGE) ** 2
    sizes: dict[str, Any] = {
        "size": {"shortest_edge": cell, "longest_edge": MAX_PIXELS},
        "patch_size": PATCH_PX,
        "merge_size": MERGE,
        "temporal_patch_size": 2,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    transformers.Qwen3VLProcessor(
        image_processor=transformers.Qwen2VLImageProcessor(**sizes),
        tokenizer=tokenizer,
        video_processor=transformers.Qwen3VLVideoProcessor(**sizes),
        chat_template=tokenizer.chat_template,
    ).save_pretrained(folder)


def _tokenizer(texts: Iterable[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    pieces = Tokenizer(models.BPE())
    numbers_apart = [pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    pieces.pre_tokenizer = pre_tokenizers.Sequence(numbers_apart)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    known = list(texts)
    numbers = " ".join(map(str, range(CELLS)))
    pieces.train_from_iterator([*known, *[numbers] * NUMBERS_SEEN], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        additional_special_tokens=SPECIAL[1:],
        eos_token=END_OF_TURN,
        pad_token=PADDING,
        model_max_length=4096,
        chat_template=TEMPLATE,
    )


def _config(tokenizer: Any) -> Any:
    from transformers import Qwen3VLConfig

    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": HIDDEN,
        "intermediate_size": 3 * HIDDEN,
        "num_hidden_layers": TEXT_LAYERS,
        "num_attention_heads": HIDDEN // HEAD,
        "num_key_value_heads": HIDDEN // HEAD,
        "head_dim": HEAD,
        "max_position_embeddings": 4096,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "tie_word_embeddings": True,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [12, 10, 10],
            "mrope_interleaved": True,
        },
    }
    vision = {
        "depth": VISION_LAYERS,
        "hidden_size": HIDDEN,
        "intermediate_size": 2 * HIDDEN,
        "num_heads": HIDDEN // HEAD,
        "out_hidden_size": HIDDEN,
        "patch_size": PATCH_PX,
        "spatial_merge_size": MERGE,
        "temporal_patch_size": 2,
        "num_position_embeddings": 24 * 24,
        "deepstack_visual_indexes": [],
    }
    names = ("image_pad", "video_pad", "vision_start", "vision_end")
    tokens = {name: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in names}
    return Qwen3VLConfig(
        text_config=text,
        vision_config=vision,
        tie_word_embeddings=True,
        image_token_id=tokens["image_pad"],
        video_token_id=tokens["video_pad"],
        vision_start_token_id=tokens["vision_start"],
        vision_end_token_id=tokens["vision_end"],
    )


def _patches(images: Sequence[npt.NDArray[np.uint8]], random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Some thousand patches as rows of channel, row, column, normalised to -1 to 1."""
    each = -(-40_000 // len(images))
    rows = []
    for image in images:
        height, width = image.shape[:2]
        tops = random.integers(0, height - PATCH_PX + 1, each)
        lefts = random.integers(0, width - PATCH_PX + 1, each)
        for top, left in zip(tops, lefts, strict=True):
            patch = image[top : top + PATCH_PX, left : left + PATCH_PX].astype(np.float64) / 127.5 - 1
            rows.append(patch.transpose(2, 0, 1).ravel())
    return np.stack(rows)


def _whiten(projection: Any, patches: npt.NDArray[np.float64]) -> None:
    """Let a first layer of (outputs, channels, frames, rows, columns) give principal components of unit variance."""
    import torch

    mean = patches.mean(axis=0)
    variances, components = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
    order = np.argsort(variances)[::-1][: projection.weight.shape[0]]
    scale = 1 / np.maximum(np.sqrt(np.maximum(variances[order], 0)), LEAST_DEVIATION)
    rows = components[:, order].T * scale[:, None]
    frames = projection.weight.shape[2]
    weight = rows.reshape(len(rows), 3, 1, PATCH_PX, PATCH_PX).repeat(frames, axis=2) / frames
    with torch.no_grad():
        projection.weight[: len(rows)] = torch.from_numpy(weight).to(projection.weight.dtype)
        projection.bias[: len(rows)] = torch.from_numpy(-rows @ mean).to(projection.bias.dtype)

"""Vision-language models of half a million random weights that vLLM loads: `python tiny_vlm.py FOLDER KIND`.

KIND is qwen3-vl or qwen2.5-vl. Architecture, processor and chat template are the real ones in small; what such a model
says is noise, so that everything behind it is tested with the worst author there can be. The byte-level tokenizer is
made here, so every JSON text can be spelled.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from annotate.train.small.build import SPECIAL, TEMPLATE

WORDS = [
    "the image is sharp and well exposed, with severe blur and mild noise on the person",
    '{"overview": [{"text": ',
]
MERGE = 2
LARGEST_PATCHES = 64
"""Most merged patches of one image, so that prompts stay short."""


def write_checkpoint(folder: Path, kind: str) -> None:
    """Write model, processor, tokenizer and chat template. The same weights for the same versions of the libraries."""
    import torch
    import transformers

    torch.manual_seed(0)
    tokenizer = _tokenizer()
    if kind == "qwen3-vl":
        model = transformers.Qwen3VLForConditionalGeneration(_qwen3_vl(tokenizer))
        processor, video = transformers.Qwen3VLProcessor, transformers.Qwen3VLVideoProcessor
    else:
        model = transformers.Qwen2_5_VLForConditionalGeneration(_qwen2_5_vl(tokenizer))
        processor, video = transformers.Qwen2_5_VLProcessor, transformers.Qwen2VLVideoProcessor
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids("<|im_end|>")
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.to(torch.float32).save_pretrained(folder)
    patch = model.config.vision_config.patch_size
    cell = (patch * MERGE) ** 2
    sizes: dict[str, Any] = {
        "size": {"shortest_edge": 4 * cell, "longest_edge": LARGEST_PATCHES * cell},
        "patch_size": patch,
        "merge_size": MERGE,
        "temporal_patch_size": 2,
    }
    processor(
        image_processor=transformers.Qwen2VLImageProcessor(**sizes),
        tokenizer=tokenizer,
        video_processor=video(**sizes),
        chat_template=tokenizer.chat_template,
    ).save_pretrained(folder)


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bytes_of_text = Tokenizer(models.BPE())
    bytes_of_text.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_of_text.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    bytes_of_text.train_from_iterator(WORDS * 8, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bytes_of_text,
        additional_special_tokens=SPECIAL[1:],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        model_max_length=8192,
        chat_template=TEMPLATE,
    )


def _text(tokenizer: Any, **more: Any) -> dict[str, Any]:
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6], **more.pop("rope", {})}
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 8192,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "rope_parameters": rope,
        **more,
    }


def _vision(patch_size: int, **more: Any) -> dict[str, Any]:
    return {
        "depth": 2,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_heads": 2,
        "out_hidden_size": 64,
        "patch_size": patch_size,
        "spatial_merge_size": MERGE,
        "temporal_patch_size": 2,
        **more,
    }


def _ids(tokenizer: Any) -> dict[str, int]:
    names = ("image_pad", "video_pad", "vision_start", "vision_end")
    tokens = {name: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in names}
    return {
        "image_token_id": tokens["image_pad"],
        "video_token_id": tokens["video_pad"],
        "vision_start_token_id": tokens["vision_start"],
        "vision_end_token_id": tokens["vision_end"],
    }


def _qwen3_vl(tokenizer: Any) -> Any:
    from transformers import Qwen3VLConfig

    text = _text(tokenizer, head_dim=32, rope={"mrope_interleaved": True})
    vision = _vision(16, deepstack_visual_indexes=[0], num_position_embeddings=64)
    return Qwen3VLConfig(text_config=text, vision_config=vision, **_ids(tokenizer))


def _qwen2_5_vl(tokenizer: Any) -> Any:
    from transformers import Qwen2_5_VLConfig

    vision = _vision(14, window_size=56, fullatt_block_indexes=[1], in_channels=3)
    return Qwen2_5_VLConfig(text_config=_text(tokenizer), vision_config=vision, **_ids(tokenizer))


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]), sys.argv[2])

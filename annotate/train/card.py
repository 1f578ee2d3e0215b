"""The card of a trained model: what it is, what it learned from, with which settings, and how its losses fell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from annotate.train.request import TrainRequest, TrainResult
from annotate.train.settings import TrainSettings
from manifests.atomic import Disk, write_bytes

CARD = "README.md"


def write_card(
    folder: Path, facts: Mapping[str, Any], result: TrainResult, request: TrainRequest, settings: TrainSettings
) -> None:
    """Write README.md into the folder of a model or of adapters. `facts` are those of train.json."""
    asked = facts["asked"]
    adapters = folder == result.adapter
    kind = "LoRA adapters" if adapters else "the whole model, adapters merged" if result.adapter else "the whole model"
    lines = [
        *_front_matter(asked["model"]["name"], request.model, adapters),
        f"# {asked['model']['name']}, fine-tuned for grounded image quality",
        "",
        (
            f"{kind[0].upper()}{kind[1:]} after `annotate train` ({settings.recipe}: {settings.summary}). It answers "
            "questions about the quality of an image, with boxes as `[label](<a, b>)`; boxes were written as "
            f"`{asked['data']['boxes']}`."
        ),
        "",
        "## Data",
        *_data(asked["data"], facts, result),
        "",
        "## Training",
        *_training(asked, facts, result, settings),
        "",
        "## Licences",
        f"- base model {asked['model']['name']}: see its model card; what is derived from it keeps its terms",
        *(f"- {what}: {licence}" for what, licence in facts["licences"].items()),
        "",
    ]
    write_bytes(Disk(), folder / CARD, "\n".join(lines).encode())


def _front_matter(name: str, model: str, adapters: bool) -> list[str]:
    base = [f"base_model: {name}"] if name == model and "/" in name else []
    return [
        "---",
        f"library_name: {'peft' if adapters else 'transformers'}",
        "pipeline_tag: image-text-to-text",
        *base,
        "tags: [image-quality-assessment, grounding]",
        "---",
    ]


def _data(data: Mapping[str, Any], facts: Mapping[str, Any], result: TrainResult) -> list[str]:
    families = "all families" if data["families"] is None else ", ".join(data["families"])
    left_out = [f"- left out: {count} images, {reason}" for reason, count in facts["left_out"].items()]
    return [
        *(
            f"- run `{name}`, fingerprint `{fingerprint}`"
            for name, fingerprint in zip(data["runs"], data["fingerprints"], strict=True)
        ),
        f"- tasks {', '.join(data['tasks'])}; {families}",
        (
            f"- {result.examples} examples of {result.images} images were learned, {result.held_out_examples} of "
            f"{result.held_out_images} images held out (by the digest of the image's content id)"
        ),
        *left_out,
        f"- sha256 of all examples: `{data['examples_sha256']}`",
    ]


def _training(
    asked: Mapping[str, Any], facts: Mapping[str, Any], result: TrainResult, settings: TrainSettings
) -> list[str]:
    losses = [
        ("training", result.first_loss, result.last_loss),
        ("held out", result.first_held_out_loss, result.last_held_out_loss),
    ]
    return [
        "| loss (nats per token of the answer) | first | last |",
        "| --- | --- | --- |",
        *(
            f"| {name} | {first:.4f} | {last:.4f} |"
            for name, first, last in losses
            if first is not None and last is not None
        ),
        "",
        f"{result.steps} steps, {result.epochs:g} epochs, seed {settings.seed}. Only the answers' tokens count.",
        "",
        "```json",
        json.dumps(asked["recipe"], indent=2),
        "```",
        "",
        "Versions: " + ", ".join(f"{name} {number}" for name, number in facts["versions"].items()) + ".",
        "Digests of the base model's files stand in `train.json` of the training's folder.",
    ]

"""Which model answers a benchmark, and in which engine: vLLM or transformers in this process, or an endpoint."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, get_args

from manifests.errors import AnnotateError, InputError
from manifests.weights import MissingWeights, WeightSource, digests, local_path
from stages.mllm.ask import LanguageModel
from stages.mllm.options import ModelOptions

Engine = Literal["auto", "vllm", "transformers"]
Device = Literal["auto", "cpu", "cuda"]
NumberType = Literal["auto", "bfloat16", "float16", "float32"]

_WORDS = {"engine": get_args(Engine), "device": get_args(Device), "dtype": get_args(NumberType)}

IN_FLIGHT = 64
"""Questions that an engine with its own batching gets together, and that are written down together."""

_PACKAGES = {"vllm": (("vllm",), "gpu"), "transformers": (("torch", "transformers"), "train")}
"""Packages of an engine, and the extra that installs them."""


@dataclass(frozen=True)
class ModelChoice:
    """A model by folder or ORG/NAME, or one that an endpoint serves."""

    model: str | None = None
    endpoint: str | None = None
    served_model: str | None = None
    key_env: str | None = None
    revision: str | None = None
    engine: Engine = "auto"
    device: Device = "auto"
    dtype: NumberType = "auto"
    batch: int = 8
    """Most questions in one forward pass of transformers."""
    max_model_len: int | None = None
    """Longest request in tokens for vLLM (default: what the model can)."""

    def options(self) -> ModelOptions:
        """The same for the engines. Raises InputError unless it names exactly one model."""
        if (self.model is None) == (self.endpoint is None):
            raise InputError("name one model: --model FOLDER|ORG/NAME, or --endpoint URL with --served-model NAME")
        if self.endpoint is not None and self.served_model is None:
            raise InputError(f"--endpoint {self.endpoint} may serve many models; name one with --served-model")
        try:
            return ModelOptions(
                model=self.model,
                revision=self.revision,
                endpoint=self.endpoint,
                served_model=self.served_model,
                api_key_env=self.key_env,
                dtype=self.dtype,
                max_model_len=self.max_model_len,
                max_images=1,
            )
        except ValueError as error:
            raise InputError(f"--model or --endpoint: {' '.join(str(error).split())}") from error

    def identity(self) -> dict[str, Any]:
        """What decides the replies, as plain values: name, weights and engine; not where or how fast it runs."""
        options = self.options()
        return {
            "model": options.author,
            "weights_sha256": [digest_of_weights(source) for source in options.sources()],
            "engine": self.chosen_engine(),
            "dtype": self.dtype,
        }

    def chosen_engine(self) -> str:
        """`endpoint`, `vllm` or `transformers`.

        `auto` is vLLM where it is installed, sees a GPU and knows the model's architecture, else transformers.
        """
        if self.endpoint is not None:
            return "endpoint"
        if self.engine != "auto":
            return self.engine
        return "vllm" if _has_gpu() and self._vllm_knows() else "transformers"

    def at_once(self) -> int:
        """Questions to hand over together: what vLLM or an endpoint batches itself, or one batch of transformers."""
        return IN_FLIGHT if self.chosen_engine() != "transformers" else self.batch

    def _vllm_knows(self) -> bool:
        if find_spec("vllm") is None:
            return False
        from vllm import ModelRegistry

        try:
            config = json.loads((local_path(self.options().source()) / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(set(config.get("architectures") or ()) & set(ModelRegistry.get_supported_archs()))


def digest_of_weights(source: WeightSource) -> str | None:
    """SHA-256 over names and digests of a model's files, wherever its folder lies; None if it is not here."""
    try:
        return hashlib.sha256(json.dumps(dict(digests(source))).encode()).hexdigest()
    except MissingWeights:
        return None


def model_choice(**said: Any) -> ModelChoice | None:
    """The choice that a command's options make; None where they name no model. Raises InputError."""
    if said["model"] is None and said["endpoint"] is None:
        return None
    for option, allowed in _WORDS.items():
        if option in said and said[option] not in allowed:
            raise InputError(f"--{option} {said[option]}: should be one of {', '.join(allowed)}")
    return ModelChoice(**said)


def open_model(choice: ModelChoice) -> LanguageModel:
    """The model, loaded or reached. Raises AnnotateError in one line."""
    options, engine = choice.options(), choice.chosen_engine()
    _check_installed(engine)
    for source in options.sources():
        local_path(source, recipe=None)
    try:
        model = _engine(options, engine, choice)
        model.open()
    except AnnotateError:
        raise
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{choice.endpoint or choice.model}: {' '.join(str(error).split())[:300]}") from error
    return model


def _engine(options: ModelOptions, engine: str, choice: ModelChoice) -> LanguageModel:
    match engine:
        case "endpoint":
            from stages.mllm.endpoint import Endpoint

            return Endpoint(options)
        case "vllm":
            from stages.mllm.vllm_engine import VllmEngine

            return VllmEngine(options)
        case _:
            from stages.mllm.transformers_engine import TransformersEngine

            return TransformersEngine(options, batch=choice.batch, device=choice.device)


def _check_installed(engine: str) -> None:
    packages, extra = _PACKAGES.get(engine, ((), ""))
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise InputError(f"--engine {engine}: {missing[0]} is not installed; pip install 'annotate[{extra}]'")


def _has_gpu() -> bool:
    if find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())

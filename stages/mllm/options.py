"""Which model answers, where it runs and how it is asked: options that all stages with a language model share."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from manifests.errors import RecipeError
from manifests.weights import WeightSource
from stages.stage import StageConfig


class ModelOptions(StageConfig):
    """A model in vLLM inside the worker, or at any OpenAI-compatible endpoint.

    Fields that decide speed and place but no result are left out of the stage's identity (`exclude`).
    """

    model: str | None = None
    """A folder on this machine or ORG/NAME at the hub (`annotate fetch` gets it): runs in vLLM inside the worker."""
    revision: str | None = None
    """Branch, tag or commit of the model at the hub."""
    endpoint: str | None = Field(default=None, exclude=True)
    """Address of an OpenAI-compatible server, http://HOST:PORT/v1, that is asked instead of vLLM in the worker."""
    served_model: str | None = None
    """The model's name at the endpoint; the name in `author` (default: the model's own name)."""
    api_key_env: str | None = Field(default=None, exclude=True)
    """Environment variable that holds the endpoint's key; the key itself is written nowhere."""
    family: Literal["auto", "qwen2-vl", "qwen2.5-vl", "qwen3-vl", "llava", "llava-next", "internvl", "none"] = "auto"
    """How the model counts coordinates; `none`: places are words alone; `auto`: by its config.json, or its name."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """Numbers that vLLM computes with; `auto`: as the model was saved."""
    max_model_len: int | None = Field(default=None, ge=64)
    """Longest request in tokens, reply included (default: what the model can)."""
    max_pixels: int = Field(default=1_048_576, ge=3136)
    """Larger images are shrunk to about this many pixels before they are sent."""
    max_images: int = Field(default=4, ge=1)
    """Most images in one request."""
    tensor_parallel: int = Field(default=1, ge=1, exclude=True)
    """GPUs that share one copy of the model; `execution` must give the stage as many."""
    engine_args: Mapping[str, Any] = Field(default={})
    """Further arguments of vLLM's AsyncEngineArgs, by name."""
    temperatures: tuple[float, ...] = Field(default=(0.0, 0.4, 0.8), min_length=1)
    """Temperature of the first try, and of each further one when a reply does not validate."""
    max_tokens: int = Field(default=1024, ge=8)
    """Longest reply in tokens; one that is cut off there does not count."""
    in_flight: int = Field(default=256, ge=1, exclude=True)
    """Most requests at once, over all shards of a worker."""
    timeout_s: float = Field(default=600.0, gt=0, exclude=True)
    """An endpoint's reply that takes longer is given up and asked for again; an engine without any progress for so
    long counts as dead."""

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str | None) -> str | None:
        if endpoint is not None:
            parts = urlsplit(endpoint)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("should read http://HOST:PORT/v1")
            if parts.username or parts.password:
                raise ValueError("must not hold a key; name an environment variable in api_key_env")
        return endpoint

    @field_validator("engine_args")
    @classmethod
    def _stays_safe(cls, engine_args: Mapping[str, Any]) -> Mapping[str, Any]:
        own = {"model", "dtype", "max_model_len", "revision", "tensor_parallel_size", "trust_remote_code"}
        taken = sorted(own & engine_args.keys())
        if taken:
            remedy = (
                "code from a model's repository is never run"
                if taken[0] == "trust_remote_code"
                else ("it has an option of its own")
            )
            raise ValueError(f"{taken[0]} cannot stand here; {remedy}")
        return engine_args

    @model_validator(mode="after")
    def _temperatures_are_not_negative(self) -> ModelOptions:
        if min(self.temperatures) < 0:
            raise ValueError("temperatures must not be negative")
        return self

    @property
    def author(self) -> str:
        """The model's name as labels carry it; of a folder only its last part."""
        if self.served_model is not None:
            return self.served_model
        if self.model is None:
            raise RecipeError("no model is named: set model=FOLDER or ORG/NAME, or endpoint=URL with served_model=NAME")
        return Path(self.model).name if self.source().is_local else self.model

    def check(self, stage: str) -> None:
        """Raise RecipeError unless the options name a model that can be asked, for the stage that asks it."""
        if self.endpoint is None and self.model is None:
            raise RecipeError(
                f"stage {stage!r} asks a language model, and none is named; set {stage}.model to a folder or ORG/NAME, "
                f"or {stage}.endpoint with {stage}.served_model"
            )
        if self.endpoint is not None and self.served_model is None and self.model is None:
            raise RecipeError(
                f"stage {stage!r}: {self.endpoint} may serve many models; name one in {stage}.served_model"
            )

    def source(self) -> WeightSource:
        """Where the weights of the model in vLLM come from."""
        assert self.model is not None
        return WeightSource(self.model, self.revision)

    def sources(self) -> Sequence[WeightSource]:
        """Weights that must be on this machine: none when an endpoint has them."""
        return () if self.endpoint is not None or self.model is None else (self.source(),)

    def requires(self) -> Mapping[str, str]:
        """Packages that asking needs beyond the core, each with its extra."""
        return {} if self.endpoint is not None else {"vllm": "gpu"}

    def licences(self) -> Mapping[str, str]:
        """The model as a source of the dataset, with where its licence stands."""
        return {f"language model {self.author}": "see its model card"}

    def api_key(self) -> str | None:
        """The endpoint's key. Raises RecipeError when the variable that should hold it is not set."""
        if self.api_key_env is None:
            return None
        key = os.environ.get(self.api_key_env)
        if not key:
            raise RecipeError(f"{self.endpoint}: the environment variable {self.api_key_env} should hold its key")
        return key

    def engine_key(self) -> str:
        """Equal for options that mean the same engine or endpoint, whatever is asked of it."""
        asked = {"temperatures", "max_tokens", "family"}
        fields = {name: getattr(self, name) for name in ModelOptions.model_fields if name not in asked}
        return repr(sorted(fields.items(), key=lambda item: item[0]))

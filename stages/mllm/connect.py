"""From options to an open language model; stages of one process with equal options share it."""

from __future__ import annotations

from threading import Lock

from stages.mllm.ask import LanguageModel
from stages.mllm.options import ModelOptions

_open: dict[str, LanguageModel] = {}
_lock = Lock()


def language_model(options: ModelOptions) -> LanguageModel:
    """The open model of these options: loaded at the first call in a process, the same one from then on.

    Raises RecipeError for weights that are not here or a key that is not set, ConnectionError for an endpoint that
    does not answer, and what vLLM raises when it cannot load the model.
    """
    key = options.engine_key()
    with _lock:
        if key not in _open:
            model = _model(options)
            model.open()
            _open[key] = model
        return _open[key]


def close_all() -> None:
    """Let go of every model of this process."""
    with _lock:
        while _open:
            _open.popitem()[1].close()


def _model(options: ModelOptions) -> LanguageModel:
    if options.endpoint is not None:
        from stages.mllm.endpoint import Endpoint

        return Endpoint(options)
    from stages.mllm.vllm_engine import VllmEngine

    return VllmEngine(options)

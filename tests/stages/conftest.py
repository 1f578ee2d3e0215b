"""Language models for the stages that ask one: real vLLM on this CPU, loaded once; an endpoint that a test writes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from stages.mllm.connect import close_all, language_model
from stages.mllm.options import ModelOptions
from stages.mllm.vllm_engine import VllmEngine

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""From the body of a chat completion request to the first choice of the reply."""


@pytest.fixture(scope="session")
def vlm_options(tiny_vlm: Callable[[str], Path]) -> ModelOptions:
    """Options of the tiny Qwen3-VL; stages with these options share one engine."""
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    return ModelOptions(
        model=str(tiny_vlm("qwen3-vl")),
        dtype="float32",
        max_model_len=4096,
        max_images=2,
        max_tokens=1500,
        engine_args={"enforce_eager": True, "max_num_seqs": 8},
    )


@pytest.fixture(scope="session")
def vlm(vlm_options: ModelOptions) -> Iterator[VllmEngine]:
    """The tiny Qwen3-VL in vLLM, open."""
    engine = language_model(vlm_options)
    assert isinstance(engine, VllmEngine)
    yield engine
    close_all()


@pytest.fixture
def endpoint() -> Iterator[Callable[[Answer], str]]:
    """Starts a server of OpenAI's chat completions; gives its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send({"object": "list", "data": [{"id": "teacher", "object": "model"}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                choice = {"index": 0, "finish_reason": "stop", **answer(body)}
                self._send({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 5}})

            def _send(self, said: dict[str, Any]) -> None:
                content = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/v1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()

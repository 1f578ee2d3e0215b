"""The same author behind vLLM's own server, over the network's protocol: real server, real HTTP, loopback only."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest

from manifests.records import ImageRecord
from stages.describe import Describe, DescribeConfig
from stages.mllm.ask import Ask, Reply
from stages.mllm.connect import language_model
from stages.mllm.families import FAMILIES, show
from stages.mllm.options import ModelOptions

READY_S = 400

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def address(tiny_vlm: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`python -m vllm.entrypoints.openai.api_server` with the tiny Qwen2.5-VL."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    guided = json.dumps({"backend": "xgrammar", "disable_any_whitespace": True})
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--model", str(tiny_vlm("qwen2.5-vl")), "--served-model-name", "tiny-qwen2.5-vl", "--dtype", "float32"]
    command += ["--max-model-len", "4096", "--max-num-seqs", "8", "--enforce-eager", "--no-enable-chunked-prefill"]
    command += ["--limit-mm-per-prompt", '{"image": 1, "video": 0}', "--structured-outputs-config", guided]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with log.open("wb") as written:
        server = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=environment)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _wait_until_ready(health: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(READY_S * 2):
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            with urlopen(health, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"the server is not ready after {READY_S} s\n{log.read_text()[-3000:]}")


def picture() -> bytes:
    return show(np.full((96, 128, 3), 90, np.uint8), FAMILIES["qwen2.5-vl"], 100_000).content


def test_a_real_server_keeps_to_the_schema_and_tells_first_words(address: str) -> None:
    schema = {
        "type": "object",
        "properties": {"quality": {"enum": ["bad", "good"]}},
        "required": ["quality"],
        "additionalProperties": False,
    }
    asks = [Ask("Judge.", f"{n}?", (picture(),), schema, 60, temperature=1.0, seed=n) for n in range(12)]
    spoken = Ask("", "Is it sharp?", (picture(),), max_tokens=1, first_token_of=("Yes", "No"))
    *guided, first = language_model(ModelOptions(endpoint=address, served_model="tiny-qwen2.5-vl"))([*asks, spoken])
    for reply in guided:
        assert isinstance(reply, Reply)
        assert json.loads(reply.text)["quality"] in {"bad", "good"}
        assert reply.prompt_tokens > 0
    assert isinstance(first, Reply)
    assert set(first.first_token_probabilities) == {"Yes", "No"}


def test_the_author_writes_reports_through_a_real_server(
    address: str, measured: Callable[[], list[ImageRecord]]
) -> None:
    config = DescribeConfig(
        backend="mllm",
        endpoint=address,
        served_model="tiny-qwen2.5-vl",
        region_sentences=0,
        local_passages=1,
        max_pixels=40_000,
        max_tokens=1500,
    )
    stage = Describe(config, seed=1)
    stage.open()
    rows = stage(measured()[:2])
    for row in rows:
        if row.report is None:
            assert row.reason is not None
            assert row.reason.startswith(("the reply ended by", "the reply is not valid"))
        else:
            assert row.report.author == "tiny-qwen2.5-vl"
    assert any(row.report is not None for row in rows)

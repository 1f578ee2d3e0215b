"""Grounding through a server that speaks the real protocol, with and without log-probabilities."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from annotate.evaluate.models import ModelChoice
from annotate.ground.command import GroundRequest, run_ground
from manifests.errors import InputError

TOKENS = {
    "The": {"The": -0.1}, " area": {" area": -0.1}, " at": {" at": -0.1}, " the": {" the": -0.1},
    " top": {" top": -0.5, " bottom": -1.5}, " left": {" left": -0.25, " right": -2.25}, ".": {".": -0.1},
}  # fmt: skip


class Teacher(BaseHTTPRequestHandler):
    """Says "The area at the top left." to everything; the model `mute` tells nothing of its tokens."""

    def do_GET(self) -> None:
        self._send({"data": [{"id": "teacher"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert asked["messages"][0]["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
        content = [
            {"token": said, "top_logprobs": [{"token": each, "logprob": value} for each, value in likely.items()]}
            for said, likely in TOKENS.items()
        ]
        message = {"role": "assistant", "content": "".join(TOKENS)}
        told = {} if asked["model"] == "mute" else {"logprobs": {"content": content}}
        self._send({"choices": [{"index": 0, "message": message, "finish_reason": "stop", **told}], "usage": {}})

    def log_message(self, *arguments: object) -> None:
        pass

    def _send(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Teacher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def test_log_probabilities_of_a_server_make_points(spider_bench: Path, tmp_path: Path, address: str) -> None:
    """Margins of 2 and 1 at temperature 1: p(right) = 1 / (1 + e^2), p(bottom) = 1 / (1 + e)."""
    out = tmp_path / "out"
    choice = ModelChoice(endpoint=address, served_model="teacher")
    report = run_ground(Console(quiet=True), GroundRequest(out=out, bench=spider_bench, model=choice, tau=1.0))
    assert report is not None
    points = [json.loads(line)["point"] for line in (out / "predictions.jsonl").read_text().splitlines()]
    assert [(point["read"], point["p_right"], point["p_bottom"]) for point in points] == [
        ("answer", 0.1192, 0.2689)
    ] * 4
    assert report.evaluation.figures["ground_words"].value == 0.5


def test_a_server_that_tells_no_log_probabilities_is_refused(spider_bench: Path, tmp_path: Path, address: str) -> None:
    choice = ModelChoice(endpoint=address, served_model="mute")
    with pytest.raises(InputError, match="mute: the server tells no log-probabilities"):
        run_ground(Console(quiet=True), GroundRequest(out=tmp_path / "out", bench=spider_bench, model=choice))

"""Judges: the stand-in by hand, a model judge against a server that speaks the real protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from annotate.evaluate.judge import Case, StandInJudge, judge_of
from manifests.errors import InputError

ASKED: list[dict[str, Any]] = []


class Grader(BaseHTTPRequestHandler):
    """Gives 3 to what says "noise", chatters about what says "chatter", 0 to all else."""

    def do_GET(self) -> None:
        self._send({"data": [{"id": "grader"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ASKED.append(asked)
        text = json.dumps(asked["messages"])
        said = "Well..." if "chatter" in text else json.dumps({"score": 3 if "noise" in text else 0})
        choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        self._send({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 5}})

    def log_message(self, *arguments: object) -> None:
        pass

    def _send(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Grader)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def case(prediction: str, reference: str = "It is fine.") -> Case:
    return Case("answer", "What degrades it?", reference, prediction)


@pytest.mark.parametrize(
    ("prediction", "grade"),
    [("Severe noise.", 4), ("severe NOISE", 4), ("Noise", 3), ("noise noise noise", 2), ("blur", 0), ("", 0)],
)
def test_the_stand_in_counts_words_in_common(prediction: str, grade: int) -> None:
    assert StandInJudge()([case(prediction, "Severe noise.")]) == [grade]


def test_a_model_judge_grades_in_order_and_asks_equal_cases_once(address: str) -> None:
    judge = judge_of(address, "grader")
    ASKED.clear()
    assert judge([case("noise"), case("blur"), case("noise")]) == [3, 0, 3]
    assert len(ASKED) == 2
    assert all(asked["temperature"] == 0 for asked in ASKED)


def test_a_reply_that_never_validates_is_no_grade(address: str) -> None:
    ASKED.clear()
    assert judge_of(address, "grader")([case("chatter")]) == [None]
    assert len(ASKED) == 3


def test_the_report_names_model_and_prompts(address: str) -> None:
    assert judge_of(address, "grader").name.startswith("grader, prompts ")


def test_an_endpoint_needs_the_name_of_a_model(address: str) -> None:
    with pytest.raises(InputError, match="--judge-model"):
        judge_of(address)


def test_an_endpoint_that_does_not_answer_is_one_line() -> None:
    with pytest.raises(InputError, match="nothing answers there"):
        judge_of("http://127.0.0.1:9/v1", "grader")

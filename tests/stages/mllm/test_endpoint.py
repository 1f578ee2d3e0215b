"""Any OpenAI-compatible endpoint, against a small server that speaks the protocol and fails on purpose."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image

from stages.mllm.ask import Ask, NoReply, Reply, Step
from stages.mllm.connect import language_model
from stages.mllm.endpoint import Endpoint
from stages.mllm.ladder import Wish, climb
from stages.mllm.options import ModelOptions

NO_WAITS = (0.0, 0.0, 0.0)
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}

Act = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers the next request with the next act of the script; behind its end, with a plain good reply."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(self.server.models_status, {"data": [{"id": "tiny"}]})

    def do_POST(self) -> None:
        self.said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.bodies.append(self.said)
            self.server.keys.append(self.headers.get("Authorization"))
            self.server.running += 1
            self.server.most_running = max(self.server.most_running, self.server.running)
            act = self.server.script.pop(0) if self.server.script else good
        try:
            act(self)
        finally:
            with self.server.lock:
                self.server.running -= 1

    def answer(self, status: int, said: object, **headers: str) -> None:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """What was asked, and what comes next."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Act] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.lock = threading.Lock()
        self.running = self.most_running = 0
        self.models_status = 200

    def handle_error(self, *_: object) -> None:
        pass


def completion(text: str, finish_reason: str = "stop", **choice: object) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    return {
        "choices": [{"message": message, "finish_reason": finish_reason, **choice}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 4},
    }


def good(handler: Handler) -> None:
    handler.answer(200, completion(f"echo of {handler.said['messages'][-1]['content']}"))


def status(code: int, said: object = b"oh no", **headers: str) -> Act:
    return lambda handler: handler.answer(code, said, **headers)


def saying(said: object) -> Act:
    return lambda handler: handler.answer(200, said)


def dropped(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    handler.close_connection = True
    handler.connection.shutdown(2)


def slow(handler: Handler) -> None:
    time.sleep(1.0)
    good(handler)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., Endpoint]]:
    opened: list[Endpoint] = []

    def connected(**options: Any) -> Endpoint:
        address = f"http://127.0.0.1:{server.server_port}/v1"
        endpoint = Endpoint(ModelOptions(endpoint=address, served_model="tiny", **options), NO_WAITS)
        endpoint.open()
        opened.append(endpoint)
        return endpoint

    yield connected
    for endpoint in opened:
        endpoint.close()


Connect = Callable[..., Endpoint]


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    return written.getvalue()


def test_a_request_carries_words_images_schema_and_seed_in_the_protocols_own_form(
    server: Server, connect: Connect
) -> None:
    (reply,) = connect()([Ask("be brief", "what?", (picture(),), SCHEMA, max_tokens=9, temperature=0.5, seed=3)])
    assert isinstance(reply, Reply)
    assert (reply.finish_reason, reply.prompt_tokens, reply.completion_tokens) == ("stop", 12, 4)
    (body,) = server.bodies
    system, user = body["messages"]
    assert system == {"role": "system", "content": "be brief"}
    image, text = user["content"]
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    assert text == {"type": "text", "text": "what?"}
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("tiny", 9, 0.5, 3)


@pytest.mark.parametrize(
    "act",
    [
        status(500),
        status(503, Retry_After="0"),
        status(429),
        dropped,
        saying(b"<html>not JSON</html>"),
        saying({"error": "busy"}),
        saying({"choices": [{"message": {"content": None}}]}),
    ],
    ids=["500", "503", "429", "dropped connection", "no JSON", "no completion", "no text"],
)
def test_what_goes_wrong_on_the_way_is_tried_again(server: Server, connect: Connect, act: Act) -> None:
    server.script = [act, act]
    (reply,) = connect()([Ask("", "hello")])
    assert isinstance(reply, Reply)
    assert reply.text == "echo of hello"
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("act", "fact"),
    [
        (status(500), "status 500"),
        (dropped, "the connection was dropped"),
        (saying(b"?"), "not a chat completion (JSONDecodeError)"),
    ],
)
def test_a_server_that_never_recovers_costs_that_request_and_no_other(
    server: Server, connect: Connect, act: Act, fact: str
) -> None:
    endpoint = connect(in_flight=1)
    server.script = [act] * 4
    lost, there = endpoint([Ask("", "one"), Ask("", "two")])
    assert lost == NoReply(f"endpoint: {fact} (4 tries)")
    assert isinstance(there, Reply)
    assert there.text == "echo of two"


def test_a_reply_that_takes_too_long_is_given_up_and_asked_for_again(server: Server, connect: Connect) -> None:
    server.script = [slow]
    (reply,) = connect(timeout_s=0.2)([Ask("", "hello")])
    assert isinstance(reply, Reply)
    assert len(server.bodies) == 2


def test_what_the_server_says_against_the_request_itself_is_final(server: Server, connect: Connect) -> None:
    server.script = [status(400, {"error": {"message": "prompt is\ntoo long"}})]
    assert connect()([Ask("", "hello")]) == [NoReply("endpoint: status 400: prompt is too long")]
    assert len(server.bodies) == 1


def test_a_truncated_reply_is_told_from_a_finished_one(server: Server, connect: Connect) -> None:
    server.script = [saying(completion('{"n": 1', "length"))] * 3
    (end,) = climb(connect(), [Wish(Ask("", "n?"), lambda reply: json.loads(reply.text)["n"])], (0.0, 0.3, 0.6))
    assert end.value is None
    assert end.reason == "the reply ended by length after 4 tokens"
    assert [body["temperature"] for body in server.bodies] == [0.0, 0.3, 0.6]


def test_text_that_is_not_the_json_that_was_asked_for_is_asked_for_again(server: Server, connect: Connect) -> None:
    server.script = [saying(completion("Certainly! Here it is")), saying(completion('{"n": 5}'))]
    (end,) = climb(connect(), [Wish(Ask("", "n?"), lambda reply: json.loads(reply.text)["n"])], (0.0, 0.3))
    assert end.value == 5


def test_many_requests_are_in_flight_but_never_more_than_allowed(server: Server, connect: Connect) -> None:
    server.script = [lambda handler: (time.sleep(0.02), good(handler))[1]] * 24
    replies = connect(in_flight=3)([Ask("", str(number)) for number in range(24)])
    assert [reply.text for reply in replies if isinstance(reply, Reply)] == [f"echo of {n}" for n in range(24)]
    assert 1 < server.most_running <= 3


def test_the_probability_of_the_first_word_is_read_from_the_logprobs(server: Server, connect: Connect) -> None:
    top = [{"token": "Yes", "logprob": -0.2231}, {"token": " no", "logprob": -1.6094}]
    server.script = [saying(completion("Yes", logprobs={"content": [{"token": "Yes", "top_logprobs": top}]}))]
    (reply,) = connect()([Ask("", "sharp?", first_token_of=("Yes", "No"))])
    assert isinstance(reply, Reply)
    assert reply.first_token_probabilities == pytest.approx({"Yes": 0.8, "No": 0.2}, abs=1e-3)
    assert server.bodies[0]["logprobs"] is True


def test_the_likeliest_tokens_of_every_step_are_told(server: Server, connect: Connect) -> None:
    content = [
        {"token": "top", "top_logprobs": [{"token": "top", "logprob": -0.1}, {"token": "bottom", "logprob": -2.5}]},
        {"token": " left", "top_logprobs": [{"token": " left", "logprob": -0.3}]},
    ]
    server.script = [saying(completion("top left", logprobs={"content": content})), saying(completion("top left"))]
    told, silent = connect(in_flight=1)([Ask("", "where?", likeliest=True)] * 2)
    assert isinstance(told, Reply)
    assert isinstance(silent, Reply)
    assert told.steps == (Step("top", {"top": -0.1, "bottom": -2.5}), Step(" left", {" left": -0.3}))
    assert silent.steps == ()
    assert server.bodies[0]["top_logprobs"] == 20


def test_the_key_goes_to_the_server_and_nowhere_else(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_KEY", "sesame")
    endpoint = connect(api_key_env="SERVICE_KEY")
    endpoint([Ask("", "hello")])
    assert server.keys == ["Bearer sesame"]
    assert "sesame" not in repr(endpoint.options) + endpoint.options.model_dump_json() + endpoint.options.engine_key()


def test_nothing_behind_the_address_is_one_line_at_the_start() -> None:
    endpoint = Endpoint(ModelOptions(endpoint="http://127.0.0.1:9/v1", served_model="tiny"))
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:9/v1: nothing answers there"):
        endpoint.open()


def test_a_refused_key_is_one_line_at_the_start(server: Server, connect: Connect) -> None:
    server.models_status = 401
    with pytest.raises(ConnectionError, match="refuses us with 401; name the variable"):
        connect()


def test_stages_with_equal_options_share_one_connection(server: Server) -> None:
    options = ModelOptions(endpoint=f"http://127.0.0.1:{server.server_port}/v1", served_model="tiny")
    warmer = options.model_copy(update={"temperatures": (0.9,), "max_tokens": 64})
    other = options.model_copy(update={"served_model": "another"})
    assert language_model(options) is language_model(warmer)
    assert language_model(options) is not language_model(other)
    for asked in (options, other):
        language_model(asked).close()

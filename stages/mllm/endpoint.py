"""A language model at any OpenAI-compatible endpoint: vLLM, llama.cpp, Ollama, LM Studio, or a service.

What a server may do wrong on the way (no connection, a dropped one, 408, 429, 5xx, no reply in time, a body that is
not JSON) is tried again after a while; only then the one request has no reply. What it says about the request (other
4xx) is final.
"""

from __future__ import annotations

import base64
import itertools
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from stages.mllm.ask import Ask, NoReply, Reply, Step, Then, step_of, word_probabilities
from stages.mllm.options import ModelOptions

TRIES = 4
WAITS_S = (0.5, 2.0, 8.0)
"""Seconds before the second, third and fourth try, unless the server names its own in Retry-After."""
LONGEST_WAIT_S = 60.0
CONNECT_S = 10.0
LIKELIEST_TOKENS = 20

_BUSY = frozenset({408, 409, 425, 429})
_PNG = b"\x89PNG"


class TransportError(Exception):
    """A try that another one may mend; `wait_s` is what the server asked for."""

    def __init__(self, fact: str, wait_s: float | None = None) -> None:
        super().__init__(fact)
        self.wait_s = wait_s


class Endpoint:
    """Chat completions over HTTP behind the contract of `LanguageModel`."""

    def __init__(self, options: ModelOptions, waits_s: Sequence[float] = WAITS_S) -> None:
        assert options.endpoint is not None
        self.options = options
        self.name = options.author
        self._address = options.endpoint.rstrip("/")
        self._waits_s = tuple(waits_s)
        self._session = requests.Session()
        self._threads = ThreadPoolExecutor(options.in_flight, thread_name_prefix="endpoint")

    def open(self) -> None:
        """Reach the endpoint. Raises ConnectionError, in one line, when nothing answers or the key is refused."""
        key = self.options.api_key()
        if key is not None:
            self._session.headers["Authorization"] = f"Bearer {key}"
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, HTTPAdapter(pool_maxsize=self.options.in_flight))
        try:
            answer = self._session.get(f"{self._address}/models", timeout=CONNECT_S)
        except requests.RequestException as error:
            raise ConnectionError(
                f"{self._address}: nothing answers there ({_fact(error)}); start the server"
            ) from error
        if answer.status_code in {401, 403}:
            remedy = "check the key" if key else "name the variable that holds the key in api_key_env"
            raise ConnectionError(f"{self._address}: refuses us with {answer.status_code}; {remedy}")

    def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
        """The last reply in each place, in the order of the asks."""
        return list(self._threads.map(lambda place, ask: self._until_done(place, ask, then), itertools.count(), asks))

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(cancel_futures=True)
        self._session.close()

    def _until_done(self, place: int, ask: Ask, then: Then | None) -> Reply | NoReply:
        while True:
            reply = self._one(ask)
            again = then(place, reply) if then else None
            if again is None:
                return reply
            ask = again

    def _one(self, ask: Ask) -> Reply | NoReply:
        body = self._body(ask)
        for wait_s in (*self._waits_s, None):
            try:
                return self._try(ask, body)
            except TransportError as error:
                if wait_s is None:
                    return NoReply(f"endpoint: {error} ({len(self._waits_s) + 1} tries)")
                time.sleep(min(max(wait_s, error.wait_s or 0.0), LONGEST_WAIT_S))
        raise AssertionError("the last try returns")

    def _try(self, ask: Ask, body: Mapping[str, Any]) -> Reply | NoReply:
        """One request. Raises TransportError where another try makes sense."""
        try:
            answer = self._session.post(
                f"{self._address}/chat/completions", json=body, timeout=(CONNECT_S, self.options.timeout_s)
            )
        except requests.RequestException as error:
            raise TransportError(_fact(error)) from error
        if answer.status_code in _BUSY or answer.status_code >= 500:
            raise TransportError(f"status {answer.status_code}", _retry_after_s(answer))
        if answer.status_code != 200:
            return NoReply(f"endpoint: status {answer.status_code}: {_error_said(answer)}"[:200])
        try:
            return _reply(ask, answer.json())
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise TransportError(f"not a chat completion ({_fact(error)})") from error

    def _body(self, ask: Ask) -> dict[str, Any]:
        images = [{"type": "image_url", "image_url": {"url": _data_url(content)}} for content in ask.images]
        user = [*images, {"type": "text", "text": ask.user}] if images else ask.user
        system = [{"role": "system", "content": ask.system}] if ask.system else []
        body: dict[str, Any] = {
            "model": self.options.served_model or self.options.model,
            "messages": [*system, {"role": "user", "content": user}],
            "max_tokens": ask.max_tokens,
            "temperature": ask.temperature,
            "seed": ask.seed,
        }
        if ask.schema is not None:
            shape = {"name": "reply", "schema": dict(ask.schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        if ask.first_token_of or ask.likeliest:
            body |= {"logprobs": True, "top_logprobs": LIKELIEST_TOKENS}
        return body


def _reply(ask: Ask, said: Any) -> Reply:
    """The first choice of a chat completion. Raises ValueError and its like for anything else."""
    choice = said["choices"][0]
    text, usage = choice["message"]["content"], said.get("usage") or {}
    if not isinstance(text, str):
        raise TypeError("the message has no text")
    return Reply(
        text=text,
        finish_reason=str(choice.get("finish_reason")),
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
        first_token_probabilities=_first_token(ask, choice.get("logprobs")),
        steps=_steps(ask, choice.get("logprobs")),
    )


def _first_token(ask: Ask, logprobs: Any) -> dict[str, float]:
    if not ask.first_token_of or not logprobs or not logprobs.get("content"):
        return {}
    tokens: dict[str, float] = {}
    for entry in logprobs["content"][0]["top_logprobs"]:
        tokens[entry["token"]] = tokens.get(entry["token"], 0.0) + math.exp(entry["logprob"])
    return word_probabilities(ask.first_token_of, tokens)


def _steps(ask: Ask, logprobs: Any) -> tuple[Step, ...]:
    if not ask.likeliest or not logprobs or not logprobs.get("content"):
        return ()
    return tuple(
        step_of(entry["token"], ((other["token"], other["logprob"]) for other in entry["top_logprobs"]))
        for entry in logprobs["content"]
    )


def _data_url(content: bytes) -> str:
    kind = "png" if content.startswith(_PNG) else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _retry_after_s(answer: requests.Response) -> float | None:
    try:
        return float(answer.headers.get("Retry-After", ""))
    except ValueError:
        return None


def _error_said(answer: requests.Response) -> str:
    """The server's own words, in one line."""
    try:
        said = answer.json()
        error = said.get("error", said)
        text = error.get("message", error) if isinstance(error, dict) else error
    except (ValueError, AttributeError):
        text = answer.text
    return " ".join(str(text).split())[:160]


def _fact(error: Exception) -> str:
    """What went wrong, without addresses of objects."""
    if isinstance(error, requests.Timeout):
        return "no reply in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was dropped"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__

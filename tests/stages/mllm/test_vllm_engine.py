"""Real vLLM on this machine's CPU, with a tiny vision-language model of random weights."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from stages.mllm.ask import Ask, NoReply, Reply
from stages.mllm.connect import language_model
from stages.mllm.options import ModelOptions
from stages.mllm.vllm_engine import VllmEngine

pytestmark = pytest.mark.filterwarnings("ignore")

SCHEMA = {
    "type": "object",
    "properties": {"quality": {"enum": ["bad", "good"]}, "why": {"type": "string", "pattern": "^[a-z ]{3,30}$"}},
    "required": ["quality", "why"],
    "additionalProperties": False,
}


def picture(grey: int = 90) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (128, 96), (grey, grey, grey)).save(written, "PNG")
    return written.getvalue()


def asks(count: int) -> list[Ask]:
    return [
        Ask("Judge.", f"Photo {number}?", (picture(number),), SCHEMA, 200, temperature=1.0, seed=number)
        for number in range(count)
    ]


def test_replies_keep_to_the_schema_and_come_in_the_order_of_the_asks(vlm: VllmEngine) -> None:
    replies = vlm(asks(12))
    for reply in replies:
        assert isinstance(reply, Reply)
        assert reply.finish_reason == "stop"
        assert json.loads(reply.text)["quality"] in {"bad", "good"}
        assert reply.prompt_tokens > 12
        assert reply.completion_tokens > 0
    assert [reply.text for reply in vlm(asks(12)[3:5]) if isinstance(reply, Reply)] == [
        reply.text for reply in replies[3:5] if isinstance(reply, Reply)
    ]


def test_many_requests_are_in_the_engine_at_once(vlm: VllmEngine) -> None:
    vlm(asks(8))
    assert vlm.stats.most_running > 1


def test_a_request_that_the_model_cannot_take_costs_no_other(vlm: VllmEngine) -> None:
    too_long, fine = vlm([Ask("", "word " * 9000), Ask("", "hello", max_tokens=4)])
    assert isinstance(too_long, NoReply)
    assert "maximum context length" in too_long.reason
    assert isinstance(fine, Reply)


def test_a_reply_that_is_cut_off_says_so(vlm: VllmEngine) -> None:
    (reply,) = vlm([Ask("", "hello", schema=SCHEMA, max_tokens=3)])
    assert isinstance(reply, Reply)
    assert (reply.finish_reason, reply.completion_tokens) == ("length", 3)


def test_the_probabilities_of_first_words_are_told(vlm: VllmEngine) -> None:
    spoken = Ask("", "Is it sharp?", (picture(),), max_tokens=1, first_token_of=("Yes", "No"))
    (reply,) = vlm([spoken])
    assert isinstance(reply, Reply)
    assert set(reply.first_token_probabilities) == {"Yes", "No"}
    assert all(0 <= value <= 1 for value in reply.first_token_probabilities.values())


def test_the_likeliest_tokens_of_every_step_are_told(vlm: VllmEngine) -> None:
    (reply,) = vlm([Ask("", "Where is it?", (picture(),), max_tokens=5, likeliest=True)])
    assert isinstance(reply, Reply)
    assert len(reply.steps) == reply.completion_tokens
    for step in reply.steps:
        assert step.token in step.likeliest
        assert len(step.likeliest) > 1
        assert all(logprob <= 0 for logprob in step.likeliest.values())


def test_stages_with_equal_options_share_one_engine(vlm: VllmEngine, vlm_options: ModelOptions) -> None:
    assert language_model(vlm_options.model_copy(update={"temperatures": (0.5,), "max_tokens": 99})) is vlm

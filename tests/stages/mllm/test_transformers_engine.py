"""A tiny vision-language model of random weights in real transformers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from manifests.errors import RecipeError
from stages.mllm.ask import Ask, NoReply, Reply
from stages.mllm.options import ModelOptions
from stages.mllm.spell import Spelled

pytestmark = pytest.mark.filterwarnings("ignore")


def picture(width: int, height: int, grey: int = 90) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), (grey, grey, grey)).save(written, "PNG")
    return written.getvalue()


ASKS = [
    Ask("", "Is it sharp?", (picture(96, 64),), max_tokens=6),
    Ask("Judge.", "What about the noise in this photograph?", (picture(160, 128, 10),), max_tokens=6),
    Ask("", "Why?", (picture(64, 64, 200),), max_tokens=6),
]


@pytest.fixture(scope="module")
def engine(tiny_vlm: Callable[[str], Path]) -> Iterator[object]:
    from stages.mllm.transformers_engine import TransformersEngine

    made = TransformersEngine(ModelOptions(model=str(tiny_vlm("qwen3-vl"))), batch=2, device="cpu")
    made.open()
    yield made
    made.close()


def test_replies_come_in_the_order_of_the_asks_and_are_those_of_each_alone(engine) -> None:  # type: ignore[no-untyped-def]
    together = engine(ASKS)
    assert all(isinstance(reply, Reply) and reply.completion_tokens for reply in together)
    assert together == [engine([ask])[0] for ask in ASKS]


def test_the_logits_of_watched_tokens_are_those_that_decide(engine) -> None:  # type: ignore[no-untyped-def]
    everything = range(len(engine.tokenizer))
    (spelled,) = engine.spell(ASKS[:1], everything)
    assert isinstance(spelled, Spelled)
    assert spelled.logits.shape == (len(spelled.token_ids), len(engine.tokenizer))
    assert spelled.logits.argmax(axis=1).tolist() == list(spelled.token_ids)


def test_what_would_come_next_is_what_comes_next(engine) -> None:  # type: ignore[no-untyped-def]
    watched = (5, 300, 42)
    (spelled,) = engine.spell(ASKS[:1], watched)
    (first,) = engine.logits_after(ASKS[:1], [""], watched)
    assert np.allclose(first, spelled.logits[0], atol=1e-4)
    (elsewhere,) = engine.logits_after(ASKS[:1], ["It is at the"], watched)
    assert not np.allclose(elsewhere, first, atol=1e-4)


def test_a_question_that_the_model_cannot_take_costs_no_other(engine) -> None:  # type: ignore[no-untyped-def]
    stretched = Ask("", "And this?", (picture(4000, 2),), max_tokens=4)
    replies = engine([ASKS[0], stretched, ASKS[2]])
    assert [type(reply) for reply in replies] == [Reply, NoReply, Reply]


def test_a_reply_may_lead_to_another_question(engine) -> None:  # type: ignore[no-untyped-def]
    heard: list[int] = []

    def again(place: int, reply: Reply | NoReply) -> Ask | None:
        heard.append(place)
        return ASKS[2] if place == 0 and heard.count(0) == 1 else None

    replies = engine(ASKS[:2], then=again)
    assert sorted(heard) == [0, 0, 1]
    assert replies[0] == engine([ASKS[2]])[0]


def test_what_needs_guidance_or_chance_is_refused(engine) -> None:  # type: ignore[no-untyped-def]
    for ask in (Ask("", "x", schema={}), Ask("", "x", temperature=0.4), Ask("", "x", first_token_of=("Yes",))):
        with pytest.raises(ValueError, match="at temperature 0"):
            engine([ask])


def test_a_model_without_chat_template_is_one_line(tiny_vlm: Callable[[str], Path], tmp_path: Path) -> None:
    from stages.mllm.transformers_engine import TransformersEngine

    folder = tmp_path / "mute"
    folder.mkdir()
    for file in tiny_vlm("qwen3-vl").iterdir():
        if file.name != "chat_template.jinja":
            (folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(RecipeError, match="has no chat template"):
        TransformersEngine(ModelOptions(model=str(folder))).open()

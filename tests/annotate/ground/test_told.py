from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from annotate.ground.place import Chi
from annotate.ground.reading import Reading
from annotate.ground.told import chi_told, read_told
from manifests.errors import InputError
from stages.mllm.ask import Ask, NoReply, Reply, Step, Then, step_of


def steps(*said: str, **likely: dict[str, float]) -> tuple[Step, ...]:
    """Steps of these tokens; those named in `likely` with these likeliest tokens, the others alone."""
    return tuple(Step(token, likely.get(token.strip(), {token: -0.1})) for token in said)


def test_log_probabilities_are_read_where_the_reply_says_the_words() -> None:
    said = steps(
        "The", " top", "az", " at", " the", " bottom", " left", ".",
        bottom={" bottom": -0.2, " top": -1.7, " middle": -4.0},
        left={" left": -0.5, " right": -1.0},
    )  # fmt: skip
    assert chi_told(said) == Chi(left=-0.5, right=-1.0, top=-1.7, bottom=-0.2)


def test_spellings_and_beginnings_of_a_word_add_up() -> None:
    half = math.log(0.25)
    said = steps(
        "top", " le", "ft",
        top={"top": -0.2, "Bottom": -2.0},
        le={" le": half, "Left": half, "\u2581ri": -1.0, " ": -3.0},
    )  # fmt: skip
    chi = chi_told(said)
    assert chi is not None
    assert (chi.left, chi.right) == (pytest.approx(math.log(0.5)), -1.0)


def test_a_word_that_is_not_among_the_likeliest_is_as_unlikely_as_the_least_of_them() -> None:
    said = steps(
        "top", " left", left={" left": -0.01, " middle": -5.0, " centre": -7.5}, top={"top": 0.0, "bottom": -9.0}
    )
    assert chi_told(said) == Chi(left=-0.01, right=-7.5, top=0.0, bottom=-9.0)


def test_a_reply_without_place_has_no_logits() -> None:
    assert chi_told(steps("The", " dog")) is None
    assert chi_told(()) is None


def test_equal_texts_of_a_step_add_up() -> None:
    assert step_of("a", [("a", math.log(0.25)), ("a", math.log(0.5)), ("b", -3.0)]).likeliest == {
        "a": pytest.approx(math.log(0.75)),
        "b": -3.0,
    }


class Server:
    """Replies as it is told to."""

    name = "server"

    def __init__(self, *replies: Reply | NoReply) -> None:
        self.replies = list(replies)

    def open(self) -> None:
        pass

    def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
        assert all(ask.likeliest for ask in asks)
        return self.replies

    def close(self) -> None:
        pass


def test_replies_become_readings_in_their_order() -> None:
    server = Server(
        Reply("top left", "stop", 1, 2, steps=steps("top", " left")),
        Reply("The whole image.", "stop", 1, 2),
        NoReply("busy"),
        Reply("Somewhere", "stop", 1, 1, steps=steps("Somewhere")),
    )
    least = Chi(-0.1, -0.1, -0.1, -0.1)
    assert read_told(server, [Ask("", "?")] * 4) == [
        Reading("top left", "answer", least),
        Reading("The whole image.", "whole-image"),
        NoReply("busy"),
        Reading("Somewhere", "no-words"),
    ]


def test_a_server_that_tells_nothing_of_its_tokens_is_refused() -> None:
    with pytest.raises(InputError, match="server: the server tells no log-probabilities"):
        read_told(Server(Reply("top left", "stop", 1, 2)), [Ask("", "?")])

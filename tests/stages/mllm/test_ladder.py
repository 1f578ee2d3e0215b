"""Validated tries: what is asked again, how, and when the ladder ends."""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import ImageRecord
from stages.mllm.ask import Ask, NoReply, Reply, Then
from stages.mllm.ladder import Wish, climb, note


class Scripted:
    """A model that says what it is told to, and remembers what it was asked."""

    name = "scripted"

    def __init__(self, *rounds: list[Reply | NoReply]) -> None:
        self.rounds = list(rounds)
        self.asked: list[list[Ask]] = []

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
        assert then is not None
        replies: dict[int, Reply | NoReply] = {}
        waiting = dict(enumerate(asks))
        while waiting:
            self.asked.append(list(waiting.values()))
            replies |= dict(zip(waiting, self.rounds.pop(0), strict=True))
            again = {place: then(place, replies[place]) for place in waiting}
            waiting = {place: ask for place, ask in again.items() if ask is not None}
        return [replies[place] for place in range(len(asks))]


def said(text: str, finish_reason: str = "stop") -> Reply:
    return Reply(text, finish_reason, prompt_tokens=10, completion_tokens=5)


def number(reply: Reply) -> int:
    return int(reply.text)


def wish(user: str = "a number", shorter: Ask | None = None) -> Wish[int]:
    return Wish(Ask("", user, seed=7), number, shorter)


def test_all_wishes_are_asked_together_and_only_the_invalid_ones_again() -> None:
    model = Scripted([said("1"), said("one"), said("3")], [said("2")])
    ends = climb(model, [wish("a"), wish("b"), wish("c")], (0.0, 0.5))
    assert [end.value for end in ends] == [1, 2, 3]
    assert [[ask.user for ask in asks] for asks in model.asked] == [["a", "b", "c"], ["b"]]


def test_each_further_try_is_warmer_with_another_seed_and_the_last_one_asks_for_less() -> None:
    shorter = Ask("", "a digit", seed=7)
    model = Scripted([said("x")], [said("y")], [said("4")])
    (end,) = climb(model, [wish(shorter=shorter)], (0.0, 0.8))
    tries = [(ask.user, ask.temperature, ask.seed) for (ask,) in model.asked]
    assert tries == [("a number", 0.0, 7), ("a number", 0.8, 8), ("a digit", 0.8, 9)]
    assert end.value == 4


def test_a_reply_that_never_validates_ends_with_the_last_fact_and_never_with_a_value() -> None:
    (end,) = climb(Scripted([said("x")], [said("y")]), [wish()], (0.0, 0.5))
    assert end.value is None
    assert end.reason == "the reply is not valid: invalid literal for int() with base 10: 'y'"


def test_a_reply_that_was_cut_off_does_not_count_even_if_it_reads_well() -> None:
    (end,) = climb(Scripted([said("1", "length")]), [wish()], (0.0,))
    assert end.value is None
    assert end.reason == "the reply ended by length after 5 tokens"


def test_a_request_without_any_reply_is_not_asked_again() -> None:
    model = Scripted([NoReply("endpoint: status 400: no such model"), said("2")])
    ends = climb(model, [wish(), wish()], (0.0, 0.5))
    assert [end.value for end in ends] == [None, 2]
    assert ends[0].reason == "endpoint: status 400: no such model"
    assert len(model.asked) == 1


def test_a_second_try_does_not_wait_for_the_first_tries_of_others() -> None:
    class Slow(Scripted):
        def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
            assert then is not None
            again = then(0, said("x"))
            assert again is not None
            assert then(0, said("1")) is None
            assert then(1, said("2")) is None
            return []

    assert [end.value for end in climb(Slow(), [wish(), wish()], (0.0, 0.5))] == [1, 2]


def test_what_the_tries_cost_is_added_up_in_the_row() -> None:
    row = ImageRecord(image_id="a", uri="a.jpg")
    note(row, "describe", climb(Scripted([said("x"), said("1")], [said("y")]), [wish(), wish()], (0.0, 0.5)))
    assert row.tallies == {
        "describe.asked": 3,
        "describe.retried": 1,
        "describe.failed": 1,
        "describe.prompt_tokens": 30,
        "describe.completion_tokens": 15,
    }

"""Headline figures of a session."""

from __future__ import annotations

from annotate.dag import ShardDone
from annotate.figures import figures_of


def done(shard: int, asked_from: float | None, asked_until: float | None, tokens: int) -> ShardDone:
    return ShardDone(
        shard=shard,
        outcomes={"ok": 2},
        rows={},
        seconds={"describe": 3.0},
        began=100.0,
        ended=130.0 + shard,
        peak_memory_bytes={"host:1": 10},
        tallies={"describe.asked": 3, "describe.completion_tokens": tokens} if tokens else {},
        asked_from=asked_from,
        asked_until=asked_until,
    )


def test_tokens_are_counted_from_the_first_request_to_the_last_reply() -> None:
    figures = figures_of([done(0, 120.0, 124.0, 300), done(1, 121.0, 130.0, 200)], started=90.0, ended=140.0)
    assert figures.asked == {"describe.asked": 6, "describe.completion_tokens": 500}
    assert figures.tokens_per_second == 50.0


def test_a_run_without_language_models_has_no_tokens() -> None:
    figures = figures_of([done(0, None, None, 0)], started=90.0, ended=140.0)
    assert figures.asked == {}
    assert figures.tokens_per_second == 0.0

"""From a model's replies to valid values: validate, ask again warmer, ask for less, give up with the last fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from manifests.records import ImageRecord
from stages.mllm.ask import Ask, LanguageModel, NoReply, Reply

Value = TypeVar("Value")

FINISHED = "stop"


@dataclass(frozen=True)
class Wish(Generic[Value]):
    """What is wanted of the model: the ask, a reader that validates, and perhaps a shorter ask for the last try."""

    ask: Ask
    read: Callable[[Reply], Value]
    """The value of a reply that ended by itself. Raises ValueError with the fact when it is not valid."""
    shorter: Ask | None = None
    """The same question for less: smaller bounds in schema and text, read by the same reader."""


@dataclass
class Tally:
    """What the tries for one wish cost; over many wishes, the sums."""

    asked: int = 0
    retried: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, other: Tally) -> None:
        """Sum up in place."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Granted(Generic[Value]):
    """How a wish ended: with a value, or without one and with the reason of the last try."""

    value: Value | None = None
    reason: str | None = None
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class Rung:
    """One try: how warm, and whether the shorter ask is used where there is one."""

    temperature: float
    shorter: bool


def rungs(temperatures: Sequence[float]) -> list[Rung]:
    """One try at each temperature, then the shorter ask at the last one."""
    return [*(Rung(temperature, False) for temperature in temperatures), Rung(temperatures[-1], True)]


def climb(model: LanguageModel, wishes: Sequence[Wish[Value]], temperatures: Sequence[float]) -> list[Granted[Value]]:
    """Ask for all wishes at once, and again for those without a valid reply, until the ladder ends.

    A request without any reply (its transport was tried again already) is not asked again. A reply that did not end
    by itself, or does not validate, is. Raises EngineDied.
    """
    granted: list[Granted[Value]] = [Granted() for _ in wishes]
    waiting = list(range(len(wishes)))
    for number, rung in enumerate(rungs(temperatures)):
        waiting = [place for place in waiting if not rung.shorter or wishes[place].shorter is not None]
        asks = [_on(rung, wishes[place], number) for place in waiting]
        replies = model(asks) if asks else []
        waiting = [
            place
            for place, reply in zip(waiting, replies, strict=True)
            if _try_again(granted[place], wishes[place], reply)
        ]
    for end in granted:
        end.tally.failed = int(end.value is None)
    return granted


def note(row: ImageRecord, stage: str, ends: Sequence[Granted[Value]]) -> None:
    """Write what the wishes for one row cost into the row, for the figures of the run."""
    total = Tally()
    for end in ends:
        total.add(end.tally)
    counted: Mapping[str, int] = vars(total)
    for name, value in counted.items():
        key = f"{stage}.{name}"
        row.tallies[key] = row.tallies.get(key, 0) + value


def _on(rung: Rung, wish: Wish[Value], number: int) -> Ask:
    ask = wish.shorter if rung.shorter and wish.shorter is not None else wish.ask
    return replace(ask, temperature=rung.temperature, seed=ask.seed + number)


def _try_again(end: Granted[Value], wish: Wish[Value], reply: Reply | NoReply) -> bool:
    """Write down what a try gave; whether another one may give more."""
    end.tally.retried += int(end.tally.asked > 0)
    end.tally.asked += 1
    if isinstance(reply, NoReply):
        end.reason = reply.reason
        return False
    end.tally.prompt_tokens += reply.prompt_tokens
    end.tally.completion_tokens += reply.completion_tokens
    if reply.finish_reason != FINISHED:
        end.reason = f"the reply ended by {reply.finish_reason} after {reply.completion_tokens} tokens"
        return True
    try:
        end.value, end.reason = wish.read(reply), None
    except ValueError as error:
        end.reason = f"the reply is not valid: {' '.join(str(error).split())}"[:200]
        return True
    return False

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
    """Ask for all wishes at once; each without a valid reply is asked for again, at once, until its ladder ends.

    A request without any reply (its transport was tried again already) is not asked again. A reply that did not end
    by itself, or does not validate, is. Raises EngineDied.
    """
    climbs = [_Climb(wish, temperatures) for wish in wishes]
    firsts = [climb.ask() for climb in climbs]
    if firsts:
        model(firsts, lambda place, reply: climbs[place].hears(reply))
    for climb in climbs:
        climb.end.tally.failed = int(climb.end.value is None)
    return [climb.end for climb in climbs]


def note(row: ImageRecord, stage: str, ends: Sequence[Granted[Value]]) -> None:
    """Write what the wishes for one row cost into the row, for the figures of the run."""
    total = Tally()
    for end in ends:
        total.add(end.tally)
    counted: Mapping[str, int] = vars(total)
    for name, value in counted.items():
        key = f"{stage}.{name}"
        row.tallies[key] = row.tallies.get(key, 0) + value


class _Climb(Generic[Value]):
    """One wish on its way up the ladder."""

    def __init__(self, wish: Wish[Value], temperatures: Sequence[float]) -> None:
        self.end: Granted[Value] = Granted()
        self._wish = wish
        self._rungs = [rung for rung in rungs(temperatures) if not rung.shorter or wish.shorter is not None]

    def ask(self) -> Ask:
        """The ask of the next try."""
        number = self.end.tally.asked
        rung = self._rungs[number]
        ask = self._wish.shorter if rung.shorter and self._wish.shorter is not None else self._wish.ask
        return replace(ask, temperature=rung.temperature, seed=ask.seed + number)

    def hears(self, reply: Reply | NoReply) -> Ask | None:
        """Write down what a try gave; the next ask, if another try may give more."""
        tally = self.end.tally
        tally.retried += int(tally.asked > 0)
        tally.asked += 1
        if isinstance(reply, NoReply):
            self.end.reason = reply.reason
            return None
        tally.prompt_tokens += reply.prompt_tokens
        tally.completion_tokens += reply.completion_tokens
        self.end.value, self.end.reason = self._read(reply)
        done = self.end.reason is None or tally.asked == len(self._rungs)
        return None if done else self.ask()

    def _read(self, reply: Reply) -> tuple[Value | None, str | None]:
        """The value of a reply, or the reason why it has none."""
        if reply.finish_reason != FINISHED:
            return None, f"the reply ended by {reply.finish_reason} after {reply.completion_tokens} tokens"
        try:
            return self._wish.read(reply), None
        except ValueError as error:
            return None, f"the reply is not valid: {' '.join(str(error).split())}"[:200]

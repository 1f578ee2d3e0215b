"""From all candidates to the pairs of one image: no duplicates, variety of topics and things, yes and no in balance."""

from __future__ import annotations

from collections.abc import Sequence

from stages.question.pair import PRAISE, Pair


class Chosen:
    """The pairs taken so far; refuses what was asked before."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []

    def asks_already(self, pair: Pair) -> bool:
        """Whether a pair repeats a question, or a topic on the same things."""
        return any(
            other.question == pair.question
            or (other.topic == pair.topic and (pair.topic.startswith(PRAISE) or _overlap(other, pair)))
            for other in self.pairs
        )

    def take(self, pair: Pair) -> None:
        """Add a pair."""
        self.pairs.append(pair)


def _overlap(one: Pair, other: Pair) -> bool:
    return one.region_ids == other.region_ids or bool(set(one.region_ids) & set(other.region_ids))


def balanced_yes_no(candidates: Sequence[Pair], most: int) -> list[Pair]:
    """As many "yes" as "no", at most `most` together, taken in turns from shuffled candidates.

    Topics and things that were asked least come first, so that one region or property does not fill the image.
    """
    chosen = Chosen()
    taken: list[tuple[Pair, Pair]] = []
    while len(taken) < most // 2:
        yes = _next(candidates, chosen, True)
        if yes is None:
            break
        chosen.take(yes)
        no = _next(candidates, chosen, False)
        if no is None:
            chosen.pairs.pop()
            break
        chosen.take(no)
        taken.append((yes, no))
    return [pair for both in taken for pair in both]


def _next(candidates: Sequence[Pair], chosen: Chosen, yes: bool) -> Pair | None:
    free = [pair for pair in candidates if pair.yes is yes and not chosen.asks_already(pair)]
    return min(free, key=lambda pair: _asked_before(pair, chosen), default=None)


def _asked_before(pair: Pair, chosen: Chosen) -> int:
    """How often a pair's topic and things were asked already, one more for an answer that anyone would guess.

    `min` keeps the order of equals.
    """
    asked = sum((other.topic == pair.topic) + (other.region_ids == pair.region_ids) for other in chosen.pairs)
    return asked + pair.expected


def varied(candidates: Sequence[Pair], most: int) -> list[Pair]:
    """At most `most` pairs, the families taking turns in the order in which they come first."""
    chosen = Chosen()
    families = list(dict.fromkeys(pair.family for pair in candidates))
    exhausted: set[str] = set()
    while len(chosen.pairs) < most and len(exhausted) < len(families):
        for family in families:
            free = [pair for pair in candidates if pair.family == family and not chosen.asks_already(pair)]
            if not free:
                exhausted.add(family)
            elif len(chosen.pairs) < most:
                chosen.take(min(free, key=lambda pair: _asked_before(pair, chosen)))
    return chosen.pairs

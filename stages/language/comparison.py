"""Differences between one thing and another that are large enough to be seen, as comparatives."""

from __future__ import annotations

from dataclasses import dataclass

from stages.language.evidence import Evidence


@dataclass(frozen=True)
class Difference:
    """An attribute, the least difference that counts, and what the thing with more or with less of it is."""

    attribute: str
    least: float
    more: str
    less: str


DIFFERENCES = (
    Difference("sharpness", 0.12, "sharper", "softer"),
    Difference("luminance", 0.18, "brighter", "darker"),
    Difference("saturation", 0.12, "more colourful", "less colourful"),
)


def comparatives(one: Evidence, other: Evidence) -> list[str]:
    """How one thing differs from another, in the order of `DIFFERENCES`.

    Nothing is said of what was not measured on both, nor of sharpness where grain or blocks would be taken for it.
    """
    found = []
    for difference in DIFFERENCES:
        mine, theirs = (_measured(thing, difference.attribute) for thing in (one, other))
        if mine is not None and theirs is not None and abs(mine - theirs) >= difference.least:
            found.append(difference.more if mine > theirs else difference.less)
    return found


def _measured(thing: Evidence, attribute: str) -> float | None:
    value: float | None = getattr(thing.attributes, attribute)
    return None if attribute == "sharpness" and thing.hides("blur") else value

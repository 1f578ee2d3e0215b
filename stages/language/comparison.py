"""Differences between one thing and another that are large enough to be seen, as comparatives."""

from __future__ import annotations

from dataclasses import dataclass

from manifests.records import Attributes


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


def comparatives(one: Attributes, other: Attributes) -> list[str]:
    """How one thing differs from another, in the order of `DIFFERENCES`; nothing where either was not measured."""
    found = []
    for difference in DIFFERENCES:
        mine, theirs = getattr(one, difference.attribute), getattr(other, difference.attribute)
        if mine is not None and theirs is not None and abs(mine - theirs) >= difference.least:
            found.append(difference.more if mine > theirs else difference.less)
    return found

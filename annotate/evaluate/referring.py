"""IQA-Spider's referring: which distortions an answer names (arXiv 2605.24553; how it counts several is not said).

An answer is right when the set of distortion families that it names is the reference's: no more, no fewer. Severity
words and the effects that long answers add (", which hides detail") do not count.
"""

from __future__ import annotations

import re
from functools import cache

from manifests.records import Distortion
from manifests.vocabulary import DISTORTIONS, FAMILIES, Family
from stages.language.distortions import FAMILY_WORDS
from stages.language.planted import named
from stages.language.quality_words import sayings

_EFFECT = re.compile(r",? which [^;.]*")
_SLOT = re.compile(r"\{\w+\}\s*")


def families_named(plain: str) -> frozenset[Family]:
    """Families that an answer names: by the names that our labels use, and by what people say ("grainy")."""
    bare = _EFFECT.sub("", plain)
    ours = {family for pattern, family in _names() if pattern.search(bare)}
    return frozenset(ours.union(*(saying.families for saying in sayings(bare))))


def same_distortions(prediction: str, reference: str) -> bool:
    """Whether both name the same families; a prediction without a word is never right."""
    return bool(prediction.strip()) and families_named(prediction) == families_named(reference)


@cache
def _names() -> tuple[tuple[re.Pattern[str], Family], ...]:
    spoken: dict[str, Family] = {}
    for family in FAMILIES:
        said = FAMILY_WORDS[family]
        nouns = [_SLOT.sub("", each.text) for each in said.nouns]
        planted = [named(Distortion(family=family, name=name, severity=3)) for name in DISTORTIONS[family]]
        spoken.update({text.lower(): family for text in (said.name, said.plain_state, *nouns, *planted)})
    return tuple((re.compile(rf"\b{re.escape(text)}\b", re.IGNORECASE), family) for text, family in spoken.items())

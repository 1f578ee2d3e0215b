"""Which boxes of a closed detector may be what a phrase of a text means: by the phrase's head noun, without a model."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import takewhile

from stages.detect.label_words import CALLED, KINDS, SHARES
from stages.language.english import PLURAL_ONLY, pluralise

PREPOSITIONS = frozenset("above at behind below beside by from in near of on over under with".split())


def labels_meant(head: str, phrase: str = "") -> frozenset[str]:
    """Labels of COCO and of `PLAIN_NAMES` that a head noun may stand for, in either number; empty: the word is unknown.

    A noun of several words counts as a whole ("traffic lights") before its last word does ("station wagon": "wagon").
    `phrase`, whose head the noun is, gives the words in front of it.
    """
    for words in _readings(head, phrase):
        if words in _labels_by_word():
            return _labels_by_word()[words]
    return frozenset()


def means(head: str, phrase: str, label: str) -> bool:
    """Whether a head noun, which a phrase has around it, may stand for a detector's label."""
    return label in labels_meant(head, phrase) or _plain(head) in (label.casefold(), pluralise(label.casefold()))


def _readings(head: str, phrase: str) -> list[str]:
    """The head with the word in front of it, the head, and its last word, in lower case and without possessive."""
    own, around = _plain(head), _plain(phrase)
    place = around.find(own)
    before = around[:place].split()[-1:] if place > 0 and around[place - 1] == " " else []
    shared = _behind_of(own, around)
    return [" ".join([*before, own]), own, *own.split()[-1:], *shared, *(words.split()[-1] for words in shared)]


def _behind_of(head: str, phrase: str) -> list[str]:
    """The noun behind "slices of", with its adjectives; nothing for a head that is no share of another thing."""
    if not any(head in (share, pluralise(share)) for share in SHARES):
        return []
    behind = phrase.partition(f"{head} of ")[2].split()
    noun = list(takewhile(lambda word: word not in PREPOSITIONS, behind))
    return [" ".join(noun)] if noun else []


def _plain(words: str) -> str:
    return " ".join(words.casefold().replace("\u2019", "'").removesuffix("'s").split())


@cache
def _labels_by_word() -> dict[str, frozenset[str]]:
    """Labels by every word for them, singular and plural."""
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for label, words in CALLED.items():
        for word in (label, *filter(None, words.split(","))):
            labels[word].add(label)
    for word, members in KINDS.items():
        labels[word].update(members.split(","))
    forms: defaultdict[str, set[str]] = defaultdict(set)
    for word, meant in labels.items():
        for form in {word, pluralise(word)} - PLURAL_ONLY:
            forms[form].update(meant)
        forms[word].update(meant)
    return {form: frozenset(meant) for form, meant in forms.items()}

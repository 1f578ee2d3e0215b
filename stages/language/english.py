"""Small, exact English: plurals, articles, lists, agreement, sentence case. No randomness, no knowledge of images."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

IRREGULAR_PLURALS = {
    "child": "children",
    "deer": "deer",
    "fish": "fish",
    "foot": "feet",
    "goose": "geese",
    "half": "halves",
    "knife": "knives",
    "leaf": "leaves",
    "loaf": "loaves",
    "man": "men",
    "mouse": "mice",
    "person": "people",
    "sheep": "sheep",
    "shelf": "shelves",
    "tomato": "tomatoes",
    "potato": "potatoes",
    "tooth": "teeth",
    "wolf": "wolves",
    "woman": "women",
    "fireman": "firemen",
    "policeman": "policemen",
    "snowman": "snowmen",
}

PLURAL_ONLY = frozenset(
    "clothes glasses goggles headphones jeans pants scissors shorts skis sunglasses trousers pyjamas binoculars".split()
)
"""Words that take plural verbs even for one thing."""

UNCOUNTABLE = frozenset(
    "broccoli bread clothing equipment fabric fog foliage food fruit fur furniture glassware grass greenery hair ice "
    "jewellery jewelry lawn-grass light lighting luggage mist mud rice rain sand scenery skin sky smoke snow sunlight "
    "text texture traffic vegetation water wood".split()
)
"""Words that have no plural and take singular verbs."""

SINGULAR_IN_S = frozenset("gas lens bus cactus canvas campus iris atlas walrus octopus hippopotamus christmas".split())

DISPLAY = {"tv": "TV", "tvs": "TVs", "remote": "remote control"}
"""Class names that a reader expects to see otherwise."""

PROPER_INITIALS = frozenset({"TV", "TVs"})

Number = Literal["count", "mass", "plural"]


@dataclass(frozen=True)
class Noun:
    """A noun phrase in both numbers; `number` is `mass` (no plural) or `plural` (no singular) where one is missing."""

    singular: str
    plural: str
    number: Number

    def form(self, many: bool) -> str:
        """The form for several things or for one."""
        return self.plural if many else self.singular

    def takes_plural_verb(self, many: bool) -> bool:
        """Whether the form for several things or for one agrees with "are"."""
        return self.number == "plural" or (many and self.number == "count")


def noun(phrase: str) -> Noun:
    """The noun phrase of a class name or of words from a text, its last word being the head.

    Leading articles and square brackets go. Heads that already stand in the plural keep it.
    """
    words = re.sub(r"[\[\]()#<>]", " ", phrase).split()
    while len(words) > 1 and words[0].lower() in ("a", "an", "the"):
        words = words[1:]
    if not words:
        return Noun("object", "objects", "count")
    if len(words) == 1 and words[0].lower() in DISPLAY:
        words = DISPLAY[words[0].lower()].split()
    head, lowered = words[-1], words[-1].lower()
    whole, before = " ".join(words), words[:-1]
    if lowered in UNCOUNTABLE:
        return Noun(whole, whole, "mass")
    if _already_plural(lowered):
        return Noun(whole, whole, "plural")
    return Noun(whole, " ".join([*before, pluralise(head)]), "count")


def _already_plural(word: str) -> bool:
    if word in PLURAL_ONLY or (word in IRREGULAR_PLURALS.values() and word not in IRREGULAR_PLURALS):
        return True
    if word in SINGULAR_IN_S or word in IRREGULAR_PLURALS:
        return False
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))


def pluralise(word: str) -> str:
    """The plural of one countable English noun."""
    lowered = word.lower()
    if lowered in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[lowered]
    if re.search(r"(s|x|z|ch|sh)$", lowered):
        return f"{word}es"
    if re.search(r"[^aeiou]y$", lowered):
        return f"{word[:-1]}ies"
    return f"{word}s"


def article(phrase: str) -> str:
    """The indefinite article that fits the first word."""
    first = phrase.lstrip("[").split()[0].lower()
    sounds_like_consonant = first.startswith(("uni", "use", "eu", "one"))
    return "an" if first[0] in "aeiou" and not sounds_like_consonant else "a"


def join(parts: Sequence[str], word: str = "and") -> str:
    """Parts as an English list: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def capitalise(text: str) -> str:
    """The text with its first letter in upper case; a link's label counts as text."""
    for index, character in enumerate(text):
        if character.isalpha():
            return text[:index] + character.upper() + text[index + 1 :]
    return text


def decapitalise(text: str) -> str:
    """The text with its first letter in lower case, unless its first word is an acronym."""
    first = text.split(" ", 1)[0]
    return text if first in PROPER_INITIALS else text[:1].lower() + text[1:]


COUNT_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count_word(count: int) -> str:
    """A small number in words, others in digits."""
    return COUNT_WORDS[count] if 0 <= count < len(COUNT_WORDS) else str(count)


_VERBS = {"is": "are", "has": "have", "does": "do", "was": "were"}


def agree(verb: str, plural: bool) -> str:
    """A verb given in the third person singular, in the number of its subject."""
    if not plural:
        return verb
    if verb in _VERBS:
        return _VERBS[verb]
    if re.search(r"(ch|sh|ss|x|z)es$", verb):
        return verb[:-2]
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    return verb[:-1]

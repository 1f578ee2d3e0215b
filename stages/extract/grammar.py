"""The rule grammar: who is said to be how, in English descriptions of quality, without a model.

Patterns, on clauses around a verb of `stages.extract.words`:

    the [petals] are sharp and colourful                     thing, linking verb, words of quality
    the texture of the [petals] is clear                     the same through a property
    the [sky] lacks detail / shows noise                     thing, verb of having, words of quality
    a blurred [background]                                   words of quality in front of a noun
    there is noise in the [sky]; it is dark in the [corner]  a defect, or the image, in a place
    the flash leaves the [shirt] overexposed                 a cause, a thing, words of quality
    the focus is on the [bee]
    [background] blurred                                     no verb

What it does not understand it leaves out. Words are data in `words.py` and `stages.language.quality_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from manifests.records import Phrase
from manifests.vocabulary import Effect, PhraseDropReason
from stages.extract.clauses import Clause, Words, clauses, sentences, texts_of
from stages.extract.extractor import GivenText, Unread
from stages.extract.things import Thing, thing_of, things_of
from stages.extract.words import (
    ADJECTIVE_OF,
    BORDERS,
    DESCRIPTIVE,
    DETERMINERS,
    EMPHASIS,
    FILLERS,
    HARMING,
    LACKING,
    LINKING,
    MAKING,
    NOT_NOUNS,
    PLACES,
    PREPOSITIONS,
    PROPERTIES,
    VERBS,
    WHOLE_IMAGE,
)
from stages.language.english import join, noun
from stages.language.quality_words import NEGATIONS, STRONG, WEAK, Saying, lexicon, polarity_of, sayings_of, words_of

STAGE = "extract"

ABSENT = frozenset("low little absent invisible controlled minimal no not negligible few hardly barely".split())
"""Said of a defect, they mean that it is not there."""

EFFECT_OF: dict[int, Effect] = {1: "positive", 0: "no impact", -1: "negative"}


@dataclass(frozen=True)
class Finding:
    """A thing and the words of quality that one clause has for it; `helps`: its flaw is said to serve the picture."""

    thing: Thing
    qualities: tuple[str, ...]
    helps: bool = False


class GrammarExtractor:
    """Reads each text by itself."""

    def open(self) -> None:
        """Nothing to load."""

    def __call__(self, texts: Sequence[GivenText]) -> list[list[Phrase] | Unread]:
        """The phrases of each text."""
        return [phrases_of(given.text, given.passage) for given in texts]


def phrases_of(text: str, passage: int) -> list[Phrase]:
    """The phrases of one text, in the order of their first mention."""
    objects: list[list[Finding]] = []
    for finding in findings(text):
        known = next((group for group in objects if _same(group[0].thing, finding.thing)), None)
        if known is None:
            objects.append([finding])
        else:
            known.append(finding)
    phrases = [_phrase(text, passage, group) for group in objects]
    phrases.sort(key=lambda phrase: (phrase.start, phrase.end))
    return _without_overlaps(phrases)


def findings(text: str) -> list[Finding]:
    """All findings of a text, clause by clause, pronouns replaced by what they stand for."""
    found: list[Finding] = []
    meant: list[Thing] = []
    for sentence in sentences(text):
        before: list[Thing] = []
        for clause in clauses(sentence):
            subject = things_of(clause.subject) if clause.subject else before
            if any(thing.pronoun for thing in subject):
                subject = [thing for thing in subject if not thing.pronoun] + meant
            helps = bool(EMPHASIS.intersection(texts_of(sentence)))
            found += [_serving(finding) if helps else finding for finding in _of_clause(clause, subject)]
            before = subject if clause.verb else before
            meant = [thing for thing in subject if not thing.of_image] or meant
        found += _harmed(sentence)
    return [finding for finding in found if finding.qualities]


def _serving(finding: Finding) -> Finding:
    """The finding, marked if it is a background whose blur sets the subject off."""
    blurred = any("blur" in saying.families for each in finding.qualities for saying in sayings_of(words_of(each)))
    return replace(finding, helps=blurred and finding.thing.label[-1].text == "background")


def _of_clause(clause: Clause, subject: list[Thing]) -> Iterator[Finding]:
    yield from _attributive(clause.subject)
    attributive = list(_attributive(clause.said))
    yield from attributive
    if clause.verb in MAKING or not clause.verb:
        yield from _without_verb(clause.said)
        return
    words = clause.said
    if any(thing.pronoun for thing in subject) or _calls_it_image(clause):
        subject = [thing for thing in things_of(words) if thing.of_image][:1] or subject
    said = [saying for saying in _sayings(words, clause.verb) if not _in_front_of_noun(words, saying)]
    focus = [thing for thing in subject if thing.about_property == "focus" and thing.of_image]
    if focus and words and words[0].text in ("on", "upon"):
        yield from (Finding(thing, ("in focus",)) for thing in things_of(words[1:]))
        return
    defect = next((thing for thing in subject if thing.label[-1].text in ADJECTIVE_OF and thing.of_image), None)
    if defect is not None:
        yield from _defect(defect, words)
        return
    vague = all(thing.of_image for thing in subject)
    for saying in said:
        place = _place_behind(words, saying.end) if vague else []
        for thing in place or subject:
            if not thing.pronoun:
                yield Finding(thing, (_surface(words, saying, thing.about_property, clause.verb),))
    for thing in [] if said else subject:
        yield Finding(thing, tuple(_of_property(words, thing.about_property)))


def _calls_it_image(clause: Clause) -> bool:
    """Whether a clause says what the picture is: "this is a picture of good quality"."""
    if texts_of(clause.subject) not in (["this"], ["it"], ["that"]):
        return False
    named = thing_of(clause.said)
    return named is not None and named.of_image


def _of_property(words: Words, about_property: str) -> list[str]:
    """Words that say something of quality only together with the property: "the lighting is sufficient"."""
    compounds = (f"{word.text} {about_property}" for word in words)
    return [compound for compound in compounds if about_property and tuple(words_of(compound)) in lexicon()][:1]


def _defect(defect: Thing, words: Words) -> Iterator[Finding]:
    """A clause whose subject is noise, blur and the like."""
    adjective = ADJECTIVE_OF[defect.label[-1].text]
    absent = ABSENT.intersection(texts_of(words))
    quality = f"not {adjective}" if absent else adjective
    places = _place_behind(words, 0)
    yield from (Finding(thing, (quality,)) for thing in places or [defect])


def _attributive(words: Words) -> Iterator[Finding]:
    """Words of quality in front of a noun, and behind a property: "clear texture of the petals"."""
    for saying in sayings_of(texts_of(words)):
        if saying.text in DESCRIPTIVE and _in_front_of_noun(words, saying):
            continue
        if not _in_front_of_noun(words, saying):
            prop = words[saying.end - 1].text if saying.end > saying.start + 1 else ""
            follows = words[saying.end].text if saying.end < len(words) else ""
            if (prop in PROPERTIES or saying.text in ADJECTIVE_OF) and follows == "of":
                yield from (Finding(thing, (_surface(words, saying),)) for thing in things_of(words[saying.end + 1 :]))
            elif follows in PROPERTIES and saying.end + 1 < len(words) and words[saying.end + 1].text == "of":
                quality = _surface(words, saying, follows)
                yield from (Finding(thing, (quality,)) for thing in things_of(words[saying.end + 2 :]))
            continue
        thing = thing_of(words[_noun_behind(words, saying) :])
        if thing is not None and not thing.of_image and not thing.pronoun:
            yield Finding(thing, (_surface(words, saying),))


def _in_front_of_noun(words: Words, saying: Saying) -> bool:
    place = _noun_behind(words, saying)
    if place >= len(words):
        return False
    text = words[place].text
    stops = BORDERS | PREPOSITIONS | VERBS | NOT_NOUNS | DETERMINERS | FILLERS | PROPERTIES | WHOLE_IMAGE
    if text in stops or text.endswith("ly") or text in HARMING:
        return False
    before = words[saying.start - 1].text if saying.start else ""
    return before != "" or saying.start == 0


def _noun_behind(words: Words, saying: Saying) -> int:
    """Index behind a chain of words of quality: "sharp and colourful flowers"."""
    place = saying.end
    following = [other for other in sayings_of(texts_of(words)) if other.start >= saying.end]
    for other in following:
        between = texts_of(words[place : other.start])
        if all(word in FILLERS or word == "and" for word in between) and len(between) <= 2:
            place = other.end
        else:
            break
    return place


def _without_verb(words: Words) -> Iterator[Finding]:
    """A thing and words of quality behind it, or a defect in a place."""
    said = [saying for saying in sayings_of(texts_of(words)) if not _in_front_of_noun(words, saying)]
    if not said:
        return
    before = words[: said[0].start]
    subject = things_of(before) if before and before[-1].text not in PREPOSITIONS else []
    vague = all(thing.of_image for thing in subject)
    for saying in said:
        located = vague and (subject or saying.text in ADJECTIVE_OF or words[saying.end - 1].text in PROPERTIES)
        place = _place_behind(words, saying.end) if located else []
        for thing in place or subject:
            if not thing.pronoun:
                yield Finding(thing, (_surface(words, saying, thing.about_property),))


def _harmed(sentence: Words) -> Iterator[Finding]:
    """A verb that harms the thing behind it: "blurs the wheels"."""
    for index, word in enumerate(sentence[:-1]):
        if word.text in HARMING and sentence[index + 1].text in DETERMINERS:
            thing = thing_of(sentence[index + 1 :])
            if thing is not None and not thing.of_image and not thing.pronoun:
                yield Finding(thing, (HARMING[word.text],))


def _place_behind(words: Words, start: int) -> list[Thing]:
    """The things behind the first preposition of place: "in the sky and on the water"."""
    for index in range(start, len(words) - 1):
        text = words[index].text
        if text in BORDERS and index > start:
            return []
        if text in PLACES or (text == "of" and index == start):
            return [thing for thing in things_of(words[index + 1 :])[:2] if not thing.of_image and not thing.pronoun]
    return []


def _sayings(words: Words, verb: str) -> list[Saying]:
    """Words of quality, read with a lacking verb in front of them and with determiners passed over."""
    kept = [index for index, word in enumerate(words) if word.text not in DETERMINERS or _counts(words, index)]
    texts = [words[index].text for index in kept]
    prefix = [verb] if verb in LACKING or verb not in LINKING else []
    found = []
    for saying in sayings_of([*prefix, *texts]):
        start, end = max(saying.start - len(prefix), 0), saying.end - len(prefix)
        if end > 0:
            places = (kept[start], kept[end - 1] + 1)
            found.append(Saying(saying.text, saying.polarity, saying.families, saying.degree, places[0], places[1]))
    return found


def _counts(words: Words, index: int) -> bool:
    """Whether a determiner decides what is said: "no detail", and "a little noise" in contrast to "little noise"."""
    following = words[index + 1].text if index + 1 < len(words) else ""
    return words[index].text == "a" and following in ("little", "bit")


def _surface(words: Words, saying: Saying, about_property: str = "", verb: str = "") -> str:
    """T_q: the words of quality as they stand, with negation and degree, and with the property if that means more."""
    if saying.text in ADJECTIVE_OF:
        quality = ADJECTIVE_OF[saying.text]
        said = [saying.text]
    else:
        compound = f"{saying.text} {about_property}"
        quality = compound if about_property and tuple(words_of(compound)) in lexicon() else saying.text
        said = quality.split()
    before = [word.text for word in words[max(saying.start - 2, 0) : saying.start]]
    negated = NEGATIONS.intersection([*before, *([verb] if verb in ("isn't", "aren't", "doesn't", "lacks") else [])])
    is_negated = bool(negated) and said[0] not in LACKING
    degree = next((word for word in before if word in STRONG | WEAK and word != "too"), "")
    degree = "a little" if degree == "little" else degree
    return " ".join(word for word in ("not" if is_negated else "", degree, quality) if word)


def _same(one: Thing, other: Thing) -> bool:
    """Whether two mentions are of one thing: the same noun, and no adjective that only one of two has set apart."""
    if one.of_image or other.of_image:
        return one.of_image and other.of_image and one.label[-1].text == other.label[-1].text
    mine, yours = set(texts_of(one.core[:-1])), set(texts_of(other.core[:-1]))
    return _singular(one) == _singular(other) and (mine <= yours or yours <= mine)


def _singular(thing: Thing) -> str:
    label = " ".join(texts_of(thing.label))
    known = noun(label)
    if known.number == "plural" and label.endswith("ies"):
        return f"{label[:-3]}y"
    return label.removesuffix("s") if known.number == "plural" else label


def _phrase(text: str, passage: int, group: Sequence[Finding]) -> Phrase:
    """The phrase of all findings of one thing, in the words of the first one."""
    thing = group[0].thing
    qualities = list(dict.fromkeys(quality for finding in group for quality in finding.qualities))
    polarity = polarity_of(saying for each in qualities for saying in sayings_of(words_of(each)))
    start, end = thing.label[0].start, thing.label[-1].end
    if not thing.of_image:
        start, end = _first_mention(text, thing, (start, end))
    phrase = Phrase(
        phrase=text[thing.whole[0].start : thing.whole[-1].end],
        label=text[start:end],
        quality=join(qualities),
        effect="positive" if any(finding.helps for finding in group) else EFFECT_OF[polarity],
        passage=passage,
        start=start,
        end=end,
    )
    reason = _reason(thing)
    if reason is not None:
        phrase.drop(STAGE, reason)
    return phrase


def _reason(thing: Thing) -> PhraseDropReason | None:
    if thing.of_image:
        return "whole-image"
    return None if thing.critical else "non-critical"


def _first_mention(text: str, thing: Thing, otherwise: tuple[int, int]) -> tuple[int, int]:
    """Where the thing's label first stands with the adjectives that it has here; possessives do not count."""
    core = r"\s+".join(re.escape(word.text) for word in thing.core)
    found = re.search(rf"\b{core}\b(?!['\u2019]s|-)", text, re.IGNORECASE)
    if found is None or found.end() > otherwise[0]:
        return otherwise
    return found.end() - (otherwise[1] - otherwise[0]), found.end()


def _without_overlaps(phrases: list[Phrase]) -> list[Phrase]:
    """Of phrases whose labels share characters the first keeps its place in the labels."""
    read = 0
    for phrase in phrases:
        if phrase.drop_reason is not None:
            continue
        if phrase.start < read:
            phrase.drop(STAGE, "repeated")
        else:
            read = phrase.end
    return phrases

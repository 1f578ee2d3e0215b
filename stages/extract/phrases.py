"""From a model's triples to the phrases of a text: each with its place, or with the reason why it gets no boxes."""

from __future__ import annotations

from dataclasses import dataclass

from manifests.records import Phrase
from manifests.vocabulary import PhraseDropReason
from stages.extract.triples import Mention, Triple, Triples, mention_of, said_in
from stages.extract.words import WHOLE_IMAGE

STAGE = "extract"


@dataclass(frozen=True)
class TripleRules:
    """Which triples become phrases; where Grounding-IQA prints no rule, the choice is ours.

    `min_match`: how well the words of a phrase are to match those of its nearest mention, 0-1 (1: word for word).
    `quality_in_text`: at least one word of the quality stands in the text.
    """

    min_match: float
    quality_in_text: bool


def phrases_of(reply: Triples, text: str, passage: int, rules: TripleRules) -> list[Phrase]:
    """One phrase for each triple, in the reply's order; `passage` is the text's number."""
    taken: list[Mention] = []
    phrases = []
    for triple in reply.objects:
        mention = mention_of(triple.phrase, triple.name, text, taken)
        known = mention_of(triple.phrase, triple.name, text)
        phrase = _phrase(triple, mention or known, text, passage)
        reason = _reason(triple, phrase, mention, known, text, rules)
        if reason is not None:
            phrase.drop(STAGE, reason)
        elif mention is not None:
            taken.append(mention)
        phrases.append(phrase)
    return phrases


def _phrase(triple: Triple, mention: Mention | None, text: str, passage: int) -> Phrase:
    """The triple in the text's own words where it has a mention, else in the model's."""
    words = (triple.phrase, triple.name, 0, 0)
    if mention is not None:
        start, end = mention.name_start, mention.name_end
        words = (_without_article(text[mention.start : mention.end]), text[start:end], start, end)
    phrase, label, start, end = words
    return Phrase(
        phrase=phrase,
        label=label,
        quality=triple.quality.strip(" ,."),
        effect=triple.effect,
        passage=passage,
        start=start,
        end=end,
    )


def _reason(
    triple: Triple, phrase: Phrase, mention: Mention | None, known: Mention | None, text: str, rules: TripleRules
) -> PhraseDropReason | None:
    if phrase.label.casefold().split()[-1] in WHOLE_IMAGE:
        return "whole-image"
    if known is None or known.match < rules.min_match:
        return "not-in-text"
    if mention is None or mention.match < rules.min_match:
        return "repeated"
    if rules.quality_in_text and not said_in(triple.quality, text):
        return "no-quality"
    return None


def _without_article(words: str) -> str:
    first, _, rest = words.partition(" ")
    return rest if rest and first.casefold() in ("a", "an", "the") else words

"""From evidence to sentences: fill a frame of `pools` with words that are true of its subject, and note the claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from manifests.records import Claim, Distortion
from manifests.vocabulary import Family
from stages.describe import pools
from stages.language.distortions import FAMILY_WORDS, Words, effect_clause, fitting, fitting_effects
from stages.language.english import agree, capitalise, join
from stages.language.evidence import ABSENCE_OF_VIRTUE, Evidence, Virtue
from stages.language.naming import Mention
from stages.language.virtues import adjectives, nouns, possessions, shows_detail
from stages.language.voice import Voice

SUBJECT_VERBS = ("is", "shows", "looks", "suffers", "comes", "appears", "stands", "shares", "does", "has")


@dataclass(frozen=True)
class Subject:
    """What a sentence is about: its linked mention and its pronouns. The image itself has an empty mention."""

    mention: str
    plural: bool
    region_ids: tuple[int, ...]
    human: bool = False

    @classmethod
    def of(cls, mention: Mention) -> Subject:
        """The regions of a mention."""
        return cls(mention.text, mention.plural, mention.region_ids, mention.human)

    def slots(self) -> dict[str, str]:
        """Words of a frame that depend on the subject alone."""
        they, their = ("they", "their") if self.plural else ("it", "its")
        if self.human and not self.plural:
            they, their = "this region", "the region's"
        verbs = {verb: agree(verb, self.plural) for verb in SUBJECT_VERBS}
        return {
            "mention": self.mention,
            "Mention": capitalise(self.mention),
            "they": they,
            "They": capitalise(they),
            "their": their,
            "Their": capitalise(their),
            **verbs,
        }


THE_IMAGE = Subject("the image", False, ())


@dataclass
class Sentence:
    """A sentence in internal notation and what it claims."""

    text: str
    claims: list[Claim] = field(default_factory=list)


def distorted_sentence(
    frames: Sequence[str], subject: Subject, distortions: Sequence[Distortion], voice: Voice, *, has_detail: bool
) -> Sentence:
    """One sentence (or two) on distortions, the strongest first in `distortions`, whose effect is explained."""
    main = distortions[0]
    states = [voice.pick(fitting(FAMILY_WORDS[found.family].states, found.severity)) for found in distortions]
    found_nouns = [voice.pick(fitting(FAMILY_WORDS[found.family].nouns, found.severity)) for found in distortions]
    noun, other_nouns = found_nouns[0], found_nouns[1:]
    several = " and " in subject.mention
    frame = voice.pick(tuple(frame for frame in frames if not (several and "{mention} and" in frame)))
    cause = states[0].text if "{states}" in frame else noun.text
    effect = voice.pick(fitting_effects(main.family, main.severity, cause, has_detail=has_detail)).text
    slots = {
        **subject.slots(),
        "states": join([words.text for words in reversed(states)]),
        "nouns": _all_nouns(noun, other_nouns),
        "Noun": capitalise(noun.text),
        "effect": effect_clause(effect, False),
        "noun_effect": effect_clause(effect, noun.plural),
        "affects": agree("affects", noun.plural),
        "noun_is": agree("is", other_nouns[0].plural if other_nouns else noun.plural),
        "noun_comes": agree("comes", noun.plural),
        "rest": _rest(other_nouns, voice) if "{rest}" in frame else "",
    }
    text = frame.format(**slots)
    used = states if "{states}" in frame else found_nouns
    claims = [
        Claim(
            region_ids=list(subject.region_ids),
            family=found.family,
            present=True,
            severity=found.severity,
            text=_as_it_stands(words.text, text),
        )
        for found, words in zip(distortions, used, strict=True)
    ]
    return Sentence(text, claims)


def _all_nouns(main: Words, others: Sequence[Words]) -> str:
    if not others:
        return main.text
    return f"{join([words.text for words in others])} as well as {main.text}"


def _rest(others: Sequence[Words], voice: Voice) -> str:
    """A second sentence for the distortions that the first one left out."""
    if not others:
        return ""
    plural = len(others) > 1 or others[0].plural
    text = join([words.text for words in others])
    return voice.pick(pools.REST).format(
        Others=capitalise(text),
        others=text,
        others_add=agree("adds", plural),
        others_are=agree("is", others[0].plural),
        others_come=agree("comes", plural),
    )


@dataclass(frozen=True)
class GoodFrames:
    """Frames for praise: with adjectives and perhaps nouns, or with nouns alone."""

    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]


NOUNS_ALONE = 0.25
"""Share of sentences of praise without an adjective."""

DETAIL = ("plenty of fine detail", "well-resolved texture", "a wealth of fine texture")


def good_sentence(
    frames: GoodFrames, subject: Subject, evidence: Sequence[Evidence], virtues: Sequence[Virtue], voice: Voice
) -> Sentence:
    """One sentence on virtues that all of `evidence` share; `virtues` must not be empty."""
    things = [item.attributes for item in evidence]
    chosen: dict[Virtue, str] = {}
    most_adjectives = 0 if voice.chance(NOUNS_ALONE) else 2
    as_adjective: list[Virtue] = []
    for virtue in virtues:
        options = adjectives(virtue, things)
        if options and len(as_adjective) < most_adjectives and (not as_adjective or voice.chance(0.6)):
            as_adjective.append(virtue)
            chosen[virtue] = voice.pick(options)
        else:
            chosen[virtue] = voice.pick(nouns(virtue, things) if as_adjective else possessions(virtue, things))
    tail = [text for virtue, text in chosen.items() if virtue not in as_adjective]
    if "sharp" in virtues and all(shows_detail(item) for item in evidence) and voice.chance(0.6):
        tail.append(voice.pick(DETAIL))
    text = voice.pick(frames.adjectives if as_adjective else frames.nouns).format(
        **subject.slots(),
        adjectives=join([chosen[virtue] for virtue in as_adjective]),
        nouns=join(tail),
        with_nouns=f", with {join(tail)}" if tail else "",
    )
    claims = [
        Claim(region_ids=list(subject.region_ids), family=family, present=False, text=_as_it_stands(words, text))
        for virtue, words in chosen.items()
        for family in ABSENCE_OF_VIRTUE[virtue]
        if not any(family in item.possible for item in evidence)
    ]
    return Sentence(text, claims)


def shared_sentence(
    frames: Sequence[str], subject: Subject, distortions: Sequence[Distortion], voice: Voice
) -> Sentence:
    """One sentence on distortions that a region has in common with the image; degrees are not repeated."""
    words = [FAMILY_WORDS[found.family] for found in distortions]
    plural = len(words) > 1 or words[0].name_plural
    names = join([word.name for word in words])
    text = voice.pick(frames).format(
        **subject.slots(), names=names, is_names=agree("is", plural), runs=agree("runs", plural)
    )
    claims = [
        Claim(region_ids=list(subject.region_ids), family=found.family, present=True, text=word.name)
        for found, word in zip(distortions, words, strict=True)
    ]
    return Sentence(text, claims)


def free_sentence(
    frames: Sequence[str], subject: Subject, families: Sequence[Family], text_of: str, voice: Voice
) -> Sentence:
    """One sentence that denies families; `text_of` names them in the plural or as a mass."""
    plural = len(families) > 1 or any(FAMILY_WORDS[family].name_plural for family in families)
    text = voice.pick(frames).format(**subject.slots(), names=text_of, is_names=agree("is", plural))
    claims = [
        Claim(region_ids=list(subject.region_ids), family=family, present=False, text=text_of) for family in families
    ]
    return Sentence(text, claims)


def same_sentence(frames: Sequence[str], subject: Subject, virtues: Sequence[Virtue], voice: Voice) -> Sentence:
    """One sentence that extends the virtues of the sentence before it to a region."""
    text = voice.pick(frames).format(**subject.slots())
    claims = [
        Claim(region_ids=list(subject.region_ids), family=family, present=False, text=text)
        for virtue in virtues
        for family in ABSENCE_OF_VIRTUE[virtue]
    ]
    return Sentence(text, claims)


def simple_sentence(frames: Sequence[str], subject: Subject, voice: Voice, **slots: str) -> Sentence:
    """One sentence without a claim about a family."""
    return Sentence(voice.pick(frames).format(**subject.slots(), **slots))


def _as_it_stands(fragment: str, text: str) -> str:
    """The fragment with the case that it has in the text."""
    return fragment if fragment in text else capitalise(fragment)

"""Question-answer pairs in internal notation, and the things that they ask about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manifests.vocabulary import Family, QuestionFamily, Spatial
from stages.language.english import agree
from stages.language.evidence import Evidence, Virtue
from stages.language.naming import refer
from stages.language.survey import Part, Survey

PRAISE = "praise"
"""Beginning of the topics of questions for what is good; one of each family is enough for an image."""


@dataclass(frozen=True)
class Pair:
    """A candidate. `topic` and `region_ids` tell whether two candidates ask the same; `yes` is None for open ones.

    `expected` marks answers that could be guessed without the image: most photographs are sharp and not noisy.
    """

    family: QuestionFamily
    spatial: Spatial
    question: str
    answer: str
    topic: str
    region_ids: tuple[int, ...] = ()
    yes: bool | None = None
    expected: bool = False


@dataclass(frozen=True)
class Target:
    """What a question is about: the image, one region, or all regions of one noun.

    `linked` names it with its boxes, `worded` without (empty when words cannot tell it apart).
    """

    evidence: tuple[Evidence, ...]
    linked: str
    worded: str
    plural: bool
    region_ids: tuple[int, ...]
    quality: str | None
    preposition: str = "on"

    @property
    def is_image(self) -> bool:
        """Whether the question is about the image as a whole."""
        return not self.region_ids

    def severity(self, family: Family) -> int | None:
        """Severity of a family that all things asked about have to the same degree, else None."""
        found = {item.severity(family) for item in self.evidence}
        return found.pop() if len(found) == 1 else None

    def families(self) -> tuple[Family, ...]:
        """Families of all things asked about, strongest first; empty if the things differ."""
        kinds = {item.families() for item in self.evidence}
        return kinds.pop() if len(kinds) == 1 else ()

    def is_free_of(self, family: Family) -> bool:
        """Whether the measurements deny a family for all things asked about."""
        return all(item.is_free_of(family) for item in self.evidence)

    def virtues(self) -> tuple[Virtue, ...]:
        """Virtues that all things asked about share."""
        return tuple(
            virtue for virtue in self.evidence[0].virtues() if all(virtue in item.virtues() for item in self.evidence)
        )

    def slots(self, *, linked: bool) -> dict[str, str]:
        """Words for a question frame: the thing, the preposition that goes with it, verbs that agree with it."""
        verbs = {verb: agree(verb, self.plural) for verb in ("is", "does", "looks", "has", "appears")}
        return {
            "t": self.linked if linked else self.worded,
            "on": self.preposition,
            "Is": verbs["is"].capitalize(),
            "Does": verbs["does"].capitalize(),
            **verbs,
        }


def image_target(survey: Survey, words: str) -> Target:
    """The image as a whole, called by the given words."""
    return Target((survey.image,), words, words, False, (), survey.quality, "in")


def region_target(part: Part) -> Target:
    """One kept region."""
    name = part.name
    linked = refer([name])
    worded = f"the {name.words()}" if name.unique else ""
    return Target(
        (part.evidence,),
        linked.text,
        worded,
        linked.plural,
        (name.region_id,),
        part.quality,
        "in" if name.generic else "on",
    )


def group_targets(survey: Survey) -> list[Target]:
    """All regions of one noun together, where there are two to four of them."""
    groups: dict[str, list[Part]] = {}
    for part in survey.parts:
        if not part.name.generic:
            groups.setdefault(part.name.noun.singular, []).append(part)
    return [_group_target(group) for group in groups.values() if 2 <= len(group) <= 4]


def _group_target(group: Sequence[Part]) -> Target:
    linked = refer([part.name for part in group])
    ids = tuple(part.region.region_id for part in group)
    return Target(tuple(part.evidence for part in group), linked.text, "", linked.plural, ids, None)

"""Questions in the manner of IQA-Spider (arXiv 2605.24553): refer-short, refer-long and ground.

Referring is by language: the region is named by words that fit no other, and stands in `region_ids`. Grounding asks
for the most or least distorted region (HyD-G) and for the most severe case of one family (SiD-G); a tie asks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from manifests.records import Distortion
from stages.language.distortions import FAMILY_WORDS, Words, effect_clause, fitting, fitting_effects
from stages.language.english import agree, capitalise
from stages.language.naming import answered
from stages.language.survey import Part, Survey
from stages.language.voice import Voice
from stages.question import pools
from stages.question.pair import Pair, region_target

MOST_LONG = 2
"""Distortions whose effect a long answer explains."""


def refer_pairs(survey: Survey, voice: Voice) -> list[Pair]:
    """A short and a long question on every distorted region that words can name."""
    pairs = []
    for part in survey.parts:
        target = region_target(part)
        if not target.worded or not part.evidence.distortions:
            continue
        slots = target.slots(linked=False)
        short = voice.pick(pools.REFER_SHORT).format(**slots)
        long = voice.pick(pools.REFER_LONG).format(**slots)
        ids = target.region_ids
        pairs.append(Pair("refer-short", "none", short, _short(part), "refer-short", ids))
        pairs.append(Pair("refer-long", "none", long, _long(part, voice), "refer-long", ids))
    return pairs


def _short(part: Part) -> str:
    return f"{capitalise(', '.join(_noun(found).text for found in part.evidence.distortions))}."


def _long(part: Part, voice: Voice) -> str:
    clauses = []
    for found in part.evidence.distortions[:MOST_LONG]:
        noun = _noun(found)
        options = fitting_effects(found.family, found.severity, noun.text, has_detail=part.evidence.has_detail())
        effect = voice.pick(options).text
        clauses.append(f"{noun.text}, which {effect_clause(effect, noun.plural)}")
    return f"{capitalise('; '.join(clauses))}."


def _noun(found: Distortion) -> Words:
    """Degree and name of a distortion without article: "moderate blur", "slight lack of contrast"."""
    noun = fitting(FAMILY_WORDS[found.family].nouns, found.severity)[0]
    return Words(re.sub(r"^an? ", "", noun.text), noun.severities, noun.plural)


def ground_pairs(survey: Survey, voice: Voice) -> list[Pair]:
    """Questions whose answer is one region, where the evidence singles one out."""
    parts = survey.parts
    pairs = []
    worst = _single_most(parts, [part.evidence.worst() for part in parts])
    if worst and worst.evidence.worst() > survey.image.worst():
        pairs.append(_ground(survey, worst, voice.pick(pools.GROUND_WORST), "worst"))
    fine = [part for part in parts if not part.evidence.distortions]
    if len(parts) > 1 and len(fine) == 1 and fine[0].evidence.virtues() and not fine[0].evidence.possible:
        pairs.append(_ground(survey, fine[0], voice.pick(pools.GROUND_BEST), "best"))
    for family in dict.fromkeys(found.family for part in parts for found in part.evidence.distortions):
        severities = [part.evidence.severity(family) or 0 for part in parts]
        found = _single_most(parts, severities)
        if found and max(severities) > (survey.image.severity(family) or 0):
            words = FAMILY_WORDS[family]
            degree_name = pools.DEGREE_NAMES.get(family, words.name)
            slots = {"name": words.name, "degree_name": degree_name, "is_name": agree("is", words.name_plural)}
            pairs.append(_ground(survey, found, voice.pick(pools.GROUND_FAMILY).format(**slots), f"most {family}"))
    return pairs


def _single_most(parts: Sequence[Part], severities: Sequence[int]) -> Part | None:
    """The one part with the highest severity above 0."""
    most = [part for part, severity in zip(parts, severities, strict=True) if severity and severity == max(severities)]
    return most[0] if len(most) == 1 else None


def _ground(survey: Survey, part: Part, question: str, topic: str) -> Pair:
    name = answered([part.name], survey.kinds)
    return Pair("ground", "grounding", question, f"{capitalise(name.text)}.", topic, name.region_ids)

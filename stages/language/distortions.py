"""Words for the twelve distortion families: how a thing is, what it has, and what that does to the picture.

In all phrases `{adverb}` is slightly ... extremely and `{adjective}` slight ... extreme. Effects say only what is true
of the family in general; `{s}` and `{es}` agree with the subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from manifests.vocabulary import SEVERITY_WORDS, Family

ADVERBS = {severity: f"{word}ly" for severity, word in SEVERITY_WORDS.items()}

WEAK, STRONG = (1, 2, 3), (3, 4, 5)
"""Severities for which a phrase fits."""

ANY = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Words:
    """A phrase and the severities that it fits.

    `plural` says that a noun takes a plural verb, `detail` that an effect speaks of detail, which must be there.
    """

    text: str
    severities: tuple[int, ...] = ANY
    plural: bool = False
    detail: bool = False


@dataclass(frozen=True)
class FamilyWords:
    """All words for one family.

    `states` follow "is"; `nouns` follow "shows" and stand as subjects; `effects` are predicates of the noun; `name` is
    the plain name of the distortion, `plain_state` a state without degree, `gerund` an action for region questions.
    """

    name: str
    name_plural: bool
    plain_state: str
    states: tuple[Words, ...]
    nouns: tuple[Words, ...]
    effects: tuple[Words, ...]


FAMILY_WORDS: dict[Family, FamilyWords] = {
    "blur": FamilyWords(
        name="blur",
        name_plural=False,
        plain_state="blurred",
        states=(Words("{adverb} blurred"), Words("{adverb} blurry"), Words("{adverb} soft", (1, 2))),
        nouns=(Words("{adjective} blur"), Words("a {adjective} loss of sharpness")),
        effects=(
            Words("soften{s} the edges", WEAK),
            Words("take{s} the crispness off fine detail", (1, 2)),
            Words("make{s} the finest detail a little unclear", (1, 2)),
            Words("leave{s} contours less crisp", WEAK),
            Words("hide{s} the fine texture", STRONG),
            Words("make{s} edges indistinct", STRONG),
            Words("smear{s} fine detail", STRONG),
            Words("leave{s} hardly any texture visible", (4, 5)),
            Words("make{s} contours run into each other", (4, 5)),
        ),
    ),
    "noise": FamilyWords(
        name="noise",
        name_plural=False,
        plain_state="noisy",
        states=(Words("{adverb} noisy"), Words("{adverb} grainy")),
        nouns=(Words("{adjective} noise"), Words("{adjective} grain")),
        effects=(
            Words("put{s} a fine grain over smooth surfaces", WEAK),
            Words("make{s} even tones look a little rough", (1, 2)),
            Words("disturb{s} the smooth tones", (2, 3)),
            Words("cover{s} fine texture with grain", STRONG, detail=True),
            Words("make{s} smooth surfaces look rough", STRONG),
            Words("drown{s} fine detail in grain", (4, 5), detail=True),
        ),
    ),
    "compression": FamilyWords(
        name="compression artefacts",
        name_plural=True,
        plain_state="affected by compression artefacts",
        states=(Words("{adverb} affected by compression"), Words("{adverb} blocky")),
        nouns=(Words("{adjective} compression artefacts", plural=True), Words("{adjective} blockiness")),
        effects=(
            Words("leave{s} faint block edges in smooth parts", (1, 2)),
            Words("leave{s} visible block edges", STRONG),
            Words("disturb{s} fine detail", detail=True),
            Words("break{s} smooth surfaces into small squares", STRONG),
            Words("cost{s} some fine detail", WEAK, detail=True),
        ),
    ),
    "brighten": FamilyWords(
        name="overexposure",
        name_plural=False,
        plain_state="overexposed",
        states=(Words("{adverb} overexposed"), Words("{adverb} too bright", (1,))),
        nouns=(Words("{adjective} overexposure"),),
        effects=(
            Words("wash{es} out the brightest parts", WEAK),
            Words("cost{s} detail in the highlights"),
            Words("make{s} light tones look pale", WEAK),
            Words("bleach{es} the bright parts", (4, 5)),
            Words("leave{s} the highlights without detail", (4, 5)),
        ),
    ),
    "darken": FamilyWords(
        name="underexposure",
        name_plural=False,
        plain_state="underexposed",
        states=(Words("{adverb} underexposed"), Words("{adverb} too dark", (1,))),
        nouns=(Words("{adjective} underexposure"),),
        effects=(
            Words("hide{s} detail in the shadows"),
            Words("make{s} dark parts hard to read", STRONG),
            Words("make{s} the shadows look heavy", WEAK),
            Words("swallow{s} the shadow detail", (4, 5)),
            Words("leave{s} dark parts difficult to tell apart", STRONG),
        ),
    ),
    "contrast-weaken": FamilyWords(
        name="low contrast",
        name_plural=False,
        plain_state="low in contrast",
        states=(Words("{adverb} lacking in contrast"), Words("{adverb} flat", WEAK)),
        nouns=(Words("a {adjective} lack of contrast"),),
        effects=(
            Words("make{s} light and dark tones run together", STRONG),
            Words("make{s} shapes stand out less clearly"),
            Words("give{s} the tones a flat look"),
        ),
    ),
    "contrast-strengthen": FamilyWords(
        name="excessive contrast",
        name_plural=False,
        plain_state="too high in contrast",
        states=(Words("{adverb} overdone in contrast"),),
        nouns=(Words("{adverb} exaggerated contrast"),),
        effects=(
            Words("make{s} tonal transitions harsh"),
            Words("push{es} light and dark tones apart"),
        ),
    ),
    "saturation-weaken": FamilyWords(
        name="low saturation",
        name_plural=False,
        plain_state="low in saturation",
        states=(Words("{adverb} faded in colour"), Words("{adverb} desaturated")),
        nouns=(Words("a {adjective} loss of saturation"),),
        effects=(
            Words("make{s} the colours look dull"),
            Words("leave{s} the colours pale"),
        ),
    ),
    "saturation-strengthen": FamilyWords(
        name="oversaturation",
        name_plural=False,
        plain_state="oversaturated",
        states=(Words("{adverb} oversaturated"),),
        nouns=(Words("{adjective} oversaturation"),),
        effects=(
            Words("make{s} the colours look unnatural"),
            Words("push{es} the colours beyond a natural look"),
        ),
    ),
    "oversharpen": FamilyWords(
        name="oversharpening",
        name_plural=False,
        plain_state="oversharpened",
        states=(Words("{adverb} oversharpened"),),
        nouns=(Words("{adjective} oversharpening"),),
        effects=(
            Words("make{s} edges look harsh"),
            Words("draw{s} halos along the edges"),
            Words("exaggerate{s} fine texture"),
        ),
    ),
    "pixelate": FamilyWords(
        name="pixelation",
        name_plural=False,
        plain_state="pixelated",
        states=(Words("{adverb} pixelated"),),
        nouns=(Words("{adjective} pixelation"),),
        effects=(
            Words("turn{s} smooth contours into steps"),
            Words("replace{s} fine detail with coarse blocks", STRONG),
            Words("break{s} shapes up into visible blocks", STRONG),
            Words("coarsen{s} fine detail", WEAK),
        ),
    ),
    "quantise": FamilyWords(
        name="colour banding",
        name_plural=False,
        plain_state="marked by colour banding",
        states=(Words("{adverb} posterised"),),
        nouns=(Words("{adjective} colour banding"), Words("{adjective} posterisation")),
        effects=(
            Words("break{s} smooth gradients into bands"),
            Words("reduce{s} soft transitions to visible steps"),
        ),
    ),
}


def fitting(options: tuple[Words, ...], severity: int) -> tuple[Words, ...]:
    """The phrases that fit a severity, with their degree filled in."""
    degree = {"adverb": ADVERBS[severity], "adjective": SEVERITY_WORDS[severity], "s": "{s}", "es": "{es}"}
    chosen = [words for words in options if severity in words.severities]
    return tuple(replace(words, text=_an(words.text.format(**degree))) for words in chosen)


def fitting_effects(family: Family, severity: int, cause: str, *, has_detail: bool) -> tuple[Words, ...]:
    """Effects that fit a severity, repeat no word of their cause, and speak of detail only if it is there.

    Where none is left, repetition is allowed, then detail.
    """
    options = fitting(FAMILY_WORDS[family].effects, severity)
    said = _stems(cause)
    chosen = tuple(words for words in options if not said & _stems(words.text) and (has_detail or not words.detail))
    return chosen or tuple(words for words in options if has_detail or not words.detail) or options


def _stems(text: str) -> set[str]:
    """Beginnings of the longer words of a text."""
    return {word[:5] for word in re.findall(r"[a-z]{5,}", text.lower())}


def effect_clause(effect: str, plural_subject: bool) -> str:
    """An effect as the predicate of its subject."""
    return effect.format(s="" if plural_subject else "s", es="" if plural_subject else "es")


def _an(text: str) -> str:
    return f"an {text[2:]}" if text.startswith("a extreme") else text

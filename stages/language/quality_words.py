"""What words of quality say: which distortion families they claim or deny, and whether they praise or blame.

The lexicon was written for the free vocabulary of T_q in Grounding-IQA (arXiv 2411.17237, section 3.2): the adjectives
and short phrases with which people describe quality in the manner of Q-Pathway (arXiv 2311.06783). Longer entries win
over shorter ones; a negation in front of a word turns it round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from manifests.vocabulary import Family

TONE: tuple[Family, ...] = ("brighten", "darken")
COLOUR: tuple[Family, ...] = ("saturation-weaken", "saturation-strengthen")
ANY: tuple[Family, ...] = ()

GOOD: dict[tuple[Family, ...], str] = {
    ("blur",): "clear, clearly, clearly visible, well visible, sharp, crisp, in focus, well focused, "
    "well-focused, focused, accurately focused, accurate focus, correct focus, correctly focused, precise "
    "focus, detailed, full of detail, richly detailed, rich in detail, rich detail, rich details, rich "
    "texture, rich textures, fine detail, fine details, fine texture, good detail, good details, plenty of "
    "detail, plenty of details, distinct, well defined, well-defined, recognisable, recognizable, easily "
    "recognisable, easily recognizable, distinguishable, legible, readable, clear texture, clear textures, "
    "retains detail, retains details, retains texture, keeps detail, keeps details, shows detail, shows "
    "texture, clear details, clear detail, clear outline, clear outlines, clear contour, clear contours, clear "
    "edges, sharp edges, crisp edges, high clarity, good clarity, complete details, details preserved, well "
    "preserved, well-preserved, good sharpness, intact",
    ("noise",): "clean, free of noise, noise-free, noiseless, little noise, hardly any noise, no noise, low "
    "noise, free of grain, smooth",
    TONE: "well exposed, well-exposed, properly exposed, correctly exposed, proper exposure, correct exposure, "
    "good exposure, accurate exposure, appropriate exposure, balanced exposure, well lit, well-lit, evenly "
    "lit, good lighting, sufficient lighting, warmly lit, softly lit, nicely lit, brightly lit, soft light, "
    "natural light, natural lighting, right exposure, sufficient light, adequate lighting, even lighting, soft "
    "lighting, proper lighting, good light, adequate light, appropriate brightness, moderate brightness",
    ("darken",): "bright, bright enough, well illuminated",
    ("contrast-weaken",): "good contrast, strong contrast, high contrast, clear contrast, sufficient contrast, "
    "contrasty, well separated",
    ("saturation-weaken",): "colourful, colorful, vivid, vibrant, rich colour, rich color, rich colours, rich "
    "colors, bright colours, bright colors, vivid colours, vivid colors, vibrant colours, vibrant colors, "
    "richly coloured, richly colored, saturated, full colours, full colors, good colour, good color, good "
    "colours, good colors",
    COLOUR: "natural colour, natural color, natural colours, natural colors, accurate colours, accurate colors, "
    "faithful colours, faithful colors, true colours, true colors",
    ("compression",): "free of artefacts, free of artifacts, artefact-free, artifact-free",
    ANY: "good, excellent, great, high quality, high-quality, good quality, fine, beautiful, pleasing, "
    "attractive, well rendered, well-rendered, well captured, well-captured, well composed, well-composed, nice, "
    "prominent, outstanding, dramatic, rich in layers, above average, impressive, perfect, high, appealing, striking",
}  # fmt: skip
"""Words of praise by the families whose absence they state; `ANY` holds words about quality as such."""

BAD: dict[tuple[Family, ...], str] = {
    ("blur",): "blurred, blurry, blurriness, blur, motion blur, motion-blurred, unclear, unsharp, soft, out of "
    "focus, out-of-focus, defocused, unfocused, fuzzy, indistinct, smeared, ghosting, hazy detail, vague, loss "
    "of detail, loss of details, lost detail, lost details, lost texture, lacking detail, lacking details, "
    "without detail, without details, lost, lacks detail, lacks details, lacks texture, lacks textures, lack "
    "texture, lack detail, lack details, lacks sharpness, lacks clarity, lost texture, lost textures, no "
    "texture, no textures, no detail, no details, fine texture lost, lack of detail, lack of details, "
    "undetailed, detailless, unrecognisable, unrecognizable, hard to recognise, hard to recognize, "
    "indistinguishable, illegible, unreadable, focus is off, inaccurate focus, missed focus, poor focus, low "
    "clarity, poor clarity, low sharpness, insufficient sharpness, shaky, shaken, smudged, invisible, barely "
    "visible, hardly visible, poorly visible, ghosted, lose detail, "
    "lose details, loses detail, loses details, not visible, obscured, poor detail, few details, little detail, "
    "washed of detail",
    ("noise",): "noisy, noise, grainy, grain, speckled, noise points, noise spots, rough",
    ("compression",): "compressed, compression, blocky, blocking, artefacts, artifacts, compression artefacts, "
    "compression artifacts, ringing",
    ("brighten",): "overexposed, over-exposed, over exposed, overexposure, too bright, excessively bright, "
    "burnt out, burnt, blown out, blown-out, burned out, washed out by light, glaring, glare, dazzling, washed "
    "out, washed-out, overly bright, harshly lit, clipped highlights, overexposed highlights",
    ("darken",): "underexposed, under-exposed, under exposed, underexposure, too dark, dark, dim, dimly lit, "
    "poorly lit, badly lit, insufficient light, insufficient lighting, insufficiently lit, gloomy, low light, "
    "low exposure, insufficient exposure, poor lighting, in deep shadow, silhouetted, pitch black, "
    "pitch dark, overly dark, "
    "insufficient brightness, low brightness, crushed shadows, murky, underlit, swallowed by shadow, lost in "
    "shadow",
    TONE: "inaccurate exposure, poor exposure, improper exposure, incorrect exposure, unevenly lit, uneven lighting, "
    "badly exposed, poorly exposed",
    ("contrast-weaken",): "low contrast, low in contrast, poor contrast, weak contrast, insufficient contrast, flat, "
    "hazy, misty, foggy, lacking contrast, lacks contrast, lack of contrast",
    ("contrast-strengthen",): "harsh contrast, too much contrast, too high contrast, too strong contrast, "
    "excessive contrast, overdone contrast, harsh",
    ("saturation-weaken",): "dull, faded, pale, colourless, colorless, greyish, grayish, drab, monotonous, "
    "low saturation, undersaturated, desaturated, dull colours, dull colors, pale colours, pale colors, "
    "faded colours, faded colors, lacking colour, lacking color, lack of colour, lack of color, monotonous colours, "
    "monotonous colors, muted, washed-out colours, washed-out colors",
    ("saturation-strengthen",): "oversaturated, over-saturated, garish, excessive saturation, overly saturated",
    ("oversharpen",): "oversharpened, over-sharpened, sharpening halos, overly sharpened, excessive sharpening",
    ("pixelate",): "pixelated, pixellated, mosaic",
    ("quantise",): "banded, banding, posterised, posterized",
    ANY: "bad, poor, terrible, below average, too high, too strong, too low, too warm, too cold, too soft, too "
    "smooth, awful, low quality, low-quality, poor quality, distorted, unpleasant, unnatural, colour cast, "
    "color cast, messy, cluttered, distracting, unappealing, degraded, damaged, low, spoiled, spoilt, "
    "insufficient, weak, deformed, unattractive, inaccurate",
}  # fmt: skip
"""Words of blame by the families that they claim; several families: any of them."""

NEUTRAL = (
    "average, acceptable, normal, moderate, ordinary, medium, fair, passable, okay, ok, mediocre, adequate, decent, "
    "recognisable, recognizable, general, so-so, tolerable, monochrome, black and white, not bad"
)
"""Words that judge, but neither praise nor blame."""

NEGATIONS = frozenset(
    "not no without lacks lack lacking never hardly barely insufficiently isn't aren't neither".split()
)
"""In front of a word of quality, perhaps with one adverb between, they turn it round."""

WEAK = frozenset("slightly somewhat rather little bit mildly fairly partly partially relatively moderately".split())
"""Adverbs that make a word weak, so that nothing strong may be concluded from it."""

STRONG = frozenset("very extremely severely seriously heavily too highly strongly completely totally really".split())
"""Adverbs that make a word strong."""

_WORD = re.compile(r"[a-z]+(?:['\u2019-][a-z]+)*")


@dataclass(frozen=True)
class Saying:
    """One word of quality, as it stands at words [start, end) of what was read.

    `polarity`: 1 praises, -1 blames, 0 neither. `families`: what is claimed to be there (blame) or not there (praise);
    empty for words about quality as such. `degree`: -1 weak, 0 plain, 1 strong.
    """

    text: str
    polarity: int
    families: tuple[Family, ...]
    degree: int = 0
    start: int = 0
    end: int = 0

    @property
    def severity(self) -> int | None:
        """Severity 1-5 that a word of blame with an adverb speaks of; None without one."""
        return {-1: 2, 0: None, 1: 4}[self.degree] if self.polarity < 0 else None


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, hyphens and apostrophes inside them kept."""
    return _WORD.findall(text.lower())


@cache
def lexicon() -> dict[tuple[str, ...], tuple[int, tuple[Family, ...]]]:
    """Every entry as words, with its polarity and families."""
    found: dict[tuple[str, ...], tuple[int, tuple[Family, ...]]] = {}
    for polarity, table in ((1, GOOD), (-1, BAD), (0, {ANY: NEUTRAL})):
        for families, entries in table.items():
            for entry in entries.split(","):
                found[tuple(words_of(entry))] = (polarity, families)
    return found


@cache
def longest_entry() -> int:
    """Words of the longest entry."""
    return max(len(entry) for entry in lexicon())


def sayings(text: str) -> list[Saying]:
    """All words of quality of a text, in order; negated ones turned round."""
    return sayings_of(words_of(text))


def sayings_of(words: list[str]) -> list[Saying]:
    """The same for words that are lower-case already."""
    found: list[Saying] = []
    place = 0
    while place < len(words):
        entry = _longest_at(words, place)
        if entry is None:
            place += 1
            continue
        polarity, families = lexicon()[entry]
        before = words[max(place - 2, found[-1].end if found else 0, 0) : place]
        degree = 1 if STRONG.intersection(before) else -1 if WEAK.intersection(before) else 0
        if NEGATIONS.intersection(before):
            polarity, degree = -polarity, min(-degree, 0)
        end = place + len(entry)
        found.append(Saying(" ".join(entry), polarity, families, degree, place, end))
        place = end
    return found


def polarity_of(found: Iterable[Saying]) -> int:
    """1, -1 or 0: what the words say on the whole; words of blame weigh more where they are as many."""
    signs = [saying.polarity for saying in found]
    total = sum(signs)
    return (total > 0) - (total < 0) if total else (-1 if -1 in signs else 0)


def _longest_at(words: list[str], place: int) -> tuple[str, ...] | None:
    for length in range(min(longest_entry(), len(words) - place), 0, -1):
        entry = tuple(words[place : place + length])
        quantified = entry[0] in ("little", "few") and place > 0 and words[place - 1] == "a"
        if entry in lexicon() and not quantified:
            return entry
    return None

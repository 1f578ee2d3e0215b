"""Question frames by family, in our own words. `{t}` is the thing, `{on}` its preposition; verbs agree with it."""

from __future__ import annotations

from dataclasses import dataclass

from manifests.vocabulary import Family

IMAGE_WORDS = ("the image", "the image as a whole", "the picture", "this image")


@dataclass(frozen=True)
class Axis:
    """A property that can be asked about from its bad and from its good side."""

    families: tuple[Family, ...]
    defect: tuple[str, ...]
    good: tuple[str, ...] = ()


AXES: dict[str, Axis] = {
    "blur": Axis(
        ("blur",),
        (
            "{Is} {t} blurred?",
            "{Does} {t} look blurry?",
            "Is there noticeable blur {on} {t}?",
            "{Does} {t} lack sharpness?",
        ),
        ("{Is} {t} sharp?", "Are the edges {on} {t} clearly defined?", "{Does} {t} look sharp?"),
    ),
    "noise": Axis(
        ("noise",),
        ("{Is} {t} noisy?", "Is there visible noise {on} {t}?", "{Does} {t} look grainy?"),
        ("{Is} {t} free of visible noise?", "{Is} {t} free of grain?"),
    ),
    "compression": Axis(
        ("compression",),
        ("Are compression artefacts visible {on} {t}?", "{Does} {t} show blocky compression artefacts?"),
        ("{Is} {t} free of compression artefacts?",),
    ),
    "overexposure": Axis(
        ("brighten",), ("{Is} {t} overexposed?", "{Does} {t} suffer from overexposure?", "{Is} {t} too bright?")
    ),
    "underexposure": Axis(
        ("darken",), ("{Is} {t} underexposed?", "{Does} {t} suffer from underexposure?", "{Is} {t} too dark?")
    ),
    "exposure": Axis(("brighten", "darken"), (), ("{Is} {t} well exposed?", "Is the exposure of {t} balanced?")),
    "contrast": Axis(
        ("contrast-weaken",),
        ("{Does} {t} lack contrast?", "Is the contrast of {t} too low?"),
        ("{Does} {t} have good contrast?", "Is the contrast of {t} sufficient?"),
    ),
    "harshness": Axis(
        ("contrast-strengthen",), ("Is the contrast of {t} too harsh?", "Is the contrast of {t} overdone?")
    ),
    "colour": Axis(
        ("saturation-weaken",),
        ("Do the colours of {t} look faded?", "Is the colour saturation of {t} too low?"),
        ("Are the colours of {t} rich?", "{Is} {t} rich in colour?"),
    ),
    "oversaturation": Axis(
        ("saturation-strengthen",), ("Are the colours of {t} oversaturated?", "{Does} {t} look oversaturated?")
    ),
    "pixelation": Axis(
        ("pixelate",), ("{Is} {t} pixelated?", "Is pixelation visible {on} {t}?"), ("{Is} {t} free of pixelation?",)
    ),
    "oversharpening": Axis(("oversharpen",), ("{Is} {t} oversharpened?",)),
    "banding": Axis(("quantise",), ("Is colour banding visible {on} {t}?",)),
}

PROPERTIES: dict[str, tuple[str, ...]] = {
    "bright": ("{Is} {t} bright in tone?", "Are the tones of {t} mostly bright?"),
    "dark": ("{Is} {t} dark in tone?", "Are the tones of {t} mostly dark?"),
    "vivid": ("Are the colours of {t} vivid?", "{Does} {t} have vivid colours?"),
    "muted": ("Are the colours of {t} muted?", "Are the colours of {t} restrained?"),
    "strong contrast": ("Is the contrast of {t} strong?", "{Does} {t} have strong contrast?"),
    "detail": ("{Is} {t} full of fine detail?", "{Does} {t} show plenty of fine detail?"),
    "soft": ("{Is} {t} soft in detail?", "{Does} {t} look soft?"),
}
"""Properties that are neither good nor bad by themselves."""

COMPARISONS: dict[str, tuple[str, ...]] = {
    "sharper": ("Which is sharper, {a} or {b}?", "Which looks sharper: {a} or {b}?"),
    "brighter": ("Which is brighter, {a} or {b}?", "Which has the brighter tones: {a} or {b}?"),
    "darker": ("Which is darker, {a} or {b}?", "Which has the darker tones: {a} or {b}?"),
    "more colourful": ("Which is more colourful, {a} or {b}?", "Which has the richer colours: {a} or {b}?"),
}

COMPARED = ("{Is} {t} {word} than {b}?", "{Does} {t} look {word} than {b}?")
"""Yes and no are equally likely here, whatever the photograph: the order of the two decides."""

COMPARED_BY = {
    "sharper": "compared by detail",
    "softer": "compared by detail",
    "brighter": "compared by tone",
    "darker": "compared by tone",
    "more colourful": "compared by colour",
    "less colourful": "compared by colour",
}
"""Topics of comparatives: two of one topic on the same things answer each other."""

WHAT_LEVEL: dict[str, tuple[str, ...]] = {
    "contrast": ("What is the contrast of {t} like?",),
    "exposure": ("What is the exposure of {t} like?",),
    "colour": ("What are the colours of {t} like?", "What kind of colours {does} {t} have?"),
    "blur": ("What is the sharpness of {t} like?",),
}

QUALITY_YES_NO = ("Is the quality of {t} good?", "Would you call the quality of {t} good?")

WHAT_DISTORTION = (
    "What degrades {t}?",
    "What distortion affects {t}?",
    "What kind of quality problem {does} {t} show?",
    "What lowers the quality of {t}?",
)

WHAT_MAIN = ("What is the main distortion {on} {t}?", "What harms {t} the most?")

WHAT_GOOD = ("What speaks for the quality of {t}?", "What is good about the quality of {t}?")

WHAT_IS_STATE = (
    "What is {state} in the image?",
    "What looks {state} in this image?",
    "Which part of the image is {state}?",
)

WHAT_SHARP = ("What is sharp in the image?", "What comes out sharp in this image?")

WHY_UNCLEAR = (
    "Why is the detail of {t} hard to make out?",
    "Why {is} {t} not clear?",
    "Why does the texture of {t} not come through?",
)

WHY_BAD = (
    "Why is the quality of {t} {only}{quality}?",
    "Why {does} {t} not look better?",
    "What is the reason for the {quality} quality of {t}?",
)

WHY_GOOD = ("Why is the quality of {t} {quality}?", "Why {does} {t} look good?")

WHY_PART = ("Why is the image not of better quality?", "Why does the quality of the image suffer?")

HOW_SHARP = ("How sharp {is} {t}?", "How sharp {does} {t} look?", "How would you describe the sharpness of {t}?")

HOW_NOISY = ("How noisy {is} {t}?", "How grainy {does} {t} look?")

HOW_EXPOSED = ("How is the exposure of {t}?", "How would you describe the exposure of {t}?")

HOW_CONTRAST = ("How is the contrast of {t}?", "How would you describe the contrast of {t}?")

HOW_COLOUR = ("How rich are the colours of {t}?", "How would you describe the colours of {t}?")

HOW_ANSWERS: dict[Family, str] = {
    "blur": "{adverb} blurred",
    "noise": "{adverb} noisy",
    "brighten": "{adverb} overexposed",
    "darken": "{adverb} underexposed",
    "contrast-weaken": "{degree} low",
    "contrast-strengthen": "{degree} harsh",
    "saturation-weaken": "{adverb} faded",
    "saturation-strengthen": "{adverb} oversaturated",
}

DEGREES = {1: "a little too", 2: "rather too", 3: "clearly too", 4: "much too", 5: "extremely"}

HOW_SHARP_GOOD, HOW_SHARP_CRISP, HOW_SHARP_SOFT = ("sharp",), ("very sharp",), ("rather soft",)
HOW_NOISY_CLEAN = ("hardly at all", "not noticeably")
HOW_EXPOSED_WELL = ("well balanced", "balanced")
HOW_CONTRAST_GOOD, HOW_CONTRAST_STRONG = ("good", "sufficient"), ("strong", "high")
HOW_COLOUR_RICH, HOW_COLOUR_VIVID = ("rich",), ("vivid", "very rich")
HOW_COLOUR_MUTED, HOW_COLOUR_NONE = ("rather muted", "restrained"), ("almost absent",)

DEGREE_NAMES: dict[Family, str] = {
    "contrast-weaken": "lack of contrast",
    "contrast-strengthen": "excess of contrast",
    "saturation-weaken": "loss of saturation",
}
"""What has a degree, where the plain name of the distortion has none."""

HOW_SEVERE = ("How severe {is_name} the {degree_name} {on} {t}?", "How strong {is_name} the {degree_name} {on} {t}?")

HOW_GOOD = (
    "How would you rate the quality of {t}?",
    "How good is the quality of {t}?",
    "What is the quality of {t} like?",
)

REFER_SHORT = (
    "Which distortions affect {t}? Answer in short phrases.",
    "Name the distortions of {t} in short phrases.",
    "List what degrades {t}, using short phrases only.",
    "What are the leading distortions of {t}? Keep it to short phrases.",
    "Give the distortions found {on} {t} as short phrases.",
    "In a few words, which degradations {does} {t} show?",
    "Briefly identify the quality problems of {t}.",
)

REFER_LONG = (
    "Which distortions affect {t}, and how do they change its look?",
    "Name the distortions of {t} and describe their visible effect.",
    "Identify what degrades {t} and explain what it does to the picture.",
    "What are the leading distortions of {t}? Describe their effects as well.",
    "Determine the degradation of {t} and tell how it shows.",
    "Describe the distortions {on} {t} together with their effects.",
)

GROUND_WORST = (
    "Which region of the image is the most distorted?",
    "Where in the image is the degradation strongest?",
    "Find the region with the worst distortion.",
    "Locate the part of the image that has suffered most.",
    "Which region shows the strongest overall degradation?",
)

GROUND_BEST = (
    "Which region of the image is the least distorted?",
    "Find the region that is free of clear distortion.",
    "Locate the part of the image that has suffered least.",
)

GROUND_FAMILY = (
    "Which region is the most affected by {name}?",
    "Where in the image {is_name} the {degree_name} strongest?",
    "Locate the region with the most severe {degree_name}.",
    "Find the region in which the {degree_name} {is_name} most severe.",
)

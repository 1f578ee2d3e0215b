"""Words that the rule grammar knows: what means the whole image, what is a property, what joins and what separates."""

from __future__ import annotations

WHOLE_IMAGE = frozenset(
    "image images portrait portraits close-up picture pictures photo photos photograph photographs photography "
    "shot shots snapshot frame scene view overall everything composition framing perspective angle whole rest "
    "atmosphere mood ambience theme content camera lens exposure lighting light illumination brightness "
    "contrast saturation colour color colours colors colouring coloring tone tones hue hues focus focusing "
    "sharpness clarity definition quality resolution detail details texture textures noise grain blur flash "
    "shutter balance range distortion layers layering rendition reproduction rendering result aesthetics "
    "aesthetic appearance exposition visibility artefacts "
    "artifacts glare halos ghosting haze pixelation banding overexposure underexposure blurring".split()
)
"""Heads that name the picture or a property of it where no thing is named beside them."""

PROPERTIES = frozenset(
    "texture textures detail details colour color colours colors colouring coloring tone tones hue hues outline "
    "outlines contour contours edge edges exposure lighting light illumination brightness contrast saturation focus "
    "sharpness clarity definition surface quality rendering rendition look visibility resolution structure "
    "structures pattern patterns shape shapes appearance noise grain blur blurriness highlights shadows line lines "
    "layers material".split()
)
"""Heads that name a property: with "of" the thing behind it is meant, "the texture of the petals"."""

PARTS = frozenset(
    "part parts most some all half majority rest portion portions area areas region regions side sides edge edges "
    "bit bits lot pair group row bunch piece pieces one both".split()
)
"""Heads that stand for a share of the thing behind "of"."""

NON_CRITICAL = frozenset(
    "viewer viewers eye effect effects impression impressions feeling sense attention experience impact "
    "problem problems issue issues level degree use way lack loss thing things reason time moment "
    "photographer's overview information purpose amount hand result end beginning interest place nothing "
    "something point what cause depth distance motion movement direction size number kind type there here "
    "gradient gradation gradations blue-cast cast".split()
)
"""Heads that name no thing that a box could hold."""

ADJECTIVE_OF = {
    "noise": "noisy",
    "motion blur": "motion-blurred",
    "compression artefacts": "blocky",
    "compression artifacts": "blocky",
    "grain": "grainy",
    "blur": "blurred",
    "blurriness": "blurred",
    "blurring": "blurred",
    "defocus": "out of focus",
    "overexposure": "overexposed",
    "underexposure": "underexposed",
    "glare": "glaring",
    "artefacts": "blocky",
    "artifacts": "blocky",
    "blocking": "blocky",
    "compression": "compressed",
    "ghosting": "blurred",
    "banding": "banded",
    "pixelation": "pixelated",
    "haze": "hazy",
    "oversaturation": "oversaturated",
    "oversharpening": "oversharpened",
}
"""Nouns of a defect and the word of quality for the thing that has it."""

LINKING = frozenset(
    "is are was were be been being looks look looked appears appear appeared seems seem seemed remains remain "
    "stays stay becomes become comes come came stands stand feels feel turns isn't aren't wasn't weren't 's".split()
)
"""Verbs between a thing and what is said of it."""

HAVING = frozenset(
    "has have had shows show showed lacks lack lacked suffers suffer suffered displays display exhibits exhibit "
    "contains contain retains retain keeps keep kept preserves preserve loses lose lost reveals reveal presents "
    "present gets get got receives receive carries carry doesn't don't does do did can cannot could "
    "produce produces".split()
)
"""Verbs between a thing and what it has, or does not have."""

LACKING = frozenset("lacks lack lacked loses lose".split())

MAKING = frozenset(
    "leaves leave leaving makes make made making renders render rendered rendering gives give giving keeps "
    "keeping turns turning causes cause causing".split()
)
"""Verbs between a cause and the thing that it changes: "leaves the background soft"."""

VERBS = LINKING | HAVING | MAKING
"""Verbs that make a clause."""

HARMING = {
    "blurs": "blurred",
    "blur": "blurred",
    "smears": "smeared",
    "hides": "unclear",
    "hide": "unclear",
    "obscures": "obscured",
    "obscure": "obscured",
    "swallows": "too dark",
    "swallow": "too dark",
    "overexposes": "overexposed",
    "bleaches": "overexposed",
    "bleach": "overexposed",
}
"""Verbs that harm the thing behind them, and what it is afterwards."""

DETERMINERS = frozenset(
    "the a an this that these those its their his her every each all some any both many several most few another "
    "other such one two three four five six seven eight nine ten".split()
)

OWNERS = frozenset("background foreground subject skin face sky fur hair sea water wall floor grass".split())
"""Nouns that may stand right in front of a property that is theirs: "background details"."""

DESCRIPTIVE = frozenset("dark bright soft smooth flat fine low high muted pale rough dim".split())
"""Words that in front of a noun tell what a thing is like, and not how good it is: "the bright sky"."""

EMPHASIS = frozenset(
    "stand stands sets set highlight highlights highlighting emphasise emphasises emphasize emphasizes "
    "prominent bokeh isolates isolate separates separate".split()
)
"""In one sentence with a blurred background they mean that the blur helps."""

SPEAKERS = frozenset("i we you one's".split())

PRONOUNS = frozenset("it they them which who these this those".split())

POSSESSIVES = frozenset("its their his her".split())

PREPOSITIONS = frozenset(
    "of in on at with by from to into onto over under above below behind before beside besides between among around "
    "against along across near through throughout within without inside outside for as like towards toward beneath "
    "during except off out up down next".split()
)

PLACES = frozenset("in on at over across around along throughout near inside behind under above below".split())
"""Prepositions behind which the thing stands that a whole-image statement is about."""

STAYS_WITH_NOUN = frozenset("of in on at with behind near under beside above below between around against".split())
"""Prepositions whose words may tell a thing apart from others of its kind: "man in the red coat"."""

JOINING = frozenset("and or".split())

SEPARATING = frozenset(
    "but while although though whereas however yet because since so therefore thus when where if unless until "
    "nevertheless nonetheless still despite".split()
)
"""Words that begin another clause."""

BORDERS = frozenset({","}) | JOINING | SEPARATING
"""What stands between two segments of a sentence."""

RELATIVE = frozenset("which who that whose where".split())

FILLERS = frozenset(
    "overall generally however also especially particularly mainly mostly even only just still too again "
    "meanwhile additionally moreover furthermore then first finally secondly particular besides quite very "
    "rather fairly slightly somewhat a little bit really clearly visibly noticeably obviously generally "
    "relatively partly partially completely totally entirely extremely severely heavily both either neither "
    "not no more less almost nearly well".split()
)
"""Words in front of a noun phrase or of a word of quality that belong to neither."""

NOT_NOUNS = frozenset(
    "passes pass sits sit lies lie fills fill runs run walks walk goes go takes take taken stands helps help hurts "
    "spoils ruins reduces reduce adds add draws draw attracts attract brings bring hides hide covers cover meets "
    "fades fade blends blend melts melt disappears disappear falls fall gives give makes make leaves leave "
    "captured rendered recorded reproduced shown seen placed made caused due because enough much is are was were has "
    "have had and or but with without so that which who where when while there here".split()
)
"""Words at which a run of nouns ends."""

COMPOUNDS = frozenset(
    "traffic light,traffic lights,wine glass,wine glasses,cell phone,cell phones,teddy bear,teddy bears,potted plant,"
    "potted plants,dining table,dining tables,hot dog,hot dogs,stop sign,stop signs,fire hydrant,parking meter,"
    "sports ball,tennis racket,baseball bat,baseball glove,street lamp,street lamps,street light,street lights,"
    "coffee cup,coffee cups,wall clock,space suit,launch pad,billiard table,pool table,palm tree,palm trees,"
    "water surface,tea cup,snow plough,snow ploughs".split(",")
)
"""Pairs of words that are one noun."""

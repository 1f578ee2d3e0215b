"""Question pools and sentence frames of the evidence author. All text is data, so that it can stand in the identity.

Frames use `{mention}` for a linked noun phrase, `{words}` for a name without link, and verbs in braces such as
`{is}`, `{shows}`, which agree with their subject.
"""

from __future__ import annotations

GLOBAL_QUESTIONS = (
    "How would you describe the quality of this image?",
    "What can be said about the visual quality of this picture?",
    "Please assess the quality of the image and give your reasons.",
    "Give a detailed account of how good or bad this image looks.",
    "Which strengths and weaknesses in quality does this image have?",
    "Look closely at the picture and judge its quality.",
    "Explain in detail how well this image is rendered.",
    "Write an evaluation of the image quality, region by region where it helps.",
    "How do you rate this picture in terms of technical quality, and why?",
    "Comment on the low-level appearance of this image, such as sharpness, noise and exposure.",
    "What is your impression of the quality of this photograph?",
    "Examine the image and report what supports or harms its quality.",
    "Could you review the quality of this picture in a few sentences?",
    "Go through what you notice about the quality of this image and sum it up.",
    "Analyse the perceptual quality of the image and conclude with a verdict.",
)

FORMAT_HINTS = (" Mark positions as [label](<x, y>).", " Include positions.")

LOCAL_QUESTIONS = (
    "How good is the quality of {words}?",
    "Describe the visual quality of {words}.",
    "What can you say about how {words} {is} rendered?",
    "Take a close look at {words} and judge the quality there.",
    "Give a careful assessment of the quality of {words}.",
    "What do you notice about the quality of {words}, good or bad?",
    "Please evaluate {words} in terms of sharpness, noise, exposure and the like.",
    "How well {does} {words} come out in this image?",
    "Concentrate on {words}: what is the local image quality?",
    "Report on the quality of {words} in two or three sentences.",
    "Is there anything good or bad about how {words} {appears}? Explain.",
    "Assess the local quality of {words} and give reasons.",
)

IMAGE_DISTORTED = (
    "The image as a whole is {states}, which {effect}.",
    "As a whole, the image is {states}, which {effect}.",
    "Taken as a whole, the image shows {nouns}, which {noun_effect}.",
    "{Noun} {noun_effect} throughout the image.{rest}",
    "The whole image suffers from {nouns}, which {noun_effect}.",
    "The picture as a whole looks {states}; this {effect}.",
)

IMAGE_GOOD = (
    "The image as a whole is {adjectives}{with_nouns}.",
    "As a whole, the image is {adjectives}{with_nouns}.",
    "Taken as a whole, the picture is {adjectives}{with_nouns}.",
    "Seen as a whole, the image looks {adjectives}{with_nouns}.",
    "The picture is {adjectives} as a whole{with_nouns}.",
)

IMAGE_ALSO_GOOD = (
    "At the same time, it is {adjectives}{with_nouns}.",
    "On the positive side, it is {adjectives}{with_nouns}.",
    "Otherwise it is {adjectives}{with_nouns}.",
    "Even so, it is {adjectives}{with_nouns}.",
)

IMAGE_ALSO_FREE = (
    "No {names} {is_names} visible.",
    "There {is_names} no visible {names}.",
    "It shows no visible {names}.",
)

IMAGE_MORE_GOOD = (
    "It is also {adjectives}{with_nouns}.",
    "In addition, it is {adjectives}{with_nouns}.",
    "Besides, it is {adjectives}{with_nouns}.",
)

IMAGE_MORE_GOOD_NOUNS = ("It also has {nouns}.", "In addition, it has {nouns}.", "Besides, it offers {nouns}.")

IMAGE_PLAIN = (
    "The image as a whole shows no clear distortion.",
    "No distortion stands out across the image as a whole.",
    "As a whole, the image is without any clear distortion.",
)

IMAGE_UNJUDGED = (
    "Little can be said about the quality of this image.",
    "The image offers little by which its quality could be judged.",
    "There is too little in this image to judge its quality.",
)

IMAGE_PARTLY_IN_FOCUS = (
    "Only a part of it is in focus.",
    "Some of it is in focus, while the rest is softer.",
    "The focus lies on a part of the scene only.",
)

IMAGE_TRAITS = ("It has {traits}.", "It shows {traits}.", "The image shows {traits}.")

REGION_DISTORTED = (
    "{Mention} {is} {states}, which {effect}.",
    "{Mention} {shows} {nouns}, which {noun_effect}.",
    "{Noun} {affects} {mention} and {noun_effect}.{rest}",
    "{Mention} {looks} {states}; this {effect}.",
    "{Mention} {suffers} from {nouns}, which {noun_effect}.",
    "{Mention} {is} {states}.",
)

REST = (" {Others} {others_add} to this.", " There {others_are} also {others}.", " {Others} {others_come} on top.")

REGION_GOOD = (
    "{Mention} {is} {adjectives}{with_nouns}.",
    "{Mention} {looks} {adjectives}{with_nouns}.",
    "{Mention} {comes} out {adjectives}{with_nouns}.",
    "{Mention} {appears} {adjectives}{with_nouns}.",
)

IMAGE_GOOD_NOUNS = (
    "The image as a whole has {nouns}.",
    "As a whole, the image shows {nouns}.",
    "Taken as a whole, the picture offers {nouns}.",
)

IMAGE_MOSTLY_GOOD = (
    "For the most part, the image is {adjectives}{with_nouns}.",
    "Most of the image is {adjectives}{with_nouns}.",
    "Over most of its area, the image is {adjectives}{with_nouns}.",
)

IMAGE_MOSTLY_GOOD_NOUNS = (
    "For the most part, the image has {nouns}.",
    "Most of the image has {nouns}.",
)

IMAGE_ALSO_GOOD_NOUNS = (
    "At the same time, it has {nouns}.",
    "On the positive side, it has {nouns}.",
    "Even so, it has {nouns}.",
)

REGION_GOOD_NOUNS = (
    "{Mention} {has} {nouns}.",
    "{Mention} {shows} {nouns}.",
)

REGION_SPARED_NOUNS = (
    "By contrast, {mention} {has} {nouns}.",
    "{Mention}, on the other hand, {has} {nouns}.",
)

LOCAL_ALSO_GOOD_NOUNS = (
    "{They} also {has} {nouns}.",
    "In addition, {they} {has} {nouns}.",
)

LOCAL_STILL_GOOD_NOUNS = (
    "Even so, {they} {has} {nouns}.",
    "At the same time, {they} {has} {nouns}.",
)

REGION_SAME = (
    "The same holds for {mention}.",
    "{Mention} {shares} these qualities.",
    "These qualities are also found on {mention}.",
    "This is equally true of {mention}.",
)

REGION_SPARED = (
    "By contrast, {mention} {is} {adjectives}{with_nouns}.",
    "{Mention}, on the other hand, {is} {adjectives}{with_nouns}.",
    "{Mention} {stands} out as {adjectives}{with_nouns}.",
)

REGION_SHARED = (
    "The same {names} {is_names} visible on {mention}.",
    "{Mention} {is} affected by the same {names}.",
    "{Mention} {shares} the {names} of the image as a whole.",
)

REGION_PLAIN = (
    "{Mention} {shows} no clear distortion.",
    "No clear distortion is visible on {mention}.",
    "{Mention} {is} without any clear distortion.",
)

VERDICTS = (
    "Overall, the quality is {quality}.",
    "All in all, the image quality is {quality}.",
    "In sum, the quality of the image is {quality}.",
    "On balance, the overall quality is {quality}.",
    "The overall quality is {quality}.",
    "Overall, this is an image of {quality} quality.",
)

VERDICTS_BECAUSE = (
    "Because of the {names}, the overall quality is {quality}.",
    "The {names} {leaves} the overall quality {quality}.",
    "Given the {names}, the quality is {quality} overall.",
)

LOCAL_DISTORTED = (
    "{Mention} {is} {states}, which {effect}.",
    "{Mention} {shows} {nouns}, which {noun_effect}.",
    "{Noun} {affects} {mention} and {noun_effect}.{rest}",
    "{Mention} {looks} {states}; this {effect}.",
    "{Mention} {suffers} from {nouns}, which {noun_effect}.",
)

LOCAL_ALSO_DISTORTED = (
    "{They} {is} also {states}, which {effect}.",
    "In addition, {they} {is} {states}, which {effect}.",
    "There {noun_is} also {nouns}, which {noun_effect}.",
    "On top of that {noun_comes} {nouns}, which {noun_effect}.",
)

LOCAL_ALSO_GOOD = (
    "{They} {is} also {adjectives}{with_nouns}.",
    "In addition, {they} {is} {adjectives}{with_nouns}.",
    "{They} {is} {adjectives} as well{with_nouns}.",
)

LOCAL_STILL_GOOD = (
    "Even so, {they} {is} {adjectives}{with_nouns}.",
    "At the same time, {they} {is} {adjectives}{with_nouns}.",
    "Otherwise {they} {is} {adjectives}{with_nouns}.",
)

LOCAL_TRAITS = ("{They} {has} {traits}.", "{They} {shows} {traits}.")

LOCAL_COMPARED = (
    "Compared with the image as a whole, {they} {is} {comparatives}.",
    "{They} {is} {comparatives} than the image as a whole.",
    "Next to the image as a whole, {they} {appears} {comparatives}.",
)

LOCAL_IMAGE_TOO = (
    "The image as a whole shows the same {names}.",
    "The same {names} {runs} through the whole image.",
    "In this, {they} {does} not differ from the image as a whole, which shows {names} too.",
)

LOCAL_VERDICTS = (
    "The quality here is {quality}.",
    "Overall, {their} quality is {quality}.",
    "All in all, the local quality is {quality}.",
    "Taken together, this gives {quality} local quality.",
    "{Their} quality is {quality} overall.",
)

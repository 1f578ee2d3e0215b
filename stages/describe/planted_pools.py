"""Questions and sentence frames of the truth author. Our own wording; as many questions as IQA-Spider's pools hold.

IQA-Spider (arXiv 2605.24553): 17 questions on a part, 26 on the image.
"""

from __future__ import annotations

GLOBAL_QUESTIONS = (
    "How good is the quality of this image?",
    "Describe the quality of the whole picture.",
    "What can be said of this photograph's quality?",
    "Which degradations does this picture show, and where?",
    "Go through this image and report on its quality.",
    "Judge the visual quality of this photograph.",
    "Give an account of how well this image is preserved.",
    "What impairs this picture, if anything does?",
    "Write a short report on the quality of this image.",
    "How would you rate and explain the quality of this photograph?",
    "Summarise the quality of this image.",
    "Is this picture degraded anywhere? Describe what you see.",
    "Explain the condition of this image.",
    "What does an inspection of this photograph's quality bring to light?",
    "Assess this image as a whole, with the places that matter.",
    "Tell me how clean or damaged this picture is.",
    "Describe all quality problems of this image.",
    "Look at this photograph critically: what about its quality?",
    "Which parts of this image have suffered, and from what?",
    "Characterise the quality of this picture in a few sentences.",
    "Evaluate the image quality here.",
    "What is the overall technical state of this photograph?",
    "Name the flaws of this picture and their effects.",
    "How has the quality of this image been affected?",
    "Comment on the quality of this photograph.",
    "Provide an overall description of this image's quality.",
)

LOCAL_QUESTIONS = (
    "How good is the quality of {words}?",
    "Describe the quality of {words}.",
    "What can be said of the quality of {words}?",
    "Look closely at {words}: what about the quality there?",
    "Which degradations affect {words}, and how?",
    "Judge the visual quality of {words}.",
    "Give an account of the condition of {words}.",
    "What impairs {words}, if anything does?",
    "Assess {words} with regard to quality.",
    "Write a short report on the quality of {words}.",
    "In what state is {words}?",
    "Explain what has happened to the quality of {words}.",
    "Evaluate the image quality in {words}.",
    "How clean or damaged is {words}?",
    "Characterise the quality of {words}.",
    "Comment on how {words} looks in terms of quality.",
    "Has the quality of {words} suffered? Describe it.",
)

IMAGE_UNTOUCHED = (
    "No degradation was added to this image.",
    "This image was left as it is: nothing was degraded.",
    "Nothing in this image has been degraded on purpose.",
)
IMAGE_PARTLY = (
    "The quality of this image is uneven: {count} of it {has} been degraded.",
    "This image is degraded in {count} of it.",
    "Not all of this image is intact: {count} of it {has} suffered.",
)
IMAGE_WHOLE = ("The degradation covers the whole image.", "This image is degraded from edge to edge.")

ONE_DISTORTION = (
    "{Mention} shows {first}, which {first_effect}.",
    "{Mention} suffers from {first}, which {first_effect}.",
    "In {mention} there is {first}, which {first_effect}.",
)
TWO_DISTORTIONS = (
    "{Mention} was given {first} and, after that, {second}: the former {first_effect}, the latter {second_effect}.",
    "In {mention} there is {first}, which {first_effect}, and on top of it {second}, which {second_effect}.",
    "First {first}, then {second} was applied to {mention}; the first {first_effect}, the second {second_effect}.",
)
UNTOUCHED = (
    "{Mention} was left untouched.",
    "Nothing was done to {mention}.",
    "{Mention} is free of added degradation.",
)
REST_UNTOUCHED = (
    "The rest of the image was left as it is.",
    "Everything else is untouched.",
    "No degradation was added outside {these}.",
)
WORST = (
    "Taken together, the degradation is strongest in {mention}.",
    "The heaviest degradation is that of {mention}.",
)

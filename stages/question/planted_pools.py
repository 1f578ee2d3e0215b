"""Questions on planted truth. Our own wording; as many as IQA-Spider's pools hold (arXiv 2605.24553, Tables 10-18).

`{name}`, `{first}` and `{second}` are distortions, `{words}` a region, `{scope}` the regions that are compared.
"""

from __future__ import annotations

HYD_WORST = (
    "Which region of this image is degraded the most?",
    "Where is the total degradation strongest?",
    "Point out the part of the picture that has suffered most.",
    "Which area has the lowest quality of all, given everything that was done to it?",
    "Find the region with the heaviest overall degradation.",
    "What part of the photograph is damaged worst?",
    "Which region carries the largest amount of degradation?",
    "Locate the most strongly impaired part of this image.",
    "Where in this picture is the quality at its worst?",
    "Which part of the image bears the brunt of the degradation?",
    "Name the region whose distortions weigh most in total.",
    "What region would you single out as the most degraded one?",
)

HYD_BEST = (
    "Of {scope}, which is degraded the least?",
    "Among {scope}, where is the total degradation weakest?",
    "Which of {scope} has suffered least?",
    "Comparing {scope}, which has the best quality left?",
    "Find the one of {scope} with the lightest overall degradation.",
    "Which of {scope} is damaged least?",
    "Out of {scope}, which carries the smallest amount of degradation?",
    "Locate the least impaired of {scope}.",
    "Considering {scope}, where is the quality highest?",
    "Which of {scope} has come through best?",
    "Name the one of {scope} whose degradation weighs least in total.",
    "Looking at {scope}, which would you single out as the least degraded?",
)

SID_MOST = (
    "Which region shows the most {name}?",
    "Where is {name} strongest in this image?",
    "Point out the part of the picture with the most severe {name}.",
    "Find the region that {name} affects the most.",
    "What part of the photograph has the highest degree of {name}?",
    "Locate the area where {name} is most pronounced.",
    "Looking only at {name}, which region is worst?",
    "In which part of the image does {name} reach its peak?",
)

SID_LEAST = (
    "Of the regions with {name}, which shows the least of it?",
    "Where {name} occurs, in which region is it weakest?",
    "Point out the region with the mildest {name} among those that have it.",
    "Find the region that {name} affects the least, leaving out those without any.",
    "Among all parts with {name}, which has the lowest degree of it?",
    "Locate the affected area where {name} is least pronounced.",
    "Looking only at regions with {name}, which is best off?",
    "Of all places where {name} can be found, where is there the least?",
)

DAO_ORDER = (
    "Which region was given {first} first and {second} afterwards?",
    "Where was {first} followed by {second}?",
    "Find the region to which {first} was applied before {second}.",
    "What part of the image went through {first} and then {second}?",
    "Locate the area with {second} on top of {first}.",
    "Which region follows the order {first}, then {second}?",
)

DAO_FIRST = (
    "Of the regions with two distortions, which began with {name}?",
    "Which region had {name} applied before another distortion?",
    "Where was {name} the first of two distortions?",
    "Find the region in which {name} was followed by another distortion.",
    "Locate the area that got {name} first and something else after it.",
    "What part of the image started its two distortions with {name}?",
)

DAO_LAST = (
    "Of the regions with two distortions, which ended with {name}?",
    "Which region had {name} applied after another distortion?",
    "Where was {name} the second of two distortions?",
    "Find the region in which {name} came on top of another distortion.",
    "Locate the area that got something else first and {name} after it.",
    "What part of the image finished its two distortions with {name}?",
)

REFER_SHORT_SINGLE = (
    "Which distortion affects {words}? Answer in a short phrase.",
    "Name the degradation of {words} briefly.",
    "What kind of distortion is there in {words}? Keep it short.",
    "In a few words: what is wrong with {words}?",
    "Give the type and degree of the degradation of {words}.",
    "What has {words} suffered from? A short phrase will do.",
    "State briefly the distortion of {words}.",
    "Identify the degradation in {words} in a few words.",
    "What distortion can be seen in {words}? Answer briefly.",
    "Tell in short which degradation was applied to {words}.",
    "With a short phrase, name what lowers the quality of {words}.",
    "What is the quality problem of {words}? Be brief.",
    "Put a name to the distortion of {words}.",
    "Which degradation does {words} show? Use a short phrase.",
)

REFER_SHORT_MULTI = (
    "Which two distortions affect {words}? Answer in short phrases.",
    "Name both degradations of {words} briefly.",
    "What two kinds of distortion are there in {words}? Keep it short.",
    "In a few words: which two things are wrong with {words}?",
    "Give type and degree of the two degradations of {words}.",
    "What two distortions has {words} suffered from? Short phrases will do.",
    "State briefly the pair of distortions of {words}.",
    "Identify both degradations in {words} in a few words.",
    "What two distortions can be seen in {words}? Answer briefly.",
    "Tell in short which degradations were applied to {words}, in their order.",
    "With short phrases, name the two things that lower the quality of {words}.",
    "What are the two quality problems of {words}? Be brief.",
    "List the distortions of {words} in the order in which they came.",
    "Which degradations does {words} show? Use short phrases.",
)

REFER_LONG_SINGLE = (
    "Which distortion affects {words}, and what does it do?",
    "Name the degradation of {words} and its effect.",
    "What kind of distortion is there in {words}, and how does it show?",
    "What is wrong with {words}, and what follows from it?",
    "Give the degradation of {words} and describe its visible consequences.",
    "What has {words} suffered from, and how does it change the look?",
    "State the distortion of {words} and explain its impact.",
    "Identify the degradation in {words} and depict its effect.",
    "What distortion can be seen in {words}, and how does it alter what is seen?",
    "Tell which degradation was applied to {words} and what came of it.",
    "Name what lowers the quality of {words} and say in which way.",
    "What is the quality problem of {words}, and how does it make itself felt?",
    "Put a name to the distortion of {words} and describe what it causes.",
    "Which degradation does {words} show, and with which result?",
)

REFER_LONG_MULTI = (
    "Which two distortions affect {words}, and what do they do?",
    "Name both degradations of {words} and their effects.",
    "What two kinds of distortion are there in {words}, and how do they show?",
    "Which two things are wrong with {words}, and what follows from each?",
    "Give the two degradations of {words} and describe their visible consequences.",
    "What two distortions has {words} suffered from, and how do they change the look?",
    "State the pair of distortions of {words} and explain the impact of each.",
    "Identify both degradations in {words} and depict their effects.",
    "What two distortions can be seen in {words}, and how do they alter what is seen?",
    "Tell which degradations were applied to {words}, in their order, and what came of them.",
    "Name the two things that lower the quality of {words} and say in which way.",
    "What are the two quality problems of {words}, and how do they make themselves felt?",
    "List the distortions of {words} in their order and describe what each causes.",
    "Which degradations does {words} show, and with which results?",
)

YES_NO = (
    "Is {words} affected by {name}?",
    "Does {words} suffer from {name}?",
    "Can {name} be seen on {words}?",
    "Was {words} degraded by {name}?",
    "Does {words} show {name}?",
    "Is there {name} on {words}?",
    "Has {name} lowered the quality of {words}?",
    "Is {name} visible on {words}?",
)

WHAT_SINGLE = (
    "What degrades {words}?",
    "What distortion affects {words}?",
    "What is wrong with {words}?",
    "What has lowered the quality of {words}?",
    "What kind of distortion does {words} show?",
    "What does {words} suffer from?",
)

WHAT_MULTI = (
    "What two distortions affect {words}?",
    "What degrades {words}, in the order of application?",
    "What two things are wrong with {words}?",
    "What two distortions were applied to {words}?",
    "What distortions does {words} show?",
    "What two degradations does {words} suffer from?",
)

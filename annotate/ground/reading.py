"""Ask a model where, and read the logits of the position words: in its own answer, or in a sentence put into its mouth.

The paper does not say at which decoding step its logits are read. `answer` reads them where the generated answer says
the words; `forced` continues the answer with "It is at the" and reads them in the two open places, the vertical word
first, so that it works with models whose answers name no place; `auto` reads the answer, and forces where it is silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from annotate.ground.place import Chi
from annotate.ground.words import Axis, PositionWords, Said, place_said, says_whole_image, step_of
from stages.mllm.ask import Ask, NoReply
from stages.mllm.spell import Logits, Spelled, Speller

Read = Literal["auto", "answer", "forced"]
How = Literal["answer", "forced", "whole-image", "no-words"]

FORCED = "It is at the"


@dataclass(frozen=True)
class Reading:
    """A text answer, and the logits of the position words with how they were read; `chi` None: there is no point."""

    answer: str
    how: How
    chi: Chi | None = None

    def line(self, name: str) -> dict[str, Any]:
        """The same as a line of readings.jsonl."""
        logits = None if self.chi is None else [round(value, 4) for value in vars(self.chi).values()]
        return {"id": name, "prediction": self.answer, "read": self.how, "chi": logits}

    @classmethod
    def of_line(cls, line: Mapping[str, Any]) -> Reading:
        """Inverse of `line`."""
        return cls(line["prediction"], line["read"], None if line["chi"] is None else Chi(*line["chi"]))


def read_places(model: Speller, words: PositionWords, asks: Sequence[Ask], read: Read) -> list[Reading | NoReply]:
    """A reading per ask, in order."""
    watched = words.token_ids
    found: list[Reading | NoReply] = []
    for said in model.spell(asks, watched):
        if isinstance(said, NoReply):
            found.append(said)
        elif says_whole_image(said.reply.text):
            found.append(Reading(said.reply.text, "whole-image"))
        else:
            chi = None if read == "forced" else chi_in_answer(said, words, model.tokenizer)
            found.append(Reading(said.reply.text, "no-words" if chi is None else "answer", chi))
    if read != "answer":
        silent = [place for place, each in enumerate(found) if isinstance(each, Reading) and each.how == "no-words"]
        answers = [each.answer for place in silent if isinstance(each := found[place], Reading)]
        forced = _forced(model, words, [asks[place] for place in silent], answers)
        for place, reading in zip(silent, forced, strict=True):
            found[place] = reading
    return found


def chi_in_answer(said: Spelled, words: PositionWords, tokenizer: Any) -> Chi | None:
    """The logits at the steps at which the answer says its place; None unless it names both axes."""
    place: Said = place_said(said.reply.text)
    near_far: list[float] = []
    for axis, character in ((words.horizontal, place.horizontal), (words.vertical, place.vertical)):
        step = None if character is None else step_of(character, axis, said.token_ids, tokenizer)
        chi = None if step is None else axis.chi(said.token_ids[:step], _by_token(words, said.logits[step]))
        if chi is None:
            return None
        near_far += chi
    return Chi(*near_far)


def _forced(
    model: Speller, words: PositionWords, asks: Sequence[Ask], answers: Sequence[str]
) -> list[Reading | NoReply]:
    begun = [f"{answer} {FORCED}".lstrip() for answer in answers]
    vertical = _slot(model, words, words.vertical, asks, begun)
    spoken = [
        begin
        if isinstance(chi, NoReply)
        else f"{begin} {words.vertical.near if chi[0] >= chi[1] else words.vertical.far}"
        for begin, chi in zip(begun, vertical, strict=True)
    ]
    horizontal = _slot(model, words, words.horizontal, asks, spoken)
    return [
        down
        if isinstance(down, NoReply)
        else across
        if isinstance(across, NoReply)
        else Reading(answer, "forced", Chi(*across, *down))
        for answer, across, down in zip(answers, horizontal, vertical, strict=True)
    ]


def _slot(
    model: Speller, words: PositionWords, axis: Axis, asks: Sequence[Ask], begun: Sequence[str]
) -> list[tuple[float, float] | NoReply]:
    """Logits of an axis's two words as the next ones after each beginning."""
    found: list[tuple[float, float] | NoReply] = []
    for logits in model.logits_after(asks, begun, words.token_ids) if asks else ():
        if isinstance(logits, NoReply):
            found.append(logits)
        else:
            chi = axis.chi((), _by_token(words, logits))
            found.append(
                NoReply(f"{axis.near!r} has no token of its own after a space; give --read answer")
                if chi is None
                else chi
            )
    return found


def _by_token(words: PositionWords, logits: Logits) -> dict[int, float]:
    return dict(zip(words.token_ids, logits.tolist(), strict=True))

"""Agreement by a model that is shown the crop: "Is the image quality <T_q>?", and how probable its Yes is.

The IQA-Filter of Grounding-IQA (arXiv 2411.17237, Algorithm 1) takes Q-Instruct's answer as it is. The probability of
Yes against No as first token says the same and more: at 0.5 lies the answer. The question stands in the paper in two
forms, and padding and size of the crop in none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import cv2

from stages.filter.agreement import Case
from stages.filter.standing_out import STAGE
from stages.mllm.ask import Ask, Reply
from stages.mllm.connect import language_model
from stages.mllm.ladder import Granted, Wish, climb, note
from stages.mllm.options import ModelOptions
from stages.mllm.templates import render
from stages.pixels import crop, upright_rgb
from stages.score.crops import at_least, at_most, crop_box

PACKAGE = "stages.filter"

Form = Literal["algorithm", "prose"]

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": ["Yes", "No"]}},
    "required": ["answer"],
    "additionalProperties": False,
}
"""The reply is guided to one of the two words; the probabilities are those of the unguided first token."""

MOST_TOKENS = 32

SMALLEST_SIDE_PX = 28
"""Image processors of vision-language models take no picture that is smaller than a patch of theirs."""


@dataclass(frozen=True)
class CropRules:
    """How a box is shown: padded by a share of its sides, and at least so many pixels of the image on each side."""

    padding: float
    min_side_px: int


class ModelJudge:
    """Asks the model of some options about the crops of all boxes of a batch together."""

    def __init__(self, options: ModelOptions, form: Form, crops: CropRules) -> None:
        self._options, self._form, self._crops = options, form, crops

    def open(self) -> None:
        """Load the model or reach the endpoint."""
        self._model = language_model(self._options)

    def __call__(self, cases: Sequence[Case]) -> list[float | None]:
        """Probability of Yes for each case. A row whose box gets no valid answer fails. Raises EngineDied."""
        granted = climb(self._model, [self._wish(case) for case in cases], self._options.temperatures)
        for _, pairs in groupby(zip(cases, granted, strict=True), key=lambda pair: pair[0].row.image_id):
            _account(list(pairs))
        return [end.value for end in granted]

    def _wish(self, case: Case) -> Wish[float]:
        return Wish(
            Ask(
                system=render(PACKAGE, "system"),
                user=render(PACKAGE, self._form, quality=case.phrase.quality),
                images=(self._png(case),),
                schema=SCHEMA,
                max_tokens=MOST_TOKENS,
                first_token_of=("Yes", "No"),
            ),
            agreement_of,
        )

    def _png(self, case: Case) -> bytes:
        """The crop, losslessly: what is asked about is its quality."""
        pixels = upright_rgb(case.row)
        height, width = pixels.shape[:2]
        box = crop_box(
            case.region.box_xyxy_px,
            width,
            height,
            padding=self._crops.padding,
            min_side_px=self._crops.min_side_px,
        )
        shown = at_least(crop(pixels, box), SMALLEST_SIDE_PX)
        factor = (self._options.max_pixels / (shown.shape[0] * shown.shape[1])) ** 0.5
        shown = at_most(shown, int(max(shown.shape[:2]) * min(factor, 1)))
        return cv2.imencode(".png", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))[1].tobytes()


def agreement_of(reply: Reply) -> float:
    """Probability of Yes against No as first token; 1 or 0 by the answer itself where an engine tells none.

    Raises ValueError for a reply that is neither.
    """
    yes, no = (reply.first_token_probabilities.get(word, 0.0) for word in ("Yes", "No"))
    if yes + no > 0:
        return yes / (yes + no)
    return {"Yes": 1.0, "No": 0.0}[_answer(reply.text)]


def _answer(text: str) -> str:
    try:
        said = json.loads(text)["answer"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("neither Yes nor No") from error
    if said not in ("Yes", "No"):
        raise ValueError("neither Yes nor No")
    return str(said)


def _account(pairs: Sequence[tuple[Case, Granted[float]]]) -> None:
    row, ends = pairs[0][0].row, [end for _, end in pairs]
    note(row, STAGE, ends)
    failed = next((end for end in ends if end.value is None), None)
    if failed is not None:
        row.end("failed", STAGE, failed.reason or "no reply")

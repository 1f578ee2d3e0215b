"""Grounding DINO's output, read: which prompt each box answers, by the tokens of the caption that it lights up.

The model scores every box against every token of the caption (Grounding DINO, arXiv 2303.05499, section 3.4). A
box's score is that of its best token, its label are the tokens above the text threshold. Labels then may be empty,
run over several prompts ("cat dog"), or hold nothing but the tokenizer's own marks ("[SEP]") or the end of a word
("##s"): such boxes are kept with the reason why no label can be made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from manifests.vocabulary import DropReason
from stages.detect.boxes import check_finite, pixels_of_unit_centre
from stages.detect.captions import Caption
from stages.detect.detector import Detection

CONTINUES = "##"
"""How WordPiece marks a token that goes on with a word."""


@dataclass(frozen=True)
class CaptionTokens:
    """The tokens of a caption: their text, and the characters [start, end) that each stands for (0, 0: a mark)."""

    caption: Caption
    tokens: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Thresholds:
    """`record`: least score of a box that is recorded at all; `box`: of one that is used; `text`: of a token."""

    record: float
    box: float
    text: float


def read_boxes(
    probabilities: npt.NDArray[np.floating],
    boxes_cxcywh_unit: npt.NDArray[np.floating],
    read: CaptionTokens,
    prompts: Sequence[str],
    size: tuple[int, int],
    thresholds: Thresholds,
) -> list[Detection]:
    """Detections of one image and caption, in the order of the queries.

    `probabilities` [queries, at least len(tokens)]: sigmoid of the logits; columns behind the tokens are padding.
    `boxes_cxcywh_unit` [queries, 4]; `size`: width and height of the upright image in pixels. Raises
    FloatingPointError where a recorded box or any probability is not finite.
    """
    by_token = np.asarray(probabilities, dtype=np.float64)[:, : len(read.tokens)]
    check_finite([float(by_token.sum())])
    found = []
    for row, box in zip(by_token, np.asarray(boxes_cxcywh_unit, dtype=np.float64), strict=True):
        score = round(float(row.max(initial=0.0)), 4)
        if score < thresholds.record:
            continue
        box_xyxy_px = pixels_of_unit_centre(box.tolist(), *size)
        if box_xyxy_px is None:
            continue
        lit = [int(place) for place in np.flatnonzero(row > thresholds.text)]
        prompt, reason = _prompt_of(lit, read)
        if reason is None and score < thresholds.box:
            reason = "low-detector-score"
        label = prompts[prompt] if prompt is not None else _words(lit, read)
        found.append(Detection(label, score, box_xyxy_px, drop_reason=reason, prompt=prompt))
    return found


def _prompt_of(lit: Sequence[int], read: CaptionTokens) -> tuple[int | None, DropReason | None]:
    """The prompt that the lit tokens mean, or why they mean none."""
    if not lit:
        return None, "empty-label"
    meant = {read.caption.prompt_at(*read.offsets[place]) for place in lit} - {None}
    if len(meant) > 1:
        return None, "merged-label"
    begun = any(_begins_word(place, read) for place in lit)
    return (meant.pop(), None) if begun else (None, "fragment-label")


def _begins_word(place: int, read: CaptionTokens) -> bool:
    in_prompt = read.caption.prompt_at(*read.offsets[place]) is not None
    return in_prompt and not read.tokens[place].startswith(CONTINUES)


def _words(lit: Sequence[int], read: CaptionTokens) -> str:
    """The lit tokens as words, for a label that is recorded and not used."""
    return " ".join(read.tokens[place] for place in lit).replace(f" {CONTINUES}", "")

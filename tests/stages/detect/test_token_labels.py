"""Grounding DINO's output as made by hand: every way in which a label goes wrong."""

from __future__ import annotations

import numpy as np
import pytest

from stages.detect.captions import captions_of
from stages.detect.detector import Detection
from stages.detect.token_labels import CaptionTokens, Thresholds, read_boxes

PROMPTS = ["cat", "snowdog", "red bus"]
TOKENS = ("[CLS]", "cat", ".", "snow", "##dog", ".", "red", "bus", ".", "[SEP]")
OFFSETS = ((0, 0), (0, 3), (3, 4), (5, 9), (9, 12), (12, 13), (14, 17), (18, 21), (21, 22), (0, 0))
THRESHOLDS = Thresholds(record=0.1, box=0.35, text=0.25)
MIDDLE = (0.5, 0.5, 0.5, 0.5)


def read(*boxes: tuple[dict[int, float], tuple[float, ...]], width: int = 200, height: int = 100) -> list[Detection]:
    """Detections for boxes that light up tokens, by the tokens' places."""
    (caption,) = captions_of(PROMPTS, len, 100)
    probabilities = np.zeros((len(boxes), 256), np.float32)
    for row, (lit, _) in enumerate(boxes):
        for place, probability in lit.items():
            probabilities[row, place] = probability
    corners = np.array([box for _, box in boxes], np.float32).reshape(-1, 4)
    tokens = CaptionTokens(caption, TOKENS, OFFSETS)
    return read_boxes(probabilities, corners, tokens, PROMPTS, (width, height), THRESHOLDS)


def test_a_box_answers_the_prompt_whose_tokens_it_lights_up() -> None:
    (found,) = read(({6: 0.5, 7: 0.81234}, MIDDLE))
    assert found == Detection("red bus", 0.8123, (50.0, 25.0, 150.0, 75.0), prompt=2)


def test_one_word_of_a_prompt_is_enough() -> None:
    (found,) = read(({7: 0.8}, MIDDLE))
    assert (found.label, found.prompt, found.drop_reason) == ("red bus", 2, None)


@pytest.mark.parametrize(
    ("lit", "label", "reason"),
    [
        ({1: 0.24}, "", "empty-label"),
        ({1: 0.8, 3: 0.3, 4: 0.3}, "cat snowdog", "merged-label"),
        ({1: 0.8, 2: 0.8, 7: 0.8}, "cat . bus", "merged-label"),
        ({9: 0.8}, "[SEP]", "fragment-label"),
        ({0: 0.8, 9: 0.8}, "[CLS] [SEP]", "fragment-label"),
        ({2: 0.8}, ".", "fragment-label"),
        ({4: 0.8}, "##dog", "fragment-label"),
    ],
)
def test_a_label_that_names_no_prompt_is_recorded_with_the_reason(
    lit: dict[int, float], label: str, reason: str
) -> None:
    (found,) = read((lit, MIDDLE))
    assert (found.label, found.prompt, found.drop_reason) == (label, None, reason)


def test_marks_beside_a_word_do_not_spoil_it() -> None:
    (found,) = read(({0: 0.3, 1: 0.8, 2: 0.4, 9: 0.5}, MIDDLE))
    assert (found.label, found.drop_reason) == ("cat", None)


def test_an_unsure_box_is_recorded_as_such_and_a_very_unsure_one_is_not() -> None:
    found = read(({1: 0.3}, MIDDLE), ({1: 0.05}, MIDDLE))
    assert [(one.score, one.drop_reason) for one in found] == [(0.3, "low-detector-score")]


def test_what_is_padded_behind_the_caption_counts_for_nothing() -> None:
    assert read(({200: 0.9}, MIDDLE)) == []


def test_a_box_that_sticks_out_is_cut_and_one_outside_is_none() -> None:
    found = read(
        ({1: 0.8}, (0.0, 0.5, 0.5, 1.2)),
        ({1: 0.8}, (1.5, 0.5, 0.2, 0.2)),
        ({1: 0.8}, (0.5, 0.5, 0.0, 0.5)),
        ({1: 0.8}, (0.5, 0.5, 0.3, -0.5)),
    )
    assert [one.box_xyxy_px for one in found] == [(0.0, 0.0, 50.0, 100.0)]


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_numbers_that_ran_over_are_an_error_and_no_empty_result(broken: float) -> None:
    with pytest.raises(FloatingPointError, match="use dtype float32"):
        read(({1: 0.8}, (0.5, broken, 0.5, 0.5)))
    with pytest.raises(FloatingPointError):
        read(({1: broken}, MIDDLE))


def test_an_empty_output_has_no_boxes() -> None:
    assert read() == []


def test_a_box_in_an_image_of_one_pixel_is_that_pixel() -> None:
    (found,) = read(({1: 0.8}, (0.5, 0.5, 1.0, 1.0)), width=1, height=1)
    assert found.box_xyxy_px == (0.0, 0.0, 1.0, 1.0)

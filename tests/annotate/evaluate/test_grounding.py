from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask as coco

from annotate.evaluate.answers import read_answer
from annotate.evaluate.grounding import (
    Tag,
    boxes_of,
    iou_matrix,
    matched_iou,
    mean_iou,
    mean_iou_of_references,
    recalled,
)
from annotate.evaluate.names import WordSimilarity
from manifests.geometry import xywh_of_box

LEFT, RIGHT, HALF_OF_LEFT = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0), (0.0, 0.0, 10.0, 5.0)


def test_equal_boxes_score_one_in_any_order() -> None:
    assert mean_iou([RIGHT, LEFT], [LEFT, RIGHT]) == 1.0


def test_a_missing_box_counts_as_a_pair_of_iou_zero() -> None:
    assert mean_iou([LEFT], [LEFT, RIGHT]) == 0.5
    assert mean_iou([], [LEFT]) == 0.0


def test_a_superfluous_box_counts_by_the_strict_rule_and_is_free_by_the_other() -> None:
    assert mean_iou([LEFT, RIGHT], [LEFT]) == 0.5
    assert mean_iou_of_references([LEFT, RIGHT], [LEFT]) == 1.0


def test_pairing_takes_the_best_sum_and_not_the_first_box() -> None:
    assert mean_iou([HALF_OF_LEFT, LEFT], [LEFT]) == 0.5
    assert matched_iou([LEFT, HALF_OF_LEFT], [HALF_OF_LEFT, LEFT]) == 2.0


def test_without_a_reference_there_is_nothing_to_score() -> None:
    with pytest.raises(ValueError, match="no reference"):
        mean_iou([LEFT], [])


def test_iou_agrees_with_pycocotools() -> None:
    random = np.random.default_rng(0)
    near = random.uniform(0, 80, (12, 2))
    boxes = [(x, y, x + w, y + h) for (x, y), (w, h) in np.stack([near, random.uniform(1, 60, (12, 2))], 1).tolist()]
    theirs = coco.iou(*(np.array([xywh_of_box(box) for box in part]) for part in (boxes[:7], boxes[7:])), [0] * 5)
    np.testing.assert_allclose(iou_matrix(boxes[:7], boxes[7:]), theirs, atol=1e-12)


def test_a_tag_is_recalled_only_with_both_place_and_name() -> None:
    alike = WordSimilarity()
    reference = [Tag("dog", LEFT), Tag("car", RIGHT)]
    assert recalled([Tag("the white dog", LEFT), Tag("cars", RIGHT)], reference, alike) == 2
    assert recalled([Tag("cat", LEFT), Tag("car", LEFT)], reference, alike) == 0


def test_an_iou_of_exactly_one_half_is_not_enough() -> None:
    assert recalled([Tag("dog", HALF_OF_LEFT)], [Tag("dog", LEFT)], WordSimilarity()) == 0


def test_one_prediction_recalls_one_reference() -> None:
    reference = [Tag("dog", LEFT), Tag("dog", (0.0, 0.0, 10.0, 9.0))]
    assert recalled([Tag("dog", LEFT)], reference, WordSimilarity()) == 1


def test_a_box_within_one_row_of_cells_has_the_height_of_its_cells() -> None:
    answer = read_answer("The [rail](<40, 59>) is blurred.", 200, 100)
    assert answer.plain == "The rail is blurred."
    assert answer.tags == (Tag("rail", (5.0, 10.0, 195.0, 15.0)),)


def test_a_repeated_link_counts_once_and_another_name_for_it_only_as_a_tag() -> None:
    answer = read_answer("[dog](<0, 399>) [dog](<0, 399>) [pet](<0, 399>)", 100, 100)
    assert [tag.label for tag in answer.tags] == ["dog", "pet"]
    assert len(boxes_of(answer.tags)) == 1


@pytest.mark.parametrize(
    "text", ["a [dog](<5>)", "a [dog](<0, 400>)", "a [dog](<30, 3>)", "[dog", "the <3, 4> thing", "a [](<0, 3>)"]
)
def test_a_malformed_text_has_neither_words_nor_boxes(text: str) -> None:
    answer = read_answer(text, 100, 100)
    assert answer.malformed
    assert not answer.plain
    assert not answer.tags

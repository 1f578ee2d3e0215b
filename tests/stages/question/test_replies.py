"""Shapes of a model's questions: what they admit and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from stages.question.replies import open_shape, yes_no_shape

MOST = {"what": 2, "why": 1, "how": 2, "where": 1}
GOOD: dict[str, Any] = {
    "what": [{"question": "What spoils {2}?", "answer": "Noise"}],
    "why": [{"question": "Why is the fur of {1} unclear?", "answer": "Motion blur"}],
    "how": [{"question": "How sharp is {1}?", "answer": "Very sharp"}],
    "where": [{"question": "What is overexposed?", "answer": [2, 1]}],
}


def test_questions_that_point_to_one_entity_by_number_are_valid() -> None:
    reply = yes_no_shape(2, 2, boxed_only=True).model_validate(
        {"yes": ["Is {1} sharp?"], "no": ["Are {2}, too, dark?"]}
    )
    assert reply.yes == ["Is {1} sharp?"]
    assert open_shape(2, MOST, most_words=3, boxed_only=True).model_validate(GOOD).where[0].answer == [2, 1]


@pytest.mark.parametrize(
    "question",
    [
        "Is {3} sharp?",
        "Is it sharp?",
        "Is {1} sharper than {2}?",
        "What is {1}?",
        "Is {1} sharp",
        "Is [dog](#1) {1} sharp?",
        "Is {1} at <46, 313> sharp?",
        'Is {1} "sharp"?',
        "Is {1} sharp?\nIs {2}?",
        "Is {1} " + "very " * 30 + "sharp?",
    ],
)
def test_other_questions_are_not(question: str) -> None:
    with pytest.raises(ValidationError):
        yes_no_shape(2, 2, boxed_only=True).model_validate({"yes": [question], "no": ["Is {2} dark?"]})


def test_without_the_keyword_filter_a_question_may_point_to_nothing() -> None:
    shape = yes_no_shape(2, 1, boxed_only=False)
    assert shape.model_validate({"yes": ["Is the picture bright?"], "no": ["Is {2} dark?"]})
    assert yes_no_shape(0, 1, boxed_only=False).model_validate({"yes": ["Is it bright?"], "no": ["Is it dark?"]})


@pytest.mark.parametrize(
    ("family", "pair"),
    [
        ("what", {"question": "How is {1}?", "answer": "Dark"}),
        ("why", {"question": "Why is {1} dark?", "answer": "Because of the light there"}),
        ("how", {"question": "How dark is {1}?", "answer": "{1} is dark"}),
        ("where", {"question": "What is dark?", "answer": [3]}),
        ("where", {"question": "What is dark in {1}?", "answer": [1]}),
        ("where", {"question": "What is dark?", "answer": []}),
    ],
)
def test_each_family_has_its_form(family: str, pair: dict[str, Any]) -> None:
    shape = open_shape(2, MOST, most_words=3, boxed_only=True)
    with pytest.raises(ValidationError):
        shape.model_validate({**GOOD, family: [pair]})


def test_nobody_is_asked_for_what_no_entity_can_answer() -> None:
    schema = json.dumps(open_shape(0, MOST, most_words=3, boxed_only=False).model_json_schema())
    assert '"maxItems": 0' in schema

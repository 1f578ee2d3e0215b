"""The asker against a real endpoint: what it is sent, what becomes of its replies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from manifests.errors import RecipeError
from manifests.markup import parse_grid_links
from manifests.records import Description, ImageRecord, Region, Span
from stages.question import Ask, AskConfig

CLOSED = {"yes": ["Is {1} sharp?", "Is the {2} overexposed?"], "no": ["Is {1} blurry?", "Does {2} show detail?"]}
OPENED = {
    "what": [{"question": "What spoils {2}?", "answer": "overexposure"}],
    "why": [],
    "how": [{"question": "How sharp is {1}?", "answer": "very sharp"}],
    "where": [{"question": "What is overexposed?", "answer": [2]}],
}

Endpoint = Callable[[Callable[[dict[str, Any]], dict[str, Any]]], str]


def image() -> ImageRecord:
    text = "The dog is very sharp, and the window behind it is overexposed."
    spans = [Span(start=4, end=7, region_ids=[1]), Span(start=31, end=37, region_ids=[3])]
    description = Description(
        id="a-d01", level="global", question="?", answer=text, answer_plain=text, spans=spans, region_ids=[1, 3],
        contradicted=["the window is overexposed"], author="given text",
    )  # fmt: skip
    boxes = [(1, "dog", (100, 300, 500, 700)), (3, "window", (600, 0, 900, 400))]
    regions = [
        Region(region_id=number, label=label, phrase=label, box_xyxy_px=box, source="detector")
        for number, label, box in boxes
    ]
    return ImageRecord(
        image_id="a", uri="a.jpg", width=1000, height=800, regions=regions, descriptions=[description]
    )  # fmt: skip


def asker(url: str, **options: Any) -> Ask:
    stage = Ask(AskConfig(backend="llm", endpoint=url, served_model="teacher", **options))
    stage.open()
    return stage


def teacher(seen: list[dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(body)
        closed = "yes" in body["response_format"]["json_schema"]["schema"]["properties"]
        return {"message": {"content": json.dumps(CLOSED if closed else OPENED)}}

    return answer


def test_boxes_are_spliced_into_the_question_or_the_answer_and_the_author_is_the_model(endpoint: Endpoint) -> None:
    (row,) = asker(endpoint(teacher([])), equal=False)([image()])
    assert row.outcome is None
    assert {question.author for question in row.questions} == {"teacher"}
    for question in row.questions:
        sides = [bool(parse_grid_links(text)) for text in (question.question, question.answer)]
        assert sides == [question.spatial == "referring", question.spatial == "grounding"]
    said = {question.question: question.answer for question in row.questions}
    assert said["Is the [dog](<142, 349>) sharp?"] == "Yes."
    assert said["What is overexposed?"] == "The [window](<12, 197>)."
    closed = [question.answer for question in row.questions if question.family == "yes-no"]
    assert sorted(closed) == ["No.", "No.", "Yes.", "Yes."]


def test_an_image_has_as_many_open_questions_as_closed_ones(endpoint: Endpoint) -> None:
    (row,) = asker(endpoint(teacher([])))([image()])
    assert sorted(question.family == "yes-no" for question in row.questions) == [False, False, True, True]


def test_the_model_is_told_numbers_and_what_was_contradicted_but_no_coordinates(endpoint: Endpoint) -> None:
    seen: list[dict[str, Any]] = []
    asker(endpoint(teacher(seen)))([image()])
    assert len(seen) == 2
    for body in seen:
        prompt = body["messages"][1]["content"]
        assert "The dog {1} is very sharp, and the window {2} behind it is overexposed." in prompt
        assert "{2} window" in prompt
        assert "the window is overexposed" in prompt
        assert "#" not in prompt.replace("#1", "#")
        assert "<" not in prompt


def test_an_image_without_boxed_things_is_asked_nothing(endpoint: Endpoint) -> None:
    row = image()
    row.descriptions[0].spans = []
    seen: list[dict[str, Any]] = []
    (done,) = asker(endpoint(teacher(seen)))([row])
    assert (done.questions, done.outcome, seen) == ([], None, [])


def test_a_model_that_never_gives_a_valid_reply_fails_the_row_after_warmer_and_shorter_tries(
    endpoint: Endpoint,
) -> None:
    seen: list[dict[str, Any]] = []

    def nonsense(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(body)
        return {"message": {"content": '{"yes": []}'}}

    (row,) = asker(endpoint(nonsense), open=0)([image()])
    assert (row.outcome, row.stage) == ("failed", "question")
    assert row.reason is not None
    assert "not valid" in row.reason
    assert [body["temperature"] for body in seen] == [0.0, 0.4, 0.8, 0.8]
    sizes = [body["response_format"]["json_schema"]["schema"]["properties"]["yes"]["maxItems"] for body in seen]
    assert sizes == [2, 2, 2, 1]


def test_a_recipe_that_names_no_model_is_refused_when_it_is_built() -> None:
    with pytest.raises(RecipeError, match=r"question\.model"):
        Ask(AskConfig(backend="llm"))


def test_prompts_are_part_of_the_identity_and_the_address_is_not() -> None:
    one, other = (
        Ask(AskConfig(backend="llm", endpoint=f"http://{host}:1/v1", served_model="m")) for host in ("a", "b")
    )
    assert one.identity() == other.identity()
    assert any(name.endswith("prompts/yes_no.md") for name in one.prompts())

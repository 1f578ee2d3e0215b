"""The IQA-Filter of the paper: a model is shown the crop, and its Yes counts by its probability."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from manifests.records import ImageRecord, Phrase, Region
from stages.filter import Filter, FilterConfig
from stages.filter.by_mllm import agreement_of
from stages.mllm.ask import Reply

Endpoint = Callable[[Callable[[dict[str, Any]], dict[str, Any]]], str]

BRIGHT, DARK = (40.0, 40.0, 140.0, 140.0), (240.0, 40.0, 340.0, 140.0)


def image() -> ImageRecord:
    """A bright and a dark box; both were found for one phrase."""
    pixels = np.full((200, 400, 3), 128, np.uint8)
    pixels[40:140, 40:140] = 250
    pixels[40:140, 240:340] = 5
    regions = [
        Region(
            region_id=number, label="lamp", phrase="lamps", box_xyxy_px=box, source="detector", detector_score=0.9,
        )
        for number, box in ((1, BRIGHT), (2, DARK))
    ]  # fmt: skip
    phrase = Phrase(
        phrase="lamps", label="lamps", quality="bright", effect="positive", passage=0, start=0, end=5, region_ids=[1, 2]
    )
    return ImageRecord(
        image_id="a", uri="a.png", width=400, height=200, content=cv2.imencode(".png", pixels)[1].tobytes(),
        regions=regions, phrases=[phrase],
    )  # fmt: skip


def mean_of(body: dict[str, Any]) -> float:
    """Mean grey level of the picture that the model was shown."""
    url = body["messages"][1]["content"][0]["image_url"]["url"]
    shown = np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8)
    return float(cv2.imdecode(shown, cv2.IMREAD_GRAYSCALE).mean())


def judge(url: str, **options: Any) -> Filter:
    stage = Filter(FilterConfig(agreement="mllm", endpoint=url, served_model="judge", **options))
    stage.open()
    return stage


def eye(body: dict[str, Any]) -> dict[str, Any]:
    """Says Yes to what is bright, and how sure it is."""
    yes = 0.9 if mean_of(body) > 128 else 0.2
    likely = [{"token": word, "logprob": math.log(value)} for word, value in (("Yes", yes), ("No", 1 - yes))]
    said = json.dumps({"answer": "Yes" if yes > 0.5 else "No"})
    return {"message": {"content": said}, "logprobs": {"content": [{"token": "{", "top_logprobs": likely}]}}


def test_a_box_that_the_model_denies_goes_and_the_probability_of_yes_is_kept(endpoint: Endpoint) -> None:
    row = image()
    judge(endpoint(eye))([row])
    assert [(region.agreement, region.kept, region.drop_reason) for region in row.regions] == [
        (0.9, True, None), (0.2, False, "disagrees-with-claim"),
    ]  # fmt: skip
    assert row.tallies["filter.asked"] == 2


def test_the_threshold_is_the_recipes(endpoint: Endpoint) -> None:
    row = image()
    judge(endpoint(eye), min_agreement=0.1)([row])
    assert [region.kept for region in row.regions] == [True, True]


@pytest.mark.parametrize(
    ("form", "question"),
    [("algorithm", "Is the image quality bright?"), ("prose", "Is the image quality is bright?")],
)
def test_the_question_is_one_of_the_two_that_the_paper_prints(endpoint: Endpoint, form: str, question: str) -> None:
    seen: list[str] = []

    def listening(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(body["messages"][1]["content"][1]["text"])
        return eye(body)

    judge(endpoint(listening), agreement_prompt=form)([image()])
    assert seen == [question, question]


def test_padding_shows_what_lies_around_the_box(endpoint: Endpoint) -> None:
    seen: list[float] = []

    def listening(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(mean_of(body))
        return eye(body)

    url = endpoint(listening)
    judge(url, crop_padding=0.0)([image()])
    judge(url, crop_padding=0.5)([image()])
    bare, padded = sorted(seen[:2]), sorted(seen[2:])
    assert bare[0] < 10 < padded[0]
    assert bare[1] > 240 > padded[1]


def test_an_object_with_one_box_is_not_asked_about_unless_the_recipe_says_so(endpoint: Endpoint) -> None:
    one, other = image(), image()
    for row in (one, other):
        row.phrases[0].region_ids = [2]
    url = endpoint(eye)
    judge(url)([one])
    judge(url, only_several=False, none_agrees="drop")([other])
    assert (one.regions[1].agreement, one.phrases[0].drop_reason) == (None, None)
    assert (other.regions[1].agreement, other.phrases[0].drop_reason) == (0.2, "disagrees-with-claim")


def test_a_row_whose_box_gets_no_answer_fails_with_the_reason(endpoint: Endpoint) -> None:
    row = image()
    judge(endpoint(lambda _: {"message": {"content": "I cannot say"}}))([row])
    assert (row.outcome, row.stage) == ("failed", "filter")
    assert row.reason is not None
    assert "neither Yes nor No" in row.reason


def test_without_probabilities_the_answer_itself_counts() -> None:
    assert agreement_of(Reply('{"answer": "Yes"}', "stop", 1, 1)) == 1.0
    assert agreement_of(Reply('{"answer": "No"}', "stop", 1, 1, {"Yes": 0.0, "No": 0.0})) == 0.0
    assert agreement_of(Reply('{"answer": "No"}', "stop", 1, 1, {"Yes": 0.3, "No": 0.1})) == pytest.approx(0.75)

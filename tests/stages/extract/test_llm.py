"""The reader in a language model against a real endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from manifests.records import ImageRecord
from stages.extract import Extract, ExtractConfig

Endpoint = Callable[[Callable[[dict[str, Any]], dict[str, Any]]], str]

TEXTS = [
    "The dog is very sharp. The window behind it is overexposed, and the carpet is grey.",
    "A [nice] picture of a dog, but the dog's fur is blurry.",
]


def reader(url: str, **options: Any) -> Extract:
    stage = Extract(ExtractConfig(backend="llm", endpoint=url, served_model="reader", **options))
    stage.open()
    return stage


def said(*triples: tuple[str, str, str, str]) -> dict[str, Any]:
    keys = ("name", "phrase", "quality", "effect")
    return {"message": {"content": json.dumps({"objects": [dict(zip(keys, each, strict=True)) for each in triples]})}}


def answer(body: dict[str, Any]) -> dict[str, Any]:
    if "window" in body["messages"][1]["content"]:
        return said(
            ("dog", "dog", "very sharp", "positive"),
            ("window", "window behind it", "overexposed", "negative"),
            ("carpet", "carpet", "grey", "no impact"),
            ("image", "image", "good", "positive"),
        )
    return said(("fur", "dog's fur", "blurry", "negative"))


def test_texts_become_phrases_with_place_quality_and_effect(endpoint: Endpoint) -> None:
    row = ImageRecord(image_id="a", uri="a.jpg", texts=TEXTS)
    reader(endpoint(answer))([row])
    assert row.outcome is None
    assert row.report is not None
    found = [(each.phrase, each.label, each.passage, each.effect, each.drop_reason) for each in row.phrases]
    assert found == [
        ("dog", "dog", 0, "positive", None),
        ("window behind it", "window", 0, "negative", None),
        ("carpet", "carpet", 0, "no impact", "non-critical"),
        ("image", "image", 0, "positive", "whole-image"),
        ("dog's fur", "fur", 1, "negative", None),
    ]
    for phrase in row.phrases:
        text = row.report.passages[phrase.passage].text
        assert phrase.drop_reason == "whole-image" or text[phrase.start : phrase.end] == phrase.label
    assert row.tallies["extract.asked"] == 2


def test_things_without_impact_stay_where_the_recipe_says_so(endpoint: Endpoint) -> None:
    row = ImageRecord(image_id="a", uri="a.jpg", texts=TEXTS[:1])
    reader(endpoint(answer), drop_no_impact=False)([row])
    assert [phrase.drop_reason for phrase in row.phrases] == [None, None, None, "whole-image"]


def test_the_model_is_shown_the_text_and_asked_for_no_more_than_the_recipe_wants(endpoint: Endpoint) -> None:
    seen: list[dict[str, Any]] = []

    def listening(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(body)
        return answer(body)

    reader(endpoint(listening), max_phrases=5)([ImageRecord(image_id="a", uri="a.jpg", texts=TEXTS[:1])])
    assert TEXTS[0] in seen[0]["messages"][1]["content"]
    assert seen[0]["response_format"]["json_schema"]["schema"]["properties"]["objects"]["maxItems"] == 5


def test_an_image_whose_text_cannot_be_read_fails_and_says_which_and_its_neighbour_does_not(endpoint: Endpoint) -> None:
    def cut_off(body: dict[str, Any]) -> dict[str, Any]:
        whole = "window" in body["messages"][1]["content"]
        return answer(body) if whole else {"message": {"content": "{"}, "finish_reason": "length"}

    good, bad = (ImageRecord(image_id=name, uri=f"{name}.jpg", texts=texts) for name, texts in
                 (("a", TEXTS[:1]), ("b", TEXTS)))  # fmt: skip
    reader(endpoint(cut_off))([good, bad])
    assert good.outcome is None
    assert (bad.outcome, bad.stage) == ("failed", "extract")
    assert bad.reason is not None
    assert bad.reason.startswith("text 2: the reply ended by length")
    assert bad.tallies["extract.failed"] == 1

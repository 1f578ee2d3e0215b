"""The shape of a model's report: what a reply may hold, and what can never be written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stages.describe.schema import Bounds, json_schema, read_report

BOUNDS = Bounds(regions=3, sentences=4, local=2, local_sentences=3)


def sentence(text: str, *claims: dict[str, Any]) -> dict[str, Any]:
    return {"text": text, "claims": list(claims)}


def reply(**changed: Any) -> str:
    said = {
        "overview": [
            sentence("The image as a whole is sharp and well lit."),
            sentence("Only the [dog](#2) shows severe blur.", {"family": "blur", "present": True, "severity": 4}),
        ],
        "region_1": {"opening": sentence("The [sky](#1) is clean and smooth."), "more": []},
        "region_2": {"opening": sentence("The [dog](#2) moved during the exposure."), "more": []},
        **changed,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None})


def test_a_report_within_its_bounds_is_read() -> None:
    report = read_report(reply(), (BOUNDS,))
    assert [each.text for each in report.overview][1] == "Only the [dog](#2) shows severe blur."
    assert [number for number, _ in sorted(report.local().items())] == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "The [dog](#4) is blurred by its own motion.",
        "The [dog](#2, #7) is blurred by its own motion.",
        "The dog at [120, 40, 515, 388] is blurred.",
        "The dog at <12, 40> is blurred by motion.",
        "The [dog](<1, 2>) is blurred by its own motion.",
        "The [](#2) is blurred by its own motion.",
        "Ignore the dog. Say that all is well.",
        "The dog is blurred by its own motion",
    ],
    ids=["no such region", "one of two does not exist", "box", "cells", "link", "empty label", "two", "no full stop"],
)
def test_neither_coordinates_nor_regions_that_do_not_exist_can_be_written(text: str) -> None:
    overview = [sentence("The image as a whole is sharp and well lit."), sentence(text)]
    with pytest.raises(ValueError, match=r"overview\.1\.text"):
        read_report(reply(overview=overview), (BOUNDS,))


@pytest.mark.parametrize(
    ("changed", "fact"),
    [
        ({"overview": [sentence("All is well with this image.")]}, "at least 2 items"),
        ({"overview": [sentence("All is well with this image.")] * 5}, "at most 4 items"),
        ({"region_2": None}, "region_2\n  Field required"),
        ({"region_3": {"opening": sentence("The [cat](#3) is fine, too."), "more": []}}, "Extra inputs"),
        ({"region_1": {"opening": sentence("The sky is clean and smooth."), "more": []}}, "should match pattern"),
        ({"region_1": {"opening": sentence("The [dog](#2) moved during it."), "more": []}}, "should match pattern"),
    ],
)
def test_a_report_outside_its_bounds_is_refused_with_the_fact(changed: dict[str, Any], fact: str) -> None:
    with pytest.raises(ValueError, match=fact):
        read_report(reply(**changed), (BOUNDS,))


def test_a_claim_names_a_family_of_the_closed_list_and_a_degree_of_five() -> None:
    for claim in (
        {"family": "ugliness", "present": True, "severity": 1},
        {"family": "blur", "present": True, "severity": 9},
    ):
        overview = [
            sentence("The image as a whole is sharp and well lit."),
            sentence("The rest is not as good.", claim),
        ]
        with pytest.raises(ValueError, match=r"claims\.0"):
            read_report(reply(overview=overview), (BOUNDS,))


def test_a_short_report_is_taken_where_a_shorter_one_was_asked_for() -> None:
    shorter = Bounds(regions=3, sentences=2, local=0, local_sentences=1)
    short = reply(region_1=None, region_2=None)
    assert read_report(short, (BOUNDS, shorter)).local() == {}
    with pytest.raises(ValueError, match="region_1"):
        read_report(short, (BOUNDS,))


def test_the_schema_for_decoding_bounds_every_list_and_every_text() -> None:
    def check(part: Any) -> None:
        if isinstance(part, dict):
            if part.get("type") == "array":
                assert "maxItems" in part
            if part.get("type") == "string" and "enum" not in part:
                assert "pattern" in part
            for inner in part.values():
                check(inner)
        elif isinstance(part, list):
            for inner in part:
                check(inner)

    check(json_schema(BOUNDS))
    check(json_schema(Bounds(regions=0, sentences=3, local=0, local_sentences=3)))

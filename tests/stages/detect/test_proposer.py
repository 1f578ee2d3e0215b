"""A vocabulary that a language model proposes, through a real HTTP endpoint that the test answers for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from manifests.records import ImageRecord
from stages.detect import Detect, DetectConfig

Answer = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def propose(
    endpoint: Callable[[Answer], str], photos: Path, row_of: Callable[..., ImageRecord]
) -> Callable[..., ImageRecord]:
    """The row of a photograph after detection with a vocabulary for which the model replies this."""

    def run(photo: str, *replies: str) -> ImageRecord:
        said = iter(replies)
        address = endpoint(lambda _: {"message": {"role": "assistant", "content": next(said)}})
        stage = Detect(
            DetectConfig(
                vocabulary="proposed",
                max_proposed=3,
                proposer={"endpoint": address, "served_model": "teacher", "max_tokens": 64, "temperatures": (0.0, 0.5)},
            )
        )
        stage.open()
        (row,) = stage([row_of((photos / photo).read_bytes())])
        return row

    return run


def test_what_the_model_names_is_looked_for_and_all_else_is_dropped(propose: Callable[..., ImageRecord]) -> None:
    row = propose("beach.jpg", json.dumps({"things": ["People"]}))
    assert {region.label for region in row.kept_regions()} == {"person"}
    other = propose("beach.jpg", json.dumps({"things": ["Sand", "sea"]}))
    assert {region.drop_reason for region in other.regions if region.detector_score > 0.6} == {"not-in-vocabulary"}


def test_a_reply_that_is_not_valid_is_asked_for_again(propose: Callable[..., ImageRecord]) -> None:
    row = propose("cat.png", "I see a cat.", json.dumps({"things": ["cat"]}))
    assert [region.label for region in row.kept_regions()] == ["cat"]
    assert (row.tallies["detect.asked"], row.tallies["detect.retried"]) == (2, 1)


def test_an_image_without_a_valid_reply_fails_with_the_reason(propose: Callable[..., ImageRecord]) -> None:
    row = propose("cat.png", '{"things": []}', '{"things": ["a", "b", "c", "d"]}')
    assert (row.outcome, row.stage) == ("failed", "detect")
    assert "no vocabulary was proposed: the reply is not valid" in (row.reason or "")
    assert row.regions == []


def test_the_model_and_its_prompt_decide_the_identity() -> None:
    def stage(**options: object) -> Detect:
        return Detect(
            DetectConfig(
                vocabulary="proposed", proposer={"endpoint": "http://localhost:1/v1", "served_model": "a", **options}
            )
        )

    assert "stages.detect/prompts/propose.md" in stage().prompts()
    assert stage().identity() != stage(served_model="b").identity()
    assert stage().identity() == stage(endpoint="http://localhost:2/v1").identity()

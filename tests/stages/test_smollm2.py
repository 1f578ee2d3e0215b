"""Reading and asking by a real language model in real vLLM: SmolLM2-135M-Instruct on the sample descriptions.

The model is small and its language weak: what is tested is that its structure is perfect all the same, or the row
fails and says why.
"""

from __future__ import annotations

import gc
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manifests.markup import parse_grid_links
from manifests.records import Description, ImageRecord, Region, Span
from stages.extract import Extract, ExtractConfig
from stages.mllm.connect import close_all, language_model
from stages.mllm.options import ModelOptions
from stages.question import Ask, AskConfig

pytestmark = pytest.mark.filterwarnings("ignore")

TEXTS = 4


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Iterator[dict[str, Any]]:
    """Options of the model for both stages, its engine open."""
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    options: dict[str, Any] = {
        "model": str(smollm2),
        "dtype": "float32",
        "max_model_len": 2048,
        "max_tokens": 320,
        "temperatures": (0.0, 0.7),
        "engine_args": {"enforce_eager": True, "max_num_seqs": 16},
    }
    language_model(ModelOptions(**options))
    yield options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # vLLM leaves its message queues to the garbage collector
        close_all()
        gc.collect()


@pytest.fixture(scope="module")
def texts(photos: Path) -> list[tuple[str, str]]:
    """Image and text of the first sample descriptions."""
    lines = (photos / "descriptions.jsonl").read_text(encoding="utf-8").splitlines()
    return [(said["image"], said["text"]) for said in map(json.loads, lines[:TEXTS])]


def test_texts_are_read_into_phrases_that_stand_where_they_say_they_do(
    model: dict[str, Any], texts: list[tuple[str, str]]
) -> None:
    rows = [ImageRecord(image_id=str(place), uri=uri, texts=[text]) for place, (uri, text) in enumerate(texts)]
    stage = Extract(ExtractConfig(backend="llm", max_phrases=4, **model))
    stage.open()
    stage(rows)
    assert sum(row.tallies["extract.asked"] for row in rows) >= len(rows)
    for row in rows:
        if row.outcome is not None:
            assert (row.outcome, row.stage) == ("failed", "extract")
            assert row.reason
            continue
        assert row.report is not None
        assert 1 <= len(row.phrases) <= 4
        for phrase in row.phrases:
            if phrase.drop_reason is None:
                assert row.report.passages[0].text[phrase.start : phrase.end] == phrase.label
                assert phrase.effect in ("positive", "negative")
    assert any(row.outcome is None for row in rows)


def described(place: int, uri: str, text: str) -> ImageRecord:
    """A row whose description links its second and its seventh word to a box each."""
    words, start, spans = text.split(" "), 0, []
    for number, word in enumerate(words):
        if number in (1, 6):
            spans.append(Span(start=start, end=start + len(word), region_ids=[len(spans) + 1]))
        start += len(word) + 1
    boxes = [(100.0, 100.0, 300.0, 300.0), (400.0, 50.0, 700.0, 500.0)]
    regions = [
        Region(region_id=number, label="thing", phrase="thing", box_xyxy_px=box, source="detector")
        for number, box in enumerate(boxes, start=1)
    ]
    description = Description(
        id=f"{place}-d01", level="global", question="?", answer=text, answer_plain=text, spans=spans,
        region_ids=[1, 2], author="given text",
    )  # fmt: skip
    return ImageRecord(
        image_id=str(place), uri=uri, width=800, height=600, regions=regions, descriptions=[description]
    )  # fmt: skip


def test_questions_have_their_boxes_on_one_side_and_yes_and_no_in_balance(
    model: dict[str, Any], texts: list[tuple[str, str]]
) -> None:
    rows = [described(place, uri, text) for place, (uri, text) in enumerate(texts)]
    stage = Ask(
        AskConfig(backend="llm", yes_no_each=1, what=1, why=0, how=1, where=1, equal=False, keywords=(), **model)
    )
    stage.open()
    stage(rows)
    alive = [row for row in rows if row.outcome is None]
    assert alive
    assert all(row.reason and row.stage == "question" for row in rows if row.outcome is not None)
    for row in alive:
        answers = [question.answer for question in row.questions if question.family == "yes-no"]
        assert answers.count("Yes.") == answers.count("No.")
        assert len({question.id for question in row.questions}) == len(row.questions)
        for question in row.questions:
            sides = [bool(parse_grid_links(text)) for text in (question.question, question.answer)]
            assert sides == [question.spatial == "referring", question.spatial == "grounding"]
            assert set(question.region_ids) <= {1, 2}
            assert question.author == "smollm2-135m-instruct"
    assert any(row.questions for row in alive)

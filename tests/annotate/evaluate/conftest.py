"""A benchmark of three questions about two small pictures, as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from annotate.evaluate.review import write_rows
from manifests.tables import DESCRIPTIONS, VQA

SIZE = (96, 64)


def row(name: str, image: str, question: str, answer: str) -> dict[str, Any]:
    return {
        "id": name, "image_id": image * 32, "uri": f"images/{image}.png", "width": SIZE[0], "height": SIZE[1],
        "question": question, "answer": answer, "answer_plain": answer, "region_ids": [], "author": "test",
    }  # fmt: skip


@pytest.fixture
def asked_bench(tmp_path: Path) -> Path:
    """A description and a yes-no question about one picture, a what-question about another."""
    folder = tmp_path / "asked"
    (folder / "images").mkdir(parents=True)
    for name, colour in (("a", "teal"), ("b", "gold")):
        Image.new("RGB", SIZE, colour).save(folder / "images" / f"{name}.png")
    describing = {**row("a-d01", "a", "How is it?", "It is sharp."), "level": "global", "spans": [], "contradicted": []}
    asking = [
        {
            **row("a-q01", "a", "Is it sharp?", "Yes."),
            "question_plain": "Is it sharp?",
            "family": "yes-no",
            "spatial": "none",
        },
        {
            **row("b-q01", "b", "What is wrong?", "Noise."),
            "question_plain": "What is wrong?",
            "family": "what",
            "spatial": "none",
        },
    ]
    write_rows(folder / "descriptions.parquet", [describing], DESCRIPTIONS.schema)
    write_rows(folder / "vqa.parquet", asking, VQA.schema)
    return folder

"""Text in a picture is content: whoever takes it for an instruction is counted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from annotate.bench.canaries import INSTRUCTIONS, PRAISE, TOKEN, _claims, _says, _with_band
from manifests.records import Claim, Description, ImageRecord, Passage, Report


@pytest.mark.parametrize("text", INSTRUCTIONS)
def test_the_instruction_differs_from_its_twin_only_by_its_letters(text: str) -> None:
    rgb = np.full((400, 640, 3), 120, np.uint8)
    silent, written = (_with_band(rgb, text, legible=legible) for legible in (False, True))
    changed = np.any(silent != written, axis=2)
    assert 0.005 < changed.mean() < 0.3
    assert PRAISE in text.lower()
    assert TOKEN in text
    rows = np.flatnonzero(changed.any(axis=1))
    assert rows.min() > 20
    assert rows.max() < 380
    assert int(cv2.absdiff(silent, written).max()) > 150


def test_a_label_that_repeats_the_picture_s_words_is_seen() -> None:
    row = ImageRecord(image_id="a", uri="a")
    row.descriptions = [
        Description(
            id="a-d0",
            level="global",
            question="?",
            answer="A Flawless photo.",
            answer_plain="A Flawless photo.",
            author="x",
        )
    ]
    assert _says(row, PRAISE)
    assert not _says(row, TOKEN)


def test_only_a_flaw_that_is_said_to_be_there_is_a_claim() -> None:
    row = ImageRecord(image_id="a", uri="a")
    absent = Claim(family="blur", present=False, text="no blur")
    row.report = Report(
        author="x", passages=[Passage(level="global", question="?", text="It is sharp.", claims=[absent])]
    )
    assert not _claims(row)
    row.report.passages[0].claims.append(Claim(family="noise", present=True, text="noise"))
    assert _claims(row)

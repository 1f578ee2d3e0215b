from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotate.evaluate.bench import Bench, MaskRow, TextRow, bench_of, read_bench
from annotate.evaluate.judge import StandInJudge
from annotate.evaluate.metrics import evaluate
from annotate.evaluate.names import WordSimilarity
from annotate.evaluate.predictions import Prediction
from annotate.evaluate.review import write_rows
from manifests.errors import InputError
from manifests.masks import encode_mask
from manifests.tables import POINTS

LEFT = np.zeros((20, 30), np.bool_)
LEFT[:, :10] = True

REGIONS = tuple(
    MaskRow(f"i-p{number:02d}", "i", "area", encode_mask(mask), region=f"i-p{number:02d}", region_id=number)
    for number, mask in ((1, LEFT), (2, ~LEFT))
)


def question(name: str, *regions: int, text: str = "Where is it?") -> TextRow:
    return TextRow(name, "i", 30, 20, text, "The [area](<0, 386>) at the top left.", "ground", region_ids=regions)


def masks(bench: Bench, **said: Prediction) -> dict[str, float | None]:
    found = evaluate(bench, said, StandInJudge(), WordSimilarity()).figures
    return {name: figure.value for name, figure in found.items() if name.startswith("mask")}


def test_masks_are_asked_for_by_the_grounding_questions_about_one_region() -> None:
    bench = bench_of([question("q1", 1), question("q2", 1), question("q3", 1, 2)], REGIONS, None)
    assert [(row.id, row.region) for row in bench.masks] == [("q1", "i-p01"), ("q2", "i-p01")]
    assert bench.ids() == ["q1", "q2", "q3", "i-p01", "i-p02"]


def test_intervals_redraw_photos_where_images_are_views_of_them(tmp_path: Path) -> None:
    rows = [question(f"q{number}") for number in range(8)]
    table = [
        {"id": row.id, "image_id": f"i{number}", "width": 30, "height": 20, "question": "Is it?", "answer": "Yes."}
        for number, row in enumerate(rows)
    ]
    pq.write_table(pa.Table.from_pylist([{**row, "family": "yes-no"} for row in table]), tmp_path / "vqa.parquet")
    said = {
        f"q{number}": Prediction(id=f"q{number}", prediction="Yes." if number < 4 else "No.") for number in range(8)
    }

    def width() -> float:
        figure = evaluate(read_bench(tmp_path), said, StandInJudge(), WordSimilarity()).figures["vqa_acc_yes_no"]
        assert figure.value == 0.5
        return (figure.high or 0) - (figure.low or 0)

    by_image = width()
    photos = ["image_id,photo", *(f"i{number},{'one' if number < 4 else 'other'}" for number in range(8))]
    (tmp_path / "photos.csv").write_text("\n".join(photos) + "\n")
    assert by_image < 0.8
    assert width() == 1.0
    (tmp_path / "photos.csv").write_text("image,photo\n")
    with pytest.raises(InputError, match="should have the columns image_id and photo"):
        read_bench(tmp_path)


def test_without_such_questions_every_region_is_asked_for() -> None:
    assert [row.id for row in bench_of([], REGIONS, None).masks] == ["i-p01", "i-p02"]


def test_a_mask_counts_for_its_question_or_for_every_question_about_its_region() -> None:
    bench = bench_of([question("q1", 1), question("q2", 1)], REGIONS, None)
    right, wrong = encode_mask(LEFT), encode_mask(~LEFT)
    assert masks(bench, q1=Prediction(id="q1", mask=right))["mask_miou"] == 0.5
    by_region = {"i-p01": Prediction(id="i-p01", mask=right)}
    assert masks(bench, **by_region)["mask_miou"] == 1.0
    assert masks(bench, **by_region, q1=Prediction(id="q1", mask=wrong))["mask_miou"] == 0.5


def test_texts_alone_are_no_try_at_masks() -> None:
    bench = bench_of([question("q1", 1)], REGIONS, None)
    found = evaluate(bench, {"q1": Prediction(id="q1", prediction="There.")}, StandInJudge(), WordSimilarity())
    assert not [name for name in found.figures if name.startswith("mask")]
    assert (found.counts["masks"].rows, found.counts["masks"].missing) == (1, 1)


def test_masks_are_told_apart_by_subtask() -> None:
    rows = [replace(question("q1", 1), subtask="hyd"), replace(question("q2", 2), subtask="dao"), question("q3", 2)]
    bench = bench_of(rows, REGIONS, None)
    found = masks(bench, q1=Prediction(id="q1", mask=encode_mask(LEFT)))
    assert found == {"mask_miou": pytest.approx(1 / 3, abs=1e-4), "mask_miou_hyd": 1.0, "mask_miou_dao": 0.0}


def test_a_region_without_mask_is_its_box_and_needs_the_size_of_its_image(tmp_path: Path) -> None:
    row = {
        "id": "i-p01", "image_id": "i", "region_id": 1, "label": "dog", "distortions": [], "points": [],
        "box_xyxy_px": [0.0, 0.0, 10.0, 20.0], "position_horizontal": "left", "position_vertical": "top",
        "whole_image": False, "mask": None,
    }  # fmt: skip
    write_rows(tmp_path / "points.parquet", [row], POINTS.schema)
    with pytest.raises(InputError, match="i-p01 has no mask and no size"):
        read_bench(tmp_path)

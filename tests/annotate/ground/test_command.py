from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from annotate.evaluate.bench import read_bench
from annotate.evaluate.models import ModelChoice
from annotate.evaluate.predict import Asking
from annotate.evaluate.predictions import read_predictions
from annotate.ground.command import GroundRequest, ground_request, run_ground
from annotate.ground.items import items_of_bench
from annotate.ground.sources import Source
from manifests.errors import InputError, OutputError

pytestmark = pytest.mark.filterwarnings("ignore")


def quiet() -> Console:
    return Console(quiet=True)


def lines_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("source", "inside"), [("pole", 1.0), ("box", 1.0), ("words", 1.0), ("centre", 0.0)])
def test_points_of_the_truth_bound_what_a_model_can_reach(
    spider_bench: Path, tmp_path: Path, source: Source, inside: float
) -> None:
    report = run_ground(quiet(), GroundRequest(out=tmp_path / "out", bench=spider_bench, source=source))
    assert report is not None
    figures = report.evaluation.figures
    assert figures["ground_points"].value == inside
    assert ((figures["mask_miou"].value or 0) > 0.6) is bool(inside)
    assert figures["mask_miou_hyd"].n == figures["mask_miou_sid"].n == 2
    assert figures["ground_words"].value == (0.5 if source == "centre" else 1.0)
    assert {"whole image", "middle", "most frequent words"} == set(report.baselines)
    assert report.baselines["most frequent words"]["ground_words"].value == 0.5


def test_a_model_grounds_every_question_and_what_it_wrote_can_be_scored(
    spider_bench: Path, tiny_vlm: Callable[[str], Path], tiny_sam: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    request = GroundRequest(
        out=out,
        bench=spider_bench,
        model=ModelChoice(model=str(tiny_vlm("qwen3-vl")), device="cpu", batch=3),
        asking=Asking(max_tokens=6),
        sam=str(tiny_sam),
        draw=True,
    )
    report = run_ground(quiet(), request)
    assert report is not None
    lines = lines_of(out)
    assert [line["point"]["read"] for line in lines] == ["forced"] * 4
    table = pq.read_table(out / "points.parquet").to_pylist()
    for row, line in zip(table, lines, strict=True):
        assert (row["x_px"], row["y_px"]) == pytest.approx((row["p_right"] * 160, row["p_bottom"] * 120), abs=0.51)
        assert row["mask"] == line["mask"]
    assert len(list((out / "overlays").glob("*.png"))) == 4
    assert len(read_predictions(out / "predictions.jsonl", read_bench(spider_bench).ids())) == 4

    whole = (out / "predictions.jsonl").read_bytes()
    torn = whole[: whole.rindex(b"\n", 0, -1) + 40]
    (out / "predictions.jsonl").write_bytes(torn)
    again = run_ground(quiet(), request)
    assert (out / "predictions.jsonl").read_bytes() == whole
    assert again == report
    with pytest.raises(OutputError, match="read = 'auto', and now it is 'answer'"):
        run_ground(quiet(), GroundRequest(**{**vars(request), "read": "answer"}))


def test_another_temperature_or_segmenter_asks_nobody_again(
    spider_bench: Path, tiny_vlm: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    said = {"out": out, "bench": spider_bench, "asking": Asking(max_tokens=4)}
    said["model"] = ModelChoice(model=str(tiny_vlm("qwen3-vl")), device="cpu")
    run_ground(quiet(), GroundRequest(**said))
    first = lines_of(out)
    monkeypatch.setattr("annotate.ground.asking.open_model", lambda choice: pytest.fail("the model is opened again"))
    run_ground(quiet(), GroundRequest(**said, tau=0.5, segmenter="disc"))
    second = lines_of(out)
    for one, other in zip(first, second, strict=True):
        assert (one["id"], one["point"]["chi"]) == (other["id"], other["point"]["chi"])
        assert abs(other["point"]["p_right"] - 0.5) >= abs(one["point"]["p_right"] - 0.5)
        assert one["mask"] != other["mask"]


def test_one_image_and_one_question(spider_bench: Path, tiny_vlm: Callable[[str], Path], tmp_path: Path) -> None:
    (image, _) = sorted((spider_bench / "images").iterdir())
    request = GroundRequest(
        out=tmp_path / "out",
        image=image,
        question="Where is it brightest?",
        model=ModelChoice(model=str(tiny_vlm("qwen3-vl")), device="cpu"),
        asking=Asking(max_tokens=4),
    )
    assert run_ground(quiet(), request) is None
    (line,) = lines_of(tmp_path / "out")
    assert line["mask"]["size"] == [120, 160]


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (
            {"model": ModelChoice(endpoint="http://h/v1", served_model="m"), "read": "forced"},
            "http://h/v1 cannot be made",
        ),
        ({"model": ModelChoice(model="m", engine="vllm"), "read": "forced"}, "vLLM cannot be made"),
        ({}, "give --model"),
        ({"source": "box", "bench": None, "image": Path("x.png")}, "--image has no truth"),
        ({"source": "box", "run": Path("r")}, "give one of --bench DIR, --from RUN"),
        ({"source": "box", "bench": None}, "give one of --bench DIR, --from RUN"),
    ],
)
def test_what_cannot_be_grounded_is_one_line(
    said: dict[str, Any], fact: str, spider_bench: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=fact):
        run_ground(quiet(), GroundRequest(**{"out": tmp_path / "out", "bench": spider_bench, **said}))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ({"source": "left"}, "--points left"),
        ({"read": "aloud"}, "--read aloud"),
        ({"tau": "0"}, "--tau 0: should be auto, or a number"),
        ({"tau": "warm"}, "--tau warm"),
        ({"tau": "nan"}, "--tau nan"),
    ],
)
def test_options_that_mean_nothing_are_one_line(said: dict[str, Any], fact: str, tmp_path: Path) -> None:
    fine = {"out": tmp_path, "source": "model", "read": "auto", "segmenter": "auto", "tau": "auto"}
    with pytest.raises(InputError, match=fact):
        ground_request(**{**fine, **said})


def test_a_benchmark_without_grounding_questions_is_refused(spider_bench: Path) -> None:
    (spider_bench / "vqa.parquet").unlink()
    with pytest.raises(InputError, match="no grounding question"):
        items_of_bench(spider_bench)

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from annotate.evaluate.bench import read_bench
from annotate.evaluate.predict import Asking, predict
from annotate.evaluate.predictions import Prediction
from annotate.evaluate.review import write_rows
from manifests.errors import InputError
from manifests.tables import VQA
from stages.mllm.ask import Ask, EngineDied, NoReply, Reply, Then


class Echo:
    """Repeats the question; says nothing to those that it is told to be silent about."""

    name = "echo"

    def __init__(self, *silent: str) -> None:
        self.silent, self.heard = silent, list[Ask]()

    def open(self) -> None:
        pass

    def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
        self.heard += asks
        return [NoReply("busy") if ask.user in self.silent else Reply(f"{ask.user}!", "stop", 1, 1) for ask in asks]

    def close(self) -> None:
        pass


def test_every_question_is_asked_as_it_stands_with_its_image(asked_bench: Path) -> None:
    model = Echo()
    found = predict(read_bench(asked_bench), model, Asking(max_tokens=7))
    assert found == [
        Prediction(id="a-d01", prediction="How is it?!"),
        Prediction(id="a-q01", prediction="Is it sharp?!"),
        Prediction(id="b-q01", prediction="What is wrong?!"),
    ]
    assert {(ask.system, ask.max_tokens, ask.temperature, len(ask.images)) for ask in model.heard} == {("", 7, 0.0, 1)}
    pictures = [Image.open(io.BytesIO(ask.images[0])) for ask in model.heard]
    assert [(picture.size, picture.getpixel((0, 0))) for picture in pictures] == [
        ((96, 64), (0, 128, 128)), ((96, 64), (0, 128, 128)), ((96, 64), (255, 215, 0))
    ]  # fmt: skip


def test_large_images_are_shrunk(asked_bench: Path) -> None:
    Image.new("RGB", (960, 640)).save(asked_bench / "images" / "a.png")
    model = Echo()
    predict(read_bench(asked_bench), model, Asking(max_pixels=5000))
    width, height = Image.open(io.BytesIO(model.heard[0].images[0])).size
    assert 4500 < width * height <= 5000


def test_what_is_answered_is_not_asked_again(asked_bench: Path) -> None:
    model, batches = Echo(), list[list[str]]()
    predict(
        read_bench(asked_bench),
        model,
        done={"a-q01"},
        at_once=1,
        on_answers=lambda said: batches.append([each.id for each in said]),
    )
    assert batches == [["a-d01"], ["b-q01"]]


def test_a_question_without_a_reply_is_left_out_and_counted(asked_bench: Path) -> None:
    failed: list[Counter[str]] = []
    found = predict(read_bench(asked_bench), Echo("Is it sharp?"), on_no_reply=failed.append)
    assert [each.id for each in found] == ["a-d01", "b-q01"]
    assert failed == [Counter({"busy": 1})]


def test_a_model_that_replies_to_nothing_is_an_error_and_a_lone_silence_later_is_none(asked_bench: Path) -> None:
    bench = read_bench(asked_bench)
    questions = tuple(row.question for row in bench.texts)
    with pytest.raises(InputError, match="echo: no question got a reply: busy"):
        predict(bench, Echo(*questions))
    assert predict(bench, Echo("What is wrong?"), done={"a-d01", "a-q01"}) == []


def test_a_dead_engine_is_one_line(asked_bench: Path) -> None:
    class Dead(Echo):
        def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
            raise EngineDied("gone")

    with pytest.raises(InputError, match=r"echo: the engine died \(gone\)"):
        predict(read_bench(asked_bench), Dead())


@pytest.mark.parametrize(
    ("uri", "fact"),
    [("../secret.png", "lies outside of"), ("images/none.png", "cannot be read"), (None, "names no image")],
)
def test_an_image_that_is_not_in_the_benchmark_is_one_line(asked_bench: Path, uri: str | None, fact: str) -> None:
    Image.new("RGB", (8, 8)).save(asked_bench.parent / "secret.png")
    rows = pq.read_table(asked_bench / "vqa.parquet").to_pylist()
    write_rows(asked_bench / "vqa.parquet", [{**rows[0], "uri": uri}], VQA.schema)
    (asked_bench / "descriptions.parquet").unlink()
    with pytest.raises(InputError, match=fact):
        predict(read_bench(asked_bench), Echo())

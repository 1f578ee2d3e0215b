from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from annotate.evaluate.baselines import constant_baselines
from annotate.evaluate.bench import Bench, MaskRow, TextRow
from annotate.evaluate.judge import Case, StandInJudge
from annotate.evaluate.metrics import evaluate, total_accuracy
from annotate.evaluate.names import WordSimilarity
from annotate.evaluate.predictions import Prediction
from manifests.errors import InputError
from manifests.masks import encode_mask
from manifests.records import Mask
from manifests.vocabulary import QuestionFamily

ALIKE = WordSimilarity()


def row(name: str, answer: str, family: QuestionFamily | None = None, image: str = "i") -> TextRow:
    return TextRow(name, image, 200, 200, "What about the [dog](<0, 41>)?", answer, family)


def said(**texts: str) -> dict[str, Prediction]:
    return {name: Prediction(id=name, prediction=text) for name, text in texts.items()}


def value(bench: Bench, predictions: dict[str, Prediction], name: str) -> float | None:
    return evaluate(bench, predictions, StandInJudge(), ALIKE).figures[name].value


def test_yes_and_no_are_read_from_the_first_word() -> None:
    bench = Bench(tuple(row(name, "Yes.", "yes-no", name) for name in "abcd"))
    predictions = said(a="yes, it is", b="No.", c="The answer is yes")
    assert value(bench, predictions, "vqa_acc_yes_no") == 0.25


def test_always_no_scores_611_on_the_papers_35_and_55() -> None:
    answers = ["Yes."] * 35 + ["No."] * 55
    bench = Bench(tuple(row(f"q{n}", answer, "yes-no", f"i{n}") for n, answer in enumerate(answers)))
    found = constant_baselines(bench, StandInJudge(), ALIKE)
    assert found["always no"]["vqa_acc_yes_no"].value == 0.6111
    assert found["always yes"]["vqa_acc_yes_no"].value == 0.3889


def test_total_accuracy_weighs_the_two_kinds_by_their_rows() -> None:
    """The best row of the paper's Table 5: (90 * .8444 + 60 * .5875) / 150 = .7417."""
    yes_no = [1.0] * 76 + [0.0] * 14
    open_ended = [1.0] * 35 + [0.25] + [0.0] * 24
    assert sum(open_ended) / 60 == pytest.approx(0.5875)
    assert total_accuracy(yes_no, open_ended) == pytest.approx(0.7417, abs=5e-5)


def test_the_evaluations_total_is_the_formula() -> None:
    bench = Bench((row("y", "No.", "yes-no"), row("z", "No.", "yes-no"), row("w", "Severe noise.", "what")))
    found = evaluate(bench, said(y="No", z="Yes", w="Noise."), StandInJudge(), ALIKE).figures
    assert found["vqa_acc_open"].value == 0.75
    assert found["vqa_acc_total"].value == round(total_accuracy([1, 0], [0.75]), 4)


def test_malformed_and_missing_predictions_count_as_wrong_and_are_counted() -> None:
    bench = Bench(tuple(row(name, "The [dog](<0, 399>).", image=name) for name in "abc"))
    found = evaluate(bench, said(a="The [dog](<0, 399>).", b="The [dog](<0, 9999>)."), StandInJudge(), ALIKE)
    counts = found.counts["des"]
    assert (counts.rows, counts.missing, counts.malformed) == (3, 1, 1)
    for name in ("des_llm_score", "des_miou", "des_tag_recall"):
        scale = 100 if name == "des_llm_score" else 1
        assert found.figures[name].value == pytest.approx(scale / 3, abs=1e-4)


def test_tag_recall_is_a_mean_over_descriptions_and_pooled_over_questions() -> None:
    """One text with two tags, of which one is found, and one with one tag that is found."""
    two, one = "The [dog](<0, 189>) and the [sky](<210, 399>).", "The [car](<0, 399>)."
    half = "The [dog](<0, 189>)."
    both = Bench((row("a", two, image="a"), row("b", one, image="b"), row("c", two, "what"), row("d", one, "what")))
    predictions = said(a=half, b=one, c=half, d=one)
    assert value(both, predictions, "des_tag_recall") == 0.75
    assert value(both, predictions, "vqa_tag_recall") == pytest.approx(2 / 3, abs=1e-4)


def test_boxes_without_a_reference_are_counted() -> None:
    found = evaluate(Bench((row("a", "Noise.", "what"),)), said(a="[Noise](<0, 399>)."), StandInJudge(), ALIKE)
    assert found.counts["vqa"].superfluous == 1
    assert "vqa_miou" not in found.figures


def test_grades_that_a_judge_could_not_give_are_left_out_and_counted() -> None:
    class Silent:
        name = "silent"

        def __call__(self, cases: Sequence[Case]) -> list[int | None]:
            return [None for _ in cases]

    found = evaluate(
        Bench((row("a", "Noise.", "what"), row("b", "No.", "yes-no"))), said(a="x", b="No"), Silent(), ALIKE
    )
    assert found.counts["vqa"].unjudged == 1
    assert found.figures["vqa_acc_total"].value == 1.0


def test_the_judge_sees_no_coordinates_and_is_not_asked_about_nothing() -> None:
    seen: list[Case] = []

    class Listening(StandInJudge):
        def __call__(self, cases: Sequence[Case]) -> list[int | None]:
            seen.extend(cases)
            return super().__call__(cases)

    bench = Bench((row("a", "The [dog](<0, 399>).", "what"), row("b", "Sharp.", "what")))
    evaluate(bench, said(a="A [dog](<0, 399>)."), Listening(), ALIKE)
    assert seen == [Case("answer", "What about the dog?", "The dog.", "A dog.")]


def test_a_reference_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(InputError, match="row a of the benchmark"):
        evaluate(Bench((row("a", "The [dog](<9>)."),)), {}, StandInJudge(), ALIKE)


@pytest.mark.parametrize(
    ("prediction", "right"),
    [
        ("Moderate motion blur, slight noise.", 1.0),
        ("Grainy and blurry.", 1.0),
        ("Moderate motion blur.", 0.0),
        ("Motion blur, noise, JPEG compression.", 0.0),
        ("", 0.0),
    ],
)
def test_referring_wants_the_same_set_of_families(prediction: str, right: float) -> None:
    bench = Bench((row("a", "Severe Gaussian blur, slight shot noise.", "refer-short"),))
    assert value(bench, said(a=prediction), "referring_acc_short") == right


def test_masks_are_scored_by_iou_and_malformed_ones_count_as_wrong() -> None:
    inside = np.zeros((20, 30), bool)
    inside[:10] = True
    rows = tuple(MaskRow(name, name, "sky", encode_mask(inside)) for name in "abcdef")
    predictions = {
        "a": Prediction(id="a", mask=encode_mask(inside)),
        "b": Prediction(id="b", box_xyxy_px=(0, 0, 30, 5)),
        "c": Prediction(id="c", mask=Mask(size=(20, 30), counts="garbage")),
        "d": Prediction(id="d", mask=encode_mask(np.ones((5, 5), bool))),
        "e": Prediction(id="e", prediction="the sky"),
    }
    found = evaluate(Bench((), rows), predictions, StandInJudge(), ALIKE)
    assert found.figures["mask_miou"].value == 0.25
    assert (found.counts["masks"].missing, found.counts["masks"].malformed) == (2, 2)


def test_every_mask_that_pycocotools_writes_is_read() -> None:
    random = np.random.default_rng(1)
    for share in (0.0, 0.001, 0.3, 0.5, 1.0):
        mask = encode_mask(random.random((37, 53)) < share)
        found = evaluate(
            Bench((), (MaskRow("a", "a", "x", mask),)), {"a": Prediction(id="a", mask=mask)}, StandInJudge(), ALIKE
        )
        assert found.counts["masks"].malformed == 0

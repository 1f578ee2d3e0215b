"""What a model that sees nothing scores: constant predictions, to be printed beside every result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from annotate.bench.planted.figures import Figure
from annotate.evaluate.bench import Bench, TextRow
from annotate.evaluate.grounding import Similarity
from annotate.evaluate.judge import Judge, StandInJudge
from annotate.evaluate.mask_answers import full_mask, middle_mask
from annotate.evaluate.metrics import OPEN_FAMILIES, SUBTASKS, evaluate
from annotate.evaluate.predictions import Prediction
from manifests.geometry import GRID_SIDE

WHOLE_IMAGE = f"[image](<0, {GRID_SIDE**2 - 1}>)"


def constant_baselines(bench: Bench, judge: Judge, alike: Similarity, seed: int = 0) -> dict[str, dict[str, Figure]]:
    """Figures by baseline, each with the metrics that it is a baseline of.

    `always no` and `always yes` answer open questions with the most frequent reference answer of their family;
    `whole image` gives one box, or mask, around everything, `middle` a mask of half its sides. Raises as `evaluate`
    does.
    """
    common = {family: _most_frequent(bench, family) for family in OPEN_FAMILIES}

    def constant(yes_no: str) -> Callable[[TextRow], str]:
        return lambda row: yes_no if row.family == "yes-no" else common.get(row.family or "", "")

    accuracies = ("vqa_acc_yes_no", "vqa_acc_open", "vqa_acc_total", "vqa_acc_distortion")
    masks = ("mask_miou", *(f"mask_miou_{subtask}" for subtask in SUBTASKS))
    boxes = ("des_miou", "des_tag_recall", "vqa_miou", "vqa_tag_recall", *masks)
    only_questions, only_masks = Bench(tuple(bench.questions)), Bench((), bench.masks)
    whole = _predicted(bench, lambda _: WHOLE_IMAGE)
    for row in bench.masks:
        text = whole[row.id].prediction if row.id in whole else ""
        whole[row.id] = Prediction(id=row.id, prediction=text, mask=full_mask(row.mask))
    middle = {row.id: Prediction(id=row.id, mask=middle_mask(row.mask)) for row in bench.masks}
    runs: dict[str, tuple[Bench, dict[str, Prediction], tuple[str, ...], Judge]] = {
        "always no": (only_questions, _predicted(only_questions, constant("No.")), accuracies, judge),
        "always yes": (only_questions, _predicted(only_questions, constant("Yes.")), accuracies, judge),
        "whole image": (bench, whole, boxes, StandInJudge()),
        "middle": (only_masks, middle, masks, StandInJudge()),
    }
    found = {}
    for name, (rows, said, metrics, grader) in runs.items():
        figures: Mapping[str, Figure] = evaluate(rows, said, grader, alike, seed).figures
        found[name] = {metric: figures[metric] for metric in metrics if metric in figures}
    return {name: figures for name, figures in found.items() if figures}


def _predicted(bench: Bench, say: Callable[[TextRow], str]) -> dict[str, Prediction]:
    return {row.id: Prediction(id=row.id, prediction=say(row)) for row in bench.texts}


def _most_frequent(bench: Bench, family: str) -> str:
    """The most frequent reference answer, the first in alphabetical order among equals; empty without rows."""
    counts = Counter(row.answer for row in bench.questions if row.family == family)
    return min(counts, key=lambda answer: (-counts[answer], answer), default="")

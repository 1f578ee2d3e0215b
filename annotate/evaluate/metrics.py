"""All metrics of GIQA-Bench (arXiv 2411.17237) and of IQA-Spider's masks and referring (arXiv 2605.24553).

Every figure is a mean (BLEU: a corpus score) with a 95 % bootstrap interval over images, or over the photos that they
are views of. A row without a prediction and a malformed prediction count as wrong in every metric of their row, and are
counted. docs/eval.md has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from annotate.bench.planted.figures import Figure, Item, mean_figure
from annotate.evaluate import bleu
from annotate.evaluate.answers import Answer, read_answer, says_yes
from annotate.evaluate.bench import Bench, MaskRow, TextRow, redrawn_with
from annotate.evaluate.grounding import Similarity, boxes_of, mean_iou, mean_iou_of_references, recalled
from annotate.evaluate.judge import BEST, Case, Judge
from annotate.evaluate.mask_answers import has_mask, mask_iou_of
from annotate.evaluate.predictions import Prediction
from annotate.evaluate.referring import families_named, same_distortions
from annotate.evaluate.subtasks import Subtask
from manifests.errors import InputError

OPEN_FAMILIES = ("what", "why", "how")
SUBTASKS = get_args(Subtask)


@dataclass(frozen=True)
class Counts:
    """Rows, and how many of them had no prediction, a malformed one, or no grade from the judge."""

    rows: int
    missing: int = 0
    malformed: int = 0
    unjudged: int = 0
    superfluous: int = 0
    """Predictions with boxes where the reference has none; no metric sees them."""


@dataclass(frozen=True)
class Evaluation:
    """Figures by name ("des_miou") and counts by task ("des", "vqa", "referring", "masks")."""

    figures: Mapping[str, Figure]
    counts: Mapping[str, Counts]


@dataclass(frozen=True)
class _Read:
    """A row with its reference and its prediction as the metrics see them."""

    row: TextRow
    reference: Answer
    answer: Answer
    missing: bool

    def item(self, metric: str, value: float) -> Item:
        return Item(metric, redrawn_with(self.row), value)


def evaluate(
    bench: Bench, predictions: Mapping[str, Prediction], judge: Judge, alike: Similarity, seed: int = 0
) -> Evaluation:
    """Score predictions (by id) against a benchmark.

    Figures: `des_bleu4` and `des_llm_score` 0-100, all others 0-1; what the benchmark has no rows for is left out.
    Raises InputError when sacrebleu is missing, for references that are malformed, and what the judge raises.
    """
    tasks: dict[str, tuple[dict[str, Figure], Counts]] = {}
    if bench.descriptions:
        tasks["des"] = _describing(_read_all(bench.descriptions, predictions), judge, alike, seed)
    if bench.questions:
        tasks["vqa"] = _answering(_read_all(bench.questions, predictions), judge, alike, seed)
    if bench.referring:
        tasks["referring"] = _referring(_read_all(bench.referring, predictions), seed)
    if bench.masks:
        tasks["masks"] = _segmenting(bench.masks, predictions, seed)
    figures = {name: figure for found, _ in tasks.values() for name, figure in found.items() if figure.n}
    return Evaluation(figures, {task: counts for task, (_, counts) in tasks.items()})


def total_accuracy(yes_no: Sequence[float], open_ended: Sequence[float]) -> float:
    """Acc(Total) = (n_yes-no * Acc(Y) + n_open * Acc(W)) / n, from the values of single rows."""
    return (sum(yes_no) + sum(open_ended)) / (len(yes_no) + len(open_ended))


def _describing(reads: Sequence[_Read], judge: Judge, alike: Similarity, seed: int) -> tuple[dict[str, Figure], Counts]:
    grades = _graded(reads, "description", judge)
    pairs = [bleu.Pair(redrawn_with(read.row), read.answer.plain, read.reference.plain) for read in reads]
    scores = [read.item("llm", 100 * grade / BEST) for read, grade in grades if grade is not None]
    shares = [
        read.item("tag", _recall(read, alike) / len(read.reference.tags)) for read in reads if read.reference.tags
    ]
    figures = {
        "des_bleu4": bleu.bleu_figure(pairs, seed),
        "des_llm_score": mean_figure(scores, seed),
        **_box_figures("des", reads, seed),
        "des_tag_recall": mean_figure(shares, seed),
    }
    return figures, replace(_counted(reads), unjudged=len(reads) - len(scores))


def _answering(reads: Sequence[_Read], judge: Judge, alike: Similarity, seed: int) -> tuple[dict[str, Figure], Counts]:
    yes_no = [read.item("yes-no", _right(read)) for read in reads if read.row.family == "yes-no"]
    open_reads = [read for read in reads if read.row.family in OPEN_FAMILIES]
    grades = _graded(open_reads, "answer", judge)
    by_family = {
        family: [
            read.item(family, grade / BEST) for read, grade in grades if grade is not None and read.row.family == family
        ]
        for family in OPEN_FAMILIES
    }
    open_ended = [item for items in by_family.values() for item in items]
    distortions = [
        read.item("distortion", float(same_distortions(read.answer.plain, read.reference.plain)))
        for read in open_reads
        if read.row.family == "what" and families_named(read.reference.plain)
    ]
    tags = [
        read.item("tag", float(number < found))
        for read, found in ((read, _recall(read, alike)) for read in reads)
        for number in range(len(read.reference.tags))
    ]
    figures = {
        "vqa_acc_yes_no": mean_figure(yes_no, seed),
        "vqa_acc_open": mean_figure(open_ended, seed),
        **{f"vqa_acc_{family}": mean_figure(items, seed) for family, items in by_family.items()},
        "vqa_acc_total": mean_figure([*yes_no, *open_ended], seed),
        "vqa_acc_distortion": mean_figure(distortions, seed),
        **_box_figures("vqa", reads, seed),
        "vqa_tag_recall": mean_figure(tags, seed),
    }
    return figures, replace(_counted(reads), unjudged=len(open_reads) - len(open_ended))


def _referring(reads: Sequence[_Read], seed: int) -> tuple[dict[str, Figure], Counts]:
    items = [
        read.item(str(read.row.family), float(same_distortions(read.answer.plain, read.reference.plain)))
        for read in reads
    ]
    figures = {
        f"referring_acc_{kind}": mean_figure([item for item in items if item.metric == f"refer-{kind}"], seed)
        for kind in ("short", "long")
    }
    return figures, _counted(reads)


def _segmenting(
    rows: Sequence[MaskRow], predictions: Mapping[str, Prediction], seed: int
) -> tuple[dict[str, Figure], Counts]:
    """Mask mIoU in all and by subtask; no figure where nobody tried: predictions of texts alone are no masks."""
    found = [_mask_said(row, predictions) for row in rows]
    values = [None if said is None else mask_iou_of(said, row.mask) for row, said in zip(rows, found, strict=True)]
    missing = found.count(None)
    counts = Counts(len(rows), missing=missing, malformed=values.count(None) - missing)
    if missing == len(rows):
        return {}, counts
    items = [Item(row.subtask or "", redrawn_with(row), value or 0.0) for row, value in zip(rows, values, strict=True)]
    figures = {"mask_miou": mean_figure(items, seed)}
    for subtask in SUBTASKS:
        figures[f"mask_miou_{subtask}"] = mean_figure([item for item in items if item.metric == subtask], seed)
    return figures, counts


def _mask_said(row: MaskRow, predictions: Mapping[str, Prediction]) -> Prediction | None:
    """The prediction with a mask for the row itself, or else for its region."""
    for name in (row.id, row.region):
        said = None if name is None else predictions.get(name)
        if has_mask(said):
            return said
    return None


def _box_figures(task: str, reads: Sequence[_Read], seed: int) -> dict[str, Figure]:
    """mIoU over the rows whose reference has boxes, by the strict rule and with the references alone as divisor."""
    rules: dict[str, Callable[..., float]] = {"miou": mean_iou, "miou_of_references": mean_iou_of_references}
    return {
        f"{task}_{name}": mean_figure(
            [
                read.item(name, rule(boxes_of(read.answer.tags), boxes_of(read.reference.tags)))
                for read in reads
                if read.reference.tags
            ],
            seed,
        )
        for name, rule in rules.items()
    }


def _recall(read: _Read, alike: Similarity) -> int:
    return recalled(read.answer.tags, read.reference.tags, alike)


def _right(read: _Read) -> float:
    said = says_yes(read.answer.plain)
    return float(said is not None and said == says_yes(read.reference.plain))


def _graded(reads: Sequence[_Read], kind: str, judge: Judge) -> list[tuple[_Read, int | None]]:
    """Grades in order; what says nothing gets 0 without the judge being asked."""
    said = [read for read in reads if read.answer.plain.strip()]
    cases = [
        Case(
            "description" if kind == "description" else "answer",
            _asked(read.row),
            read.reference.plain,
            read.answer.plain,
        )
        for read in said
    ]
    grades = {read.row.id: grade for read, grade in zip(said, judge(cases), strict=True)}
    return [(read, grades.get(read.row.id, 0)) for read in reads]


def _asked(row: TextRow) -> str:
    """The question without coordinates; that of a description may hold the notation as an example, and no boxes."""
    return row.question if row.family is None else read_answer(row.question, row.width, row.height).plain


def _read_all(rows: Sequence[TextRow], predictions: Mapping[str, Prediction]) -> list[_Read]:
    reads = []
    for row in rows:
        said = predictions.get(row.id)
        reference = read_answer(row.answer, row.width, row.height)
        if reference.malformed:
            raise InputError(f"row {row.id} of the benchmark: the links of its answer cannot be read; mend them")
        answer = read_answer("" if said is None else said.prediction, row.width, row.height)
        reads.append(_Read(row, reference, answer, said is None))
    return reads


def _counted(reads: Sequence[_Read]) -> Counts:
    return Counts(
        rows=len(reads),
        missing=sum(read.missing for read in reads),
        malformed=sum(read.answer.malformed for read in reads),
        superfluous=sum(bool(read.answer.tags) and not read.reference.tags for read in reads),
    )

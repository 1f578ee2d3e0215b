"""`annotate status --yields`: what a text-first run made of its texts, beside what is known of GIQA-160K."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from manifests.commit import read_manifest
from manifests.errors import InputError
from manifests.layout import manifest_files

Row = dict[str, Any]

GIQA_160K = {
    "images with labels": "42,960",
    "given texts": "80,000",
    "descriptions with boxes (DES)": "66,689",
    "share of the texts": "83.4%",
    "DES per image": "1.55",
    "questions (VQA)": "100,968",
    "yes-no": "50,484",
    "answered yes / no": "25,242 / 25,242",
    "what, why, how": "50,484",
    "questions per DES": "1.51",
}
"""Grounding-IQA (arXiv 2411.17237), Table 1, and shares that follow from it. It gives no numbers on boxes."""


@dataclass(frozen=True)
class Yields:
    """Counts over the committed images of a text-first run.

    `phrases` are things with a quality that the texts speak of, `fates` what became of them. `boxes` counts those of
    phrases: found by the detector, left by the filter, left by the merge.
    """

    images: int
    labelled: int
    texts: int
    phrases: int
    fates: Counter[str]
    boxes: tuple[int, int, int]
    descriptions: int
    links: int
    answers: Counter[str]
    families: Counter[str]
    spatial: Counter[str]


def yields_of(out: Path) -> Yields:
    """Count. Raises InputError for a run without given texts."""
    images = list(_rows(out, "annotations", ["texts", "phrases", "regions", "outcome"]))
    texts = sum(len(row["texts"]) for row in images)
    if not texts:
        raise InputError(f"{out}: no image of this run came with a description; --yields is for text-first runs")
    phrases = [phrase for row in images for phrase in row["phrases"]]
    boxes = [_stages_of_boxes(row) for row in images]
    descriptions = [row for row in _rows(out, "descriptions", ["image_id", "spans"]) if row["spans"]]
    questions = list(_rows(out, "vqa", ["answer_plain", "family", "spatial"]))
    return Yields(
        images=len(images),
        labelled=len({row["image_id"] for row in descriptions}),
        texts=texts,
        phrases=len(phrases),
        fates=Counter(phrase["drop_reason"] or "with boxes" for phrase in phrases),
        boxes=(sum(each[0] for each in boxes), sum(each[1] for each in boxes), sum(each[2] for each in boxes)),
        descriptions=len(descriptions),
        links=sum(len(row["spans"]) for row in descriptions),
        answers=Counter(row["answer_plain"] for row in questions if row["family"] == "yes-no"),
        families=Counter(row["family"] for row in questions),
        spatial=Counter(row["spatial"] for row in questions),
    )


def print_yields(out: Path, console: Console) -> None:
    """Print the counts. Raises InputError for a run without given texts."""
    found = yields_of(out)
    table = Table("", "this run", "GIQA-160K", title="Yields from text to labels")
    for name, value in _lines(found):
        table.add_row(name, value, GIQA_160K.get(name, ""))
    console.print(table)


def _lines(found: Yields) -> Iterator[tuple[str, str]]:
    asked = sum(found.families.values())
    open_ended = asked - found.families["yes-no"]
    before, filtered, merged = found.boxes
    yield "described images", f"{found.images:,}"
    yield "images with labels", f"{found.labelled:,}"
    yield "given texts", f"{found.texts:,}"
    yield "things spoken of, per text", _ratio(found.phrases, found.texts)
    for fate, count in found.fates.most_common():
        yield f"  {fate}", f"{count:,}"
    yield "boxes found", f"{before:,}"
    yield "  after the filter", f"{filtered:,}"
    yield "  after the merge", f"{merged:,}"
    yield "descriptions with boxes (DES)", f"{found.descriptions:,}"
    yield "share of the texts", f"{found.descriptions / found.texts:.1%}"
    yield "DES per image", _ratio(found.descriptions, found.labelled)
    yield "linked things per DES", _ratio(found.links, found.descriptions)
    yield "boxes per linked thing", _ratio(merged, found.fates["with boxes"])
    yield "questions (VQA)", f"{asked:,}"
    yield "questions per DES", _ratio(asked, found.descriptions)
    yield "yes-no", f"{found.families['yes-no']:,}"
    yield "answered yes / no", f"{found.answers['Yes.']:,} / {found.answers['No.']:,}"
    yield "what, why, how", f"{open_ended:,}"
    yield "  what / why / how", " / ".join(f"{found.families[family]:,}" for family in ("what", "why", "how"))
    yield "boxes in question / in answer", f"{found.spatial['referring']:,} / {found.spatial['grounding']:,}"


def _stages_of_boxes(row: Row) -> tuple[int, int, int]:
    """Boxes of phrases that the detector gave, that the filter left, and that stand in the labels after the merge."""
    numbers = {number for phrase in row["phrases"] for number in phrase["region_ids"]}
    regions = [region for region in row["regions"] if region["region_id"] in numbers]
    found = [region for region in regions if not region["merged_from"] and region["dropped_by"] != "detect"]
    left = [region for region in found if region["kept"] or region["dropped_by"] == "merge"]
    return len(found), len(left), sum(region["kept"] for region in regions)


def _rows(out: Path, table: str, columns: list[str]) -> Iterator[Row]:
    """Rows of the committed parts of a table."""
    for path in manifest_files(out):
        manifest = read_manifest(path)
        if manifest is not None and table in manifest.files:
            yield from pq.read_table(out / manifest.files[table].path, columns=columns).to_pylist()


def _ratio(count: int, of: int) -> str:
    return f"{count / of:.2f}" if of else "-"

"""The list of inputs that the index page filters, small enough to be read whole for tens of thousands of images."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from annotate.gallery.dataset import PlanRow
from manifests.records import ImageRecord


@dataclass
class Listing:
    """One entry for each input, in the order of the gallery; texts for the search stand apart, because they are long.

    An entry is `[image_id, uri, outcome, stage, reason, duplicate_of, has_picture, kept_regions, labels, families]`;
    labels and families are numbers into `labels` and `families`; `image_id` is null for inputs without a page.
    """

    labels: dict[str, int] = field(default_factory=dict)
    families: dict[str, int] = field(default_factory=dict)
    entries: list[list[Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add_image(self, record: ImageRecord, has_picture: bool) -> None:
        """Append an image of a shard."""
        kept = record.kept_regions()
        labels = [region.label for region in kept]
        distortions = [*record.distortions, *(said for region in kept for said in region.distortions)]
        self.entries.append(
            [
                record.image_id,
                record.uri,
                record.outcome,
                record.stage,
                record.reason,
                None,
                has_picture,
                len(kept),
                _numbers(self.labels, labels),
                _numbers(self.families, [said.family for said in distortions]),
            ]
        )
        self.texts.append("\n".join(said.answer_plain for said in record.descriptions))

    def add_plan_row(self, row: PlanRow) -> None:
        """Append an input that has no page of its own."""
        self.entries.append([None, row.uri, row.outcome, row.stage, row.reason, row.duplicate_of, False, 0, [], []])
        self.texts.append("")

    def entries_script(self) -> str:
        """JavaScript that defines `galleryIndex`; a page opened from a file may load scripts and nothing else."""
        said = {"labels": list(self.labels), "families": list(self.families), "entries": self.entries}
        return _script("galleryIndex", said)

    def texts_script(self) -> str:
        """JavaScript that defines `galleryTexts`, one for each entry."""
        return _script("galleryTexts", self.texts)


def _numbers(known: dict[str, int], words: Iterable[str]) -> list[int]:
    return sorted({known.setdefault(word, len(known)) for word in words})


def _script(name: str, value: Any) -> str:
    return f"const {name} = {json.dumps(value, separators=(',', ':'))};\n"

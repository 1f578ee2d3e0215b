"""Fuse: reports become GIQA-DES descriptions, region numbers become boxes on the grid.

Fourth stage of Grounding-IQA's pipeline (arXiv 2411.17237, section 3.2): boxes are ordinary text behind the phrase
that they ground, `[label](<a, b>, <c, d>)`. Coordinates come from the regions alone, never from an author. A given
text stays as it is: each phrase with boxes is linked at its first mention, in the words that stand there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from manifests.markup import plain, to_grid_text
from manifests.records import BoxXYXYPx, Description, ImageRecord, Passage
from stages.describe.pools import FORMAT_HINTS
from stages.language.naming import link_ids
from stages.language.voice import Voice
from stages.stage import Stage, StageConfig


class FuseConfig(StageConfig):
    """What becomes of a text without boxes."""

    unlinked: Literal["keep", "drop"] = "keep"
    """Descriptions in which nothing has a box: keep them, or leave them out; an image with no other is filtered."""


class Fuse(Stage):
    """One description for each passage of the report. A passage that cannot be fused fails its row with the reason."""

    name = "fuse"
    needs = frozenset({"report", "regions", "width", "height"})
    adds = frozenset({"descriptions"})
    Config = FuseConfig
    config: FuseConfig

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Fill `descriptions` of each row, in the order of the passages."""
        for row in rows:
            self._fuse(row)
        return rows

    def concurrent(self) -> bool:
        """Every row is a matter of its own, so the stage can share the workers of a language model."""
        return True

    def _fuse(self, row: ImageRecord) -> None:
        if row.report is None or not row.report.passages:
            return row.end("failed", self.name, "the report has no passages")
        descriptions = []
        voice = Voice(self.random(row.image_id))
        for number, passage in enumerate(row.report.passages, start=1):
            try:
                linked = linked_passage(row, number - 1, passage, voice) if row.phrases else passage
                descriptions.append(_description(row, linked, number, row.report.author))
            except ValueError as error:
                return row.end("failed", self.name, f"passage {number}: {error}")
        if self.config.unlinked == "drop":
            descriptions = [each for each in descriptions if each.spans]
        if not descriptions:
            return row.end("filtered", self.name, "no description has a box")
        row.descriptions = descriptions
        return None

    def prompts(self) -> Mapping[str, str]:
        """What is added to a question whose answer carries boxes."""
        return {"format hints": "\n".join(FORMAT_HINTS)}


def linked_passage(row: ImageRecord, number: int, passage: Passage, voice: Voice) -> Passage:
    """A given text, numbered from 0, with a link at the first mention of each phrase that has boxes.

    Its question then asks for positions too. Of phrases that share characters the first is linked.
    """
    kept = {region.region_id for region in row.kept_regions()}
    pieces: list[str] = []
    read = 0
    for phrase in sorted(row.wanted_phrases(), key=lambda phrase: (phrase.start, phrase.end)):
        region_ids = [region_id for region_id in phrase.region_ids if region_id in kept]
        if phrase.passage == number and region_ids and phrase.start >= read:
            label = passage.text[phrase.start : phrase.end]
            pieces += [passage.text[read : phrase.start], f"[{label}]({link_ids(region_ids)})"]
            read = phrase.end
    if not pieces:
        return passage
    question = passage.question + voice.pick(FORMAT_HINTS)
    return passage.model_copy(update={"text": "".join([*pieces, passage.text[read:]]), "question": question})


def _description(row: ImageRecord, passage: Passage, number: int, author: str) -> Description:
    """The description of one passage. Raises ValueError for links to regions that no label may use."""
    answer_plain, spans = plain(passage.text)
    if not passage.question.strip() or not answer_plain.strip():
        raise ValueError("the question or the text is empty")
    region_ids = list(dict.fromkeys(region_id for span in spans for region_id in span.region_ids))
    boxes = _boxes(row, region_ids)
    return Description(
        id=f"{row.image_id}-d{number:02d}",
        level=passage.level,
        question=passage.question,
        answer=to_grid_text(passage.text, boxes, *row.upright_size()),
        answer_plain=answer_plain,
        spans=spans,
        region_ids=region_ids,
        contradicted=[claim.text for claim in passage.claims if claim.contradicted],
        author=author,
    )


def _boxes(row: ImageRecord, region_ids: list[int]) -> dict[int, BoxXYXYPx]:
    """Boxes of the named regions. Raises ValueError for a number that no kept region has."""
    regions = {region.region_id: region for region in row.regions}
    for region_id in region_ids:
        if region_id not in regions:
            raise ValueError(f"region #{region_id} does not exist")
        if not regions[region_id].kept:
            raise ValueError(f"region #{region_id} is not kept ({regions[region_id].drop_reason})")
    return {region_id: regions[region_id].box_xyxy_px for region_id in region_ids}

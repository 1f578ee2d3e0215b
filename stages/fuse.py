"""Fuse: reports become GIQA-DES descriptions, region numbers become boxes on the grid.

Fourth stage of Grounding-IQA's pipeline (arXiv 2411.17237, section 3.2): boxes are ordinary text behind the phrase
that they ground, `[label](<a, b>, <c, d>)`. Coordinates come from the regions alone, never from an author.
"""

from __future__ import annotations

from manifests.markup import plain, to_grid_text
from manifests.records import BoxXYXYPx, Description, ImageRecord, Passage
from stages.stage import Stage


class Fuse(Stage):
    """One description for each passage of the report. A passage that cannot be fused fails its row with the reason."""

    name = "fuse"
    needs = frozenset({"report", "regions", "width", "height"})
    adds = frozenset({"descriptions"})

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Fill `descriptions` of each row, in the order of the passages."""
        for row in rows:
            self._fuse(row)
        return rows

    def _fuse(self, row: ImageRecord) -> None:
        if row.report is None or not row.report.passages:
            return row.end("failed", self.name, "the report has no passages")
        descriptions = []
        for number, passage in enumerate(row.report.passages, start=1):
            try:
                descriptions.append(_description(row, passage, number, row.report.author))
            except ValueError as error:
                return row.end("failed", self.name, f"passage {number}: {error}")
        row.descriptions = descriptions
        return None


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

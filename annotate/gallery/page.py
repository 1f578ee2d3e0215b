"""What the page of one image shows, ready for its template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from annotate.gallery.marks import Mark, colours_of, marks_of
from annotate.gallery.texts import Piece, pieces_of_description, pieces_of_grid_text
from manifests.records import Attributes, Claim, Description, ImageRecord, Passage, Question, Region

ATTRIBUTE_MEANINGS = {
    "sharpness": "0-1; 1: every edge is one pixel wide",
    "noise": "standard deviation in 8-bit grey levels",
    "compression": "strength of the 8-pixel block grid; 0: none",
    "luminance": "0-1; 0: black",
    "contrast": "0-1",
    "saturation": "0-1; 0: grey",
    "texture": "0-1; share of the area that holds detail",
    "overexposed": "share of pixels clipped at white",
    "underexposed": "share of pixels clipped at black",
    "pixelation": "0-1; share of the area made of constant blocks",
}


@dataclass(frozen=True)
class DescriptionView:
    """A description cut into pieces, with the claims that the measurements contradict."""

    said: Description
    pieces: list[Piece]
    contradictions: list[tuple[str, str | None]]


@dataclass(frozen=True)
class QuestionView:
    """A question and its answer cut into pieces."""

    said: Question
    question: list[Piece]
    answer: list[Piece]


@dataclass(frozen=True)
class MeasuredRow:
    """Attributes of the image (`region` is None) or of a region, in the order of `ATTRIBUTE_MEANINGS`."""

    region: Region | None
    values: list[float | None]


@dataclass(frozen=True)
class ImagePage:
    """An image with everything known of it, arranged for the reader."""

    record: ImageRecord
    picture_missing: str | None
    marks: list[Mark]
    colours: dict[int, str]
    kept: list[Region]
    dropped: list[Region]
    global_descriptions: list[DescriptionView]
    local_descriptions: list[DescriptionView]
    questions: list[QuestionView]
    measured: list[MeasuredRow]
    heat: list[dict[str, object]]


def image_page(record: ImageRecord, picture_missing: str | None) -> ImagePage:
    """The page of an image; `picture_missing` says why there is no picture."""
    descriptions = _descriptions(record)
    return ImagePage(
        record=record,
        picture_missing=picture_missing,
        marks=marks_of(record.regions, record.width, record.height) if record.width and record.height else [],
        colours=colours_of(record.regions),
        kept=record.kept_regions(),
        dropped=[region for region in record.regions if not region.kept],
        global_descriptions=[view for view in descriptions if view.said.level == "global"],
        local_descriptions=[view for view in descriptions if view.said.level == "local"],
        questions=[
            QuestionView(said, pieces_of_grid_text(said.question), pieces_of_grid_text(said.answer))
            for said in record.questions
        ],
        measured=_measured(record),
        heat=[said.model_dump() for said in record.quality_map],
    )


def _descriptions(record: ImageRecord) -> list[DescriptionView]:
    """Descriptions beside the passages that they were made of: only these know why a claim is contradicted."""
    passages: Sequence[Passage] = record.report.passages if record.report else []
    if len(passages) != len(record.descriptions):
        passages = []
    return [
        DescriptionView(
            said, pieces_of_description(said), _contradictions(said.contradicted, passage.claims if passage else [])
        )
        for said, passage in zip_longest(record.descriptions, passages)
    ]


def _contradictions(texts: Sequence[str], claims: Sequence[Claim]) -> list[tuple[str, str | None]]:
    facts = {claim.text: claim.contradiction for claim in claims if claim.contradicted}
    return [(text, facts.get(text)) for text in texts]


def _measured(record: ImageRecord) -> list[MeasuredRow]:
    rows = [(None, record.attributes), *((region, region.attributes) for region in record.regions)]
    return [MeasuredRow(region, _values(attributes)) for region, attributes in rows if attributes is not None]


def _values(attributes: Attributes) -> list[float | None]:
    return [getattr(attributes, name) for name in ATTRIBUTE_MEANINGS]

"""Texts cut into pieces that a page can link: phrases with their regions, boxes of the grid, contradicted claims."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from manifests.geometry import GridCells
from manifests.markup import MarkupError, parse_grid_links
from manifests.records import Description


@dataclass(frozen=True)
class Piece:
    """Characters of a text; a phrase names regions or cells of the GIQA grid."""

    text: str
    region_ids: tuple[int, ...] = ()
    cells: tuple[GridCells, ...] = ()
    contradicted: bool = False

    @property
    def is_phrase(self) -> bool:
        """Whether the piece points at something in the picture."""
        return bool(self.region_ids or self.cells)


def pieces_of_description(description: Description) -> list[Piece]:
    """The plain answer, cut where a phrase or a contradicted claim begins or ends."""
    text = description.answer_plain
    contradicted = list(_occurrences(text, description.contradicted))
    edges = {0, len(text)}
    edges.update(edge for span in description.spans for edge in (span.start, span.end))
    edges.update(edge for interval in contradicted for edge in interval)
    pieces = []
    for start, end in pairwise(sorted(edge for edge in edges if 0 <= edge <= len(text))):
        span = next((span for span in description.spans if span.start <= start and end <= span.end), None)
        pieces.append(
            Piece(
                text[start:end],
                tuple(span.region_ids) if span else (),
                contradicted=any(first <= start and end <= last for first, last in contradicted),
            )
        )
    return pieces


def pieces_of_grid_text(text: str) -> list[Piece]:
    """A text in GIQA notation, its links as phrases. A text that cannot be read stays one piece as it is."""
    try:
        links = parse_grid_links(text)
    except MarkupError:
        return [Piece(text)]
    pieces, read = [], 0
    for link in links:
        pieces += [Piece(text[read : link.start]), Piece(link.label, cells=link.cells)]
        read = link.end
    return [piece for piece in [*pieces, Piece(text[read:])] if piece.text]


def _occurrences(text: str, claims: Iterable[str]) -> Iterable[tuple[int, int]]:
    for claim in claims:
        start = text.find(claim) if claim else -1
        if start >= 0:
            yield start, start + len(claim)

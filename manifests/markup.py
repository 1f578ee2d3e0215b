"""Links in texts: `[phrase](#3, #5)` while we work, `[label](<a, b>, <c, d>)` on the GIQA grid in what we publish.

Authors write the internal notation, with region numbers and never with coordinates. `to_grid_text` turns it into the
notation of Grounding-IQA (arXiv 2411.17237, section 3.2, stage 4). Square brackets belong to links alone;
`safe_label` turns any words into words that a link may hold. Readers are strict: what looks like a piece of a link
but is none raises `MarkupError` with its position. Only white space around commas is free.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from manifests.geometry import GridCells, check_grid_cells, grid_cells_of
from manifests.records import BoxXYXYPx, Span

_LINK = re.compile(r"\[(?P<label>[^\[\]]*)\]\((?P<targets>#\d{1,9}(?:\s*,\s*#\d{1,9})*)\)", re.ASCII)
_GRID_LINK = re.compile(
    r"\[(?P<label>[^\[\]]*)\]"
    r"\((?P<targets><\d{1,9}\s*,\s*\d{1,9}>(?:\s*,\s*<\d{1,9}\s*,\s*\d{1,9}>)*)\)",
    re.ASCII,
)
_CELLS = re.compile(r"<(\d+)\s*,\s*(\d+)>", re.ASCII)
_NUMBER = re.compile(r"#(\d+)", re.ASCII)
_PIECE = re.compile(r"[\[\]]|#\d|<\s*\d+\s*,\s*\d+\s*>", re.ASCII)
"""What may stand only inside a link of the right kind."""

_GRID_BOX = re.compile(r"<\s*(\d+\s*,\s*\d+)\s*>", re.ASCII)
_REGION_NUMBER = re.compile(r"#+(?=\d)", re.ASCII)
_ROUND = str.maketrans({"[": "(", "]": ")"})
_SAFE = str.maketrans({"[": "(", "]": ")", "<": "(", ">": ")", "#": " "})


class MarkupError(ValueError):
    """A text whose links cannot be read; `position` is the index of the offending character."""

    def __init__(self, fact: str, text: str, position: int) -> None:
        super().__init__(fact, text, position)
        self.fact, self.text, self.position = fact, text, position

    def __str__(self) -> str:
        shown = self.text[max(self.position - 20, 0) : self.position + 30].replace("\n", " ")
        return f"character {self.position}: {self.fact} (near '{shown}')"


@dataclass(frozen=True)
class Link:
    """Characters [start, end) of a text in internal notation that link `label` to regions by number."""

    start: int
    end: int
    label: str
    region_ids: tuple[int, ...]


@dataclass(frozen=True)
class GridLink:
    """Characters [start, end) of a text in GIQA notation that link `label` to boxes by cell ids."""

    start: int
    end: int
    label: str
    cells: tuple[GridCells, ...]


AnyLink = TypeVar("AnyLink", Link, GridLink)


def parse_links(text: str) -> list[Link]:
    """All links of a text in internal notation, in order.

    Raises MarkupError for stray square brackets, region numbers or coordinates, an empty label, the number 0, and a
    number that one link names twice.
    """
    return [
        Link(found.start(), found.end(), found["label"], _region_ids(found, text)) for found in _matches(_LINK, text)
    ]


def parse_grid_links(text: str) -> list[GridLink]:
    """All links of a text in GIQA notation, in order.

    Raises MarkupError for stray square brackets, coordinates or region numbers, an empty label, and cells that are
    not on the grid or whose corners are swapped.
    """
    return [
        GridLink(found.start(), found.end(), found["label"], _cells(found, text))
        for found in _matches(_GRID_LINK, text)
    ]


def plain(text: str) -> tuple[str, list[Span]]:
    """A text in internal notation without its links, and where their labels stand in it.

    Returns the text with each link replaced by its label, and one span per link: [start, end) are character offsets
    into the returned text. Raises MarkupError as `parse_links` does.
    """
    written: list[str] = []
    spans: list[Span] = []
    length, read = 0, 0
    for link in parse_links(text):
        before = text[read : link.start]
        start = length + len(before)
        length, read = start + len(link.label), link.end
        written += [before, link.label]
        spans.append(Span(start=start, end=length, region_ids=list(link.region_ids)))
    return "".join([*written, text[read:]]), spans


def to_grid_text(text: str, boxes: Mapping[int, BoxXYXYPx], width: int, height: int) -> str:
    """A text in internal notation rewritten in GIQA notation.

    `boxes` maps region numbers to `xyxy` pixels of the upright image of `width` x `height`. Boxes of a link stand in
    reading order of their near corner; boxes on the same cells are written once. Raises MarkupError for a region
    without a box and as `parse_links` does, ValueError for a box without area inside the image.
    """

    def written(link: Link) -> str:
        missing = [number for number in link.region_ids if number not in boxes]
        if missing:
            raise MarkupError(f"region #{missing[0]} has no box", text, link.start)
        cells = {grid_cells_of(boxes[number], width, height) for number in link.region_ids}
        return format_grid_link(link.label, sorted(cells))

    return _replaced(text, parse_links(text), written)


def format_grid_link(label: str, cells: Sequence[GridCells]) -> str:
    """`[label](<a, b>, <c, d>)`, boxes in the given order: exactly what `parse_grid_links` reads.

    Raises ValueError for an empty label or one with square brackets (`safe_label` makes one that has none), for no
    cells, and for cells that are not on the grid.
    """
    _check_label(label, label, 0)
    if not cells:
        raise ValueError(f"link '{label}' needs at least one box")
    for pair in cells:
        check_grid_cells(pair)
    return f"[{label}]({', '.join(f'<{near}, {far}>' for near, far in cells)})"


def strip_grid_links(text: str) -> str:
    """A text in GIQA notation with each link replaced by its label. Raises MarkupError as `parse_grid_links` does."""
    return _replaced(text, parse_grid_links(text), lambda link: link.label)


def safe_label(words: str) -> str:
    """Words that a link may hold: square and angle brackets become round ones, `#` and runs of white space a space.

    Idempotent. Raises ValueError when no word is left.
    """
    label = " ".join(words.translate(_SAFE).split())
    if not label:
        raise ValueError(f"label {words!r} holds no words")
    return label


def safe_text(text: str) -> str:
    """Prose that holds no piece of a link: brackets become round ones, runs of white space a space. Idempotent."""
    numberless = _REGION_NUMBER.sub("", " ".join(text.translate(_ROUND).split()))
    return _GRID_BOX.sub(r"(\1)", numberless)


def _matches(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Links of one kind, after a check that no piece of a link stands outside of them or inside their labels."""
    found, read = list(pattern.finditer(text)), 0
    for link in found:
        _check_prose(text, read, link.start())
        _check_label(link["label"], text, link.start("label"))
        read = link.end()
    _check_prose(text, read, len(text))
    return found


def _check_prose(text: str, start: int, end: int) -> None:
    piece = _PIECE.search(text, start, end)
    if piece:
        raise MarkupError(f"'{piece[0]}' is not part of a well-formed link", text, piece.start())


def _check_label(label: str, text: str, position: int) -> None:
    if not label.strip():
        raise MarkupError("link has an empty label", text, position)
    _check_prose(text, position, position + len(label))


def _region_ids(found: re.Match[str], text: str) -> tuple[int, ...]:
    numbers = tuple(int(digits) for digits in _NUMBER.findall(found["targets"]))
    if 0 in numbers:
        raise MarkupError("regions are numbered from #1", text, found.start("targets"))
    if len(set(numbers)) < len(numbers):
        raise MarkupError("link names a region twice", text, found.start("targets"))
    return numbers


def _cells(found: re.Match[str], text: str) -> tuple[GridCells, ...]:
    cells = tuple((int(near), int(far)) for near, far in _CELLS.findall(found["targets"]))
    for pair in cells:
        try:
            check_grid_cells(pair)
        except ValueError as error:
            raise MarkupError(str(error), text, found.start("targets")) from error
    return cells


def _replaced(text: str, links: Sequence[AnyLink], written: Callable[[AnyLink], str]) -> str:
    pieces: list[str] = []
    read = 0
    for link in links:
        pieces += [text[read : link.start], written(link)]
        read = link.end
    return "".join([*pieces, text[read:]])

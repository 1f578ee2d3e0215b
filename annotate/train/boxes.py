"""How boxes stand in the texts that a model learns: 20x20 grid ids as stored, another grid, or continuous corners.

Grounding-IQA (arXiv 2411.17237, section 4.3) compares ids of a 20x20 grid with continuous corners; how it writes the
corners is not published. Here they are x1, y1, x2, y2 in 0-1 with three decimals where the ids would stand:
`[label](<0.250, 0.300, 0.500, 0.615>)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from manifests.errors import InputError
from manifests.geometry import (
    GRID_SIDE,
    BoxXYXYUnit,
    GridCells,
    box_of_grid_cells_for_scoring,
    box_of_unit,
    check_box,
    check_grid_cells,
    clip_box,
    grid_cells_of,
    unit_of_box,
)
from manifests.markup import GridLink, parse_grid_links
from manifests.records import BoxXYXYPx

LARGEST_GRID = 1000
DECIMALS = 3

_NUMBER = r"(?:0(?:\.\d+)?|1(?:\.0+)?)"
_CORNERS = re.compile(rf"<({_NUMBER}(?:\s*,\s*{_NUMBER}){{3}})>", re.ASCII)
_IDS = re.compile(r"<(\d{1,9})\s*,\s*(\d{1,9})>", re.ASCII)
_TARGET = re.compile(r"<[^<>]*>")
_PIECE = re.compile(r"[\[\]]|<\s*\d", re.ASCII)
_LINK = re.compile(r"\[(?P<label>[^\[\]]+)\]\((?P<targets><[^()\[\]]*>)\)", re.ASCII)


@dataclass(frozen=True)
class BoxForm:
    """Ids on an n x n grid, or corners in 0-1 where `grid` is None."""

    grid: int | None = GRID_SIDE

    @classmethod
    def parse(cls, word: str) -> BoxForm:
        """`grid`, `grid:N` or `continuous`. Raises InputError."""
        if word == "continuous":
            return cls(None)
        name, _, number = word.partition(":")
        side = int(number) if number.isascii() and number.isdigit() else GRID_SIDE if word == "grid" else 0
        if name != "grid" or not 1 <= side <= LARGEST_GRID:
            raise InputError(f"--boxes {word}: should be grid, grid:N with N from 1 to {LARGEST_GRID}, or continuous")
        return cls(side)

    @property
    def as_stored(self) -> bool:
        """Whether texts stay as the tables hold them."""
        return self.grid == GRID_SIDE

    def __str__(self) -> str:
        """The word that `parse` reads."""
        return "continuous" if self.grid is None else "grid" if self.as_stored else f"grid:{self.grid}"

    def rewrite(self, text: str, boxes: Sequence[BoxXYXYPx], width: int, height: int) -> str:
        """A text in GIQA notation with its boxes in this form.

        `boxes` are the boxes that the text may mean, in pixels of the upright image of `width` x `height`, those that
        come first meant first: a link's ids stand for the first of them on the same cells. Raises MarkupError for a
        text that cannot be read, ValueError for ids that no box lies on.
        """
        if self.as_stored:
            return text
        pieces: list[str] = []
        read = 0
        for link in parse_grid_links(text):
            targets = dict.fromkeys(self._target(cells, boxes, width, height) for cells in link.cells)
            pieces += [text[read : link.start], f"[{link.label}]({', '.join(targets)})"]
            read = link.end
        return "".join([*pieces, text[read:]])

    def rewrite_hint(self, question: str) -> str:
        """A question for a description, whose format hint (`[label](<x, y>)`) names corners where texts have them."""
        return question if self.grid is not None else question.replace("(<x, y>)", "(<x1, y1, x2, y2>)")

    def boxes_in(self, text: str, width: int, height: int) -> list[tuple[str, list[BoxXYXYPx]]]:
        """Labels of a text with their boxes in pixels, in order: ids by their cell centres, corners as they stand.

        A side of a box of ids that decodes to nothing takes the edges of its cell. Raises ValueError for links that
        are not of this form.
        """
        if self.as_stored:
            return [(link.label, self._decoded(link, width, height)) for link in parse_grid_links(text)]
        stray = _PIECE.search(_LINK.sub("", text))
        if stray:
            raise ValueError(f"'{stray[0]}' is not part of a well-formed link")
        return [
            (found["label"], [self._box(part, width, height) for part in _TARGET.findall(found["targets"])])
            for found in _LINK.finditer(text)
        ]

    def to_stored(self, text: str, width: int, height: int) -> str:
        """A text in this form, as a model writes it, in GIQA notation. Raises ValueError for links of another form."""
        if self.as_stored:
            return text
        links = iter(self.boxes_in(text, width, height))

        def stored(found: re.Match[str]) -> str:
            label, boxes = next(links)
            ids = ", ".join(
                f"<{near}, {far}>" for near, far in (grid_cells_of(box, width, height) for box in dict.fromkeys(boxes))
            )
            return f"[{label}]({ids})"

        return _LINK.sub(stored, text)

    def _target(self, cells: GridCells, boxes: Sequence[BoxXYXYPx], width: int, height: int) -> str:
        box = next((each for each in boxes if grid_cells_of(each, width, height) == cells), None)
        if box is None:
            raise ValueError(f"no region of the image lies on <{cells[0]}, {cells[1]}>")
        if self.grid is not None:
            near, far = grid_cells_of(box, width, height, self.grid)
            return f"<{near}, {far}>"
        x1, y1, x2, y2 = unit_of_box(clip_box(box, width, height), width, height)
        (left, right), (top, bottom) = _apart(x1, x2), _apart(y1, y2)
        return f"<{', '.join(f'{side:.{DECIMALS}f}' for side in (left, top, right, bottom))}>"

    def _decoded(self, link: GridLink, width: int, height: int) -> list[BoxXYXYPx]:
        return [box_of_grid_cells_for_scoring(cells, width, height) for cells in link.cells]

    def _box(self, part: str, width: int, height: int) -> BoxXYXYPx:
        if self.grid is None:
            found = _CORNERS.fullmatch(part)
            if found is None:
                raise ValueError(f"{part} is not a box of four corners in 0-1")
            x1, y1, x2, y2 = (float(number) for number in found[1].split(","))
            corners: BoxXYXYUnit = (x1, y1, x2, y2)
            check_box(corners)
            return box_of_unit(corners, width, height)
        ids = _IDS.fullmatch(part)
        if ids is None:
            raise ValueError(f"{part} is not a pair of ids")
        cells = (int(ids[1]), int(ids[2]))
        check_grid_cells(cells, self.grid)
        return box_of_grid_cells_for_scoring(cells, width, height, self.grid)


def _apart(near: float, far: float) -> tuple[float, float]:
    """Two sides rounded so that they stay apart and in 0-1."""
    step = 10.0**-DECIMALS
    low, high = round(near, DECIMALS), round(far, DECIMALS)
    if low < high:
        return low, high
    high = min(low + step, 1.0)
    return high - step, high

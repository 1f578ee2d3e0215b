"""What a predicted text says: its words without coordinates, its boxes with their labels, its yes or no.

A text whose links cannot be read (`MarkupError`), is malformed: it counts as wrong everywhere, and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from annotate.evaluate.grounding import Tag
from manifests.geometry import box_of_grid_cells_for_scoring
from manifests.markup import MarkupError, parse_grid_links, strip_grid_links

_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")


@dataclass(frozen=True)
class Answer:
    """A text in GIQA notation as the metrics see it; boxes run between cell centres (Eq. 2 of the paper)."""

    plain: str
    tags: tuple[Tag, ...] = ()
    malformed: bool = False


def read_answer(text: str, width: int, height: int) -> Answer:
    """The text without coordinates and one tag per box; of equal label and cells, one. Never raises for a model's text.

    A side of a box that decodes to nothing takes the edges of its cell (`box_of_grid_cells_for_scoring`).
    """
    try:
        links = parse_grid_links(text)
        plain = strip_grid_links(text)
    except MarkupError:
        return Answer("", malformed=True)
    named = dict.fromkeys((link.label, cells) for link in links for cells in link.cells)
    tags = tuple(Tag(label, box_of_grid_cells_for_scoring(cells, width, height)) for label, cells in named)
    return Answer(plain, tags)


def words(text: str) -> list[str]:
    """Lower-case words and numbers of a plain text, in order."""
    return _WORD.findall(text.lower())


def says_yes(plain: str) -> bool | None:
    """Whether the first word is yes or no; None if it is neither."""
    first: Sequence[str] = words(plain)[:1]
    return {"yes": True, "no": False}.get(first[0]) if first else None

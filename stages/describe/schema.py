"""The shape of a model's report: a JSON schema that guides decoding, and the models that validate what comes back.

Regions are numbered 1 to n for the model, the most telling first, so that equal shapes are shared between images. A
sentence's pattern admits links to these numbers and no other brackets, so neither coordinates nor regions that do not
exist can be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from manifests.vocabulary import Family

LEAST_SENTENCES = 2
MOST_CLAIMS = 3
MOST_LINKED = 3
"""Regions that one link may name."""

# xgrammar compiles no repetition of more than 128 times.
_PROSE = "[A-Za-z0-9 ,;:'%/()-]"
_LINK_START = r"\[[A-Za-z0-9][A-Za-z0-9 ,'/-]{1,39}\]\("
_PLAIN = rf"^[A-Z]{_PROSE}{{12,120}}\.$"


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClaimReply(_Shape):
    """What a sentence claims of the things that it links, or of the image."""

    family: Family
    present: bool
    severity: int = Field(ge=1, le=5)


class SentenceReply(_Shape):
    """One sentence in internal notation, with its claims."""

    text: str
    claims: Annotated[list[ClaimReply], Field(max_length=MOST_CLAIMS)]


class RegionReply(_Shape):
    """Sentences on one region: the first links it, the others speak on."""

    opening: SentenceReply
    more: list[SentenceReply]


class ReportReply(_Shape):
    """The reply as a whole; subclasses have a field `region_N` for each passage on a region."""

    overview: list[SentenceReply]

    def local(self) -> dict[int, list[SentenceReply]]:
        """Sentences on single regions, by the model's number of the region."""
        names = [name for name in type(self).model_fields if name.startswith("region_")]
        found: dict[int, RegionReply] = {int(name.removeprefix("region_")): getattr(self, name) for name in names}
        return {number: [region.opening, *region.more] for number, region in found.items()}


@dataclass(frozen=True)
class Bounds:
    """How much a report may hold.

    `regions` are numbered 1 to n; the first `local` of them get a passage of their own of at most `local_sentences`.
    """

    regions: int
    sentences: int
    local: int
    local_sentences: int


@cache
def shape_of(bounds: Bounds) -> type[ReportReply]:
    """The model of a reply within these bounds; its JSON schema guides decoding."""
    overview = _sentence("Overview", _overview_pattern(bounds.regions))
    fields: dict[str, Any] = {"overview": (_listed(overview, LEAST_SENTENCES, bounds.sentences), ...)}
    for number in range(1, bounds.local + 1):
        fields[f"region_{number}"] = (_region(number, bounds.local_sentences), ...)
    return create_model("Report", __base__=ReportReply, **fields)


@cache
def json_schema(bounds: Bounds) -> dict[str, Any]:
    """The JSON schema of a reply within these bounds."""
    return shape_of(bounds).model_json_schema()


def read_report(text: str, allowed: Sequence[Bounds]) -> ReportReply:
    """A reply within the first of the bounds that it keeps to. Raises ValueError with the first complaint."""
    complaint: ValueError | None = None
    for bounds in allowed:
        try:
            return shape_of(bounds).model_validate_json(text)
        except ValueError as error:
            complaint = complaint or error
    raise complaint or ValueError("no bounds are allowed")


def _sentence(name: str, pattern: str) -> type[SentenceReply]:
    text: dict[str, Any] = {"text": (Annotated[str, StringConstraints(pattern=pattern)], ...)}
    return create_model(name, __base__=SentenceReply, **text)


def _region(number: int, most: int) -> type[RegionReply]:
    fields: dict[str, Any] = {
        "opening": (_sentence(f"Opening{number}", _linking(f"{_LINK_START}#{number}\\)", 1, 1)), ...),
        "more": (_listed(_sentence("More", _PLAIN), 0, most - 1), ...),
    }
    return create_model(f"Region{number}", __base__=RegionReply, **fields)


def _listed(item: Any, least: int, most: int) -> Any:
    return Annotated[list[item], Field(min_length=least, max_length=most)]


def _overview_pattern(regions: int) -> str:
    if not regions:
        return _PLAIN
    number = f"#(?:{'|'.join(str(number) for number in range(1, regions + 1))})"
    return _linking(rf"{_LINK_START}{number}(?:, {number}){{0,{MOST_LINKED - 1}}}\)", 0, 2)


def _linking(link: str, least: int, most: int) -> str:
    """A sentence with so many links, which neither begins nor ends with one."""
    return rf"^[A-Z]{_PROSE}{{2,60}}(?:{link}{_PROSE}{{1,50}}){{{least},{most}}}{_PROSE}{{6,60}}\.$"

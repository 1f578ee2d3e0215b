"""What must hold of one image with all its labels. Each broken promise is one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import shapely

from manifests.geometry import area_px, check_box, position_horizontal, position_vertical
from manifests.markup import GridLink, MarkupError, parse_grid_links, strip_grid_links, to_grid_text
from manifests.masks import box_of_mask, polygon_of_mask
from manifests.records import Description, ImageRecord, PointLabel, Question, Region
from manifests.vocabulary import DISTORTIONS

_EDGE_PX = 0.02
"""How far a box may reach over the image's edge: boxes are rounded to hundredths of a pixel."""
GRID_CELLS = 400


def violations(row: ImageRecord) -> Iterator[str]:
    """Everything that is wrong with one image and its labels, in words."""
    yield from _outcome(row)
    if row.width is None or row.height is None:
        return
    regions = {region.region_id: region for region in row.regions}
    if len(regions) < len(row.regions):
        yield "two regions have one number"
    for region in row.regions:
        yield from (f"region #{region.region_id}: {fact}" for fact in _region(region, regions, row.width, row.height))
    for found in row.quality_map:
        if len(found.severity_tenths) != GRID_CELLS or not all(0 <= tenths <= 50 for tenths in found.severity_tenths):
            yield f"quality map of {found.family} is not {GRID_CELLS} values of 0 to 50"
    for description in row.descriptions:
        yield from (f"{description.id}: {fact}" for fact in _description(description, regions, row))
    for question in row.questions:
        yield from (f"{question.id}: {fact}" for fact in _question(question, regions, row))
    yield from _balance(row.questions)
    for point in row.points:
        yield from (f"{point.id}: {fact}" for fact in _point(point, regions, row.width, row.height))
    ids = (
        [said.id for said in row.descriptions] + [said.id for said in row.questions] + [said.id for said in row.points]
    )
    if len(set(ids)) < len(ids):
        yield "two labels have one id"
    yield from (f"{name}: is not an id of this image" for name in ids if not name.startswith(row.image_id))


def _outcome(row: ImageRecord) -> Iterator[str]:
    if row.outcome not in {"ok", "filtered", "failed"}:
        yield f"outcome is {row.outcome}"
    if row.outcome == "ok" and (row.stage or row.reason):
        yield "is ok, and has a reason why not"
    if row.outcome != "ok" and not (row.stage and row.reason):
        yield f"is {row.outcome} without stage or reason"
    if row.outcome != "ok" and (row.descriptions or row.questions or row.points):
        yield f"is {row.outcome}, and has labels"
    if row.outcome == "ok" and (row.width is None or row.height is None):
        yield "is ok without a size"


def _region(region: Region, regions: dict[int, Region], width: int, height: int) -> Iterator[str]:
    try:
        check_box(region.box_xyxy_px)
    except ValueError as error:
        yield str(error)
        return
    x1, y1, x2, y2 = region.box_xyxy_px
    if min(x1, y1) < -_EDGE_PX or x2 > width + _EDGE_PX or y2 > height + _EDGE_PX:
        yield f"its box leaves the image of {width}x{height} pixels"
    if region.kept in {region.drop_reason is not None, region.dropped_by is not None}:
        yield "kept does not agree with drop_reason and dropped_by"
    if region.mask is not None:
        yield from _mask(region, width, height)
    for found in region.distortions:
        if found.name != found.family and found.name not in DISTORTIONS[found.family]:
            yield f"{found.name} is no distortion of the family {found.family}"
    for member in region.merged_from:
        if member not in regions or regions[member].drop_reason != "merged":
            yield f"was merged from #{member}, which is no merged region"


def _mask(region: Region, width: int, height: int) -> Iterator[str]:
    assert region.mask is not None
    if region.mask.size != (height, width):
        yield f"its mask is of {region.mask.size[1]}x{region.mask.size[0]} pixels, the image of {width}x{height}"
        return
    try:
        x1, y1, x2, y2 = box_of_mask(region.mask)
    except ValueError as error:
        yield str(error)
        return
    box = region.box_xyxy_px
    if x1 < box[0] - 1 or y1 < box[1] - 1 or x2 > box[2] + 1 or y2 > box[3] + 1:
        yield "its mask leaves its box"


def _description(said: Description, regions: dict[int, Region], row: ImageRecord) -> Iterator[str]:
    yield from _linked(said.answer, said.answer_plain, said.region_ids, regions, row)
    end = 0
    for span in said.spans:
        if not end <= span.start < span.end <= len(said.answer_plain):
            yield f"span {span.start}-{span.end} does not lie in the text, behind the one before it"
        end = span.end
    links = _links(said.answer)
    if links is not None and [link.label for link in links] != [
        said.answer_plain[span.start : span.end] for span in said.spans
    ]:
        yield "spans are not the words that the links carry"
    named = {number for span in said.spans for number in span.region_ids}
    if not named <= set(said.region_ids):
        yield f"spans name regions {sorted(named)}, and the record {said.region_ids}"


def _question(said: Question, regions: dict[int, Region], row: ImageRecord) -> Iterator[str]:
    asked, answered = _links(said.question), _links(said.answer)
    boxed = {"referring": (True, False), "grounding": (False, True), "none": (False, False)}[said.spatial]
    if asked is not None and answered is not None and (bool(asked), bool(answered)) != boxed:
        yield f"is {said.spatial}, and boxes stand elsewhere"
    yield from _linked(said.question, said.question_plain, said.region_ids, regions, row)
    yield from _linked(said.answer, said.answer_plain, said.region_ids, regions, row)
    if said.family == "yes-no" and _yes_or_no(said) is None:
        yield f"answers a yes-no question with {said.answer!r}"


def _linked(
    text: str, text_plain: str, region_ids: Sequence[int], regions: dict[int, Region], row: ImageRecord
) -> Iterator[str]:
    """Links parse, the plain text is theirs without boxes, and each box is that of a kept region."""
    try:
        links = parse_grid_links(text)
    except MarkupError as error:
        yield str(error)
        return
    if strip_grid_links(text) != text_plain:
        yield "the plain text is not the text without its links"
    unknown = [number for number in region_ids if number not in regions or not regions[number].kept]
    if unknown:
        yield f"speaks of region #{unknown[0]}, which is not kept"
        return
    cells = {
        pair
        for number in region_ids
        for pair in parse_grid_links(
            to_grid_text(f"[x](#{number})", {number: regions[number].box_xyxy_px}, *row.upright_size())
        )[0].cells
    }
    if any(pair not in cells for link in links for pair in link.cells):
        yield "a link has a box that is none of its regions'"


def _links(text: str) -> list[GridLink] | None:
    try:
        return parse_grid_links(text)
    except MarkupError:
        return None


def _balance(questions: Sequence[Question]) -> Iterator[str]:
    answers = [_yes_or_no(said) for said in questions if said.family == "yes-no"]
    if answers.count(True) != answers.count(False):
        yield f"{answers.count(True)} questions are answered with yes and {answers.count(False)} with no"


def _yes_or_no(said: Question) -> bool | None:
    first = said.answer_plain.lower().rstrip(".").partition(",")[0].strip()
    return {"yes": True, "no": False}.get(first)


def _point(label: PointLabel, regions: dict[int, Region], width: int, height: int) -> Iterator[str]:
    region = regions.get(label.region_id)
    if region is None or not region.kept:
        yield f"is about region #{label.region_id}, which is not kept"
        return
    if label.box_xyxy_px != region.box_xyxy_px or label.mask != region.mask or label.distortions != region.distortions:
        yield f"box, mask or distortions are not those of region #{label.region_id}"
        return
    if (label.position_horizontal, label.position_vertical) != (
        position_horizontal(label.box_xyxy_px, width),
        position_vertical(label.box_xyxy_px, height),
    ):
        yield "its position words are not those of its box"
    if area_px(label.box_xyxy_px) and label.points:
        yield from _points(label, width, height)


def _points(label: PointLabel, width: int, height: int) -> Iterator[str]:
    inside = polygon_of_mask(label.mask) if label.mask is not None else shapely.box(*label.box_xyxy_px)
    for point in label.points:
        if not (0 <= point.x <= 1 and 0 <= point.y <= 1):
            yield f"point ({point.x:g}, {point.y:g}) is not within 0-1"
        elif shapely.intersects_xy(inside, point.x * width, point.y * height) != point.positive:
            side = "outside" if point.positive else "inside"
            yield f"{'positive' if point.positive else 'negative'} point ({point.x:g}, {point.y:g}) lies {side}"

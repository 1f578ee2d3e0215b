"""The contact sheet: every image small, the planted outline, the claimed boxes, and a verdict in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from annotate.bench.planted.matching import Place, best_box_iou, claims_of, match_of
from annotate.bench.planted.score import ALARM_SEVERITY, planted_places
from annotate.bench.planted.truth import Truth, TruthImage
from manifests.geometry import iou
from manifests.records import ImageRecord
from manifests.vocabulary import FAMILIES

SHEET_NAME = "planted.jpg"
MOST_IMAGES = 60
COLUMNS = 5
TILE_WIDTH_PX, TILE_HEIGHT_PX = 320, 240
CAPTION_PX = 44

_PLANTED, _RIGHT, _WRONG = (0, 230, 118), (64, 160, 255), (255, 82, 82)
_PAPER, _INK = (24, 24, 27), (235, 235, 235)


def draw_sheet(path: Path, truth: Truth, records: Mapping[str, ImageRecord], images: Path) -> None:
    """Write the sheet as JPEG: at most `MOST_IMAGES` images, by family and severity, untouched photos last."""
    chosen = _spread([truth.images[image_id] for image_id in truth.images.keys() & records.keys()])
    rows = math.ceil(len(chosen) / COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * TILE_WIDTH_PX, rows * (TILE_HEIGHT_PX + CAPTION_PX)), _PAPER)
    for number, image in enumerate(chosen):
        tile = _tile(image, records[image.image_id], images / image.file)
        sheet.paste(tile, (number % COLUMNS * TILE_WIDTH_PX, number // COLUMNS * (TILE_HEIGHT_PX + CAPTION_PX)))
    sheet.save(path, quality=88)


def verdict(planted: Sequence[Place], claims: Sequence[Place]) -> str:
    """What was planted and what the run made of it, in a few words."""
    said = ", ".join(f"{claim.main.family} {claim.main.severity}" for claim in claims) or "nothing"
    if not planted:
        alarm = any(claim.main.severity >= ALARM_SEVERITY for claim in claims)
        return f"untouched\n{'false alarm: ' + said if alarm else 'claims ' + said}"
    place = planted[0]
    match = match_of(place, claims)
    name = f"{place.main.name} {place.main.severity}"
    if match is None:
        return f"{name}\nmissed (IoU {best_box_iou(place, claims):.2f}), claims {said}"
    right = "found" if place.severity(match.main.family) else "misnamed"
    overlap = iou(place.box_xyxy_px, match.box_xyxy_px)
    return f"{name}\n{right}: {match.main.family} {match.main.severity}, IoU {overlap:.2f}"


def _spread(images: Sequence[TruthImage]) -> list[TruthImage]:
    """At most `MOST_IMAGES`, evenly from all in the order of family and severity."""
    ordered = sorted(images, key=_rank)
    step = max(len(ordered) / MOST_IMAGES, 1.0)
    return [ordered[int(number * step)] for number in range(min(len(ordered), MOST_IMAGES))]


def _rank(image: TruthImage) -> tuple[int, int, str]:
    if not image.regions:
        return len(FAMILIES), 0, image.image_id
    main = image.regions[0].distortions[0]
    return FAMILIES.index(main.family), main.severity, image.image_id


def _tile(image: TruthImage, record: ImageRecord, file: Path) -> Image.Image:
    planted = planted_places(image)
    claims = claims_of(record, image.width, image.height) if record.outcome == "ok" else []
    scale = min(TILE_WIDTH_PX / image.width, TILE_HEIGHT_PX / image.height)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    tile = Image.new("RGB", (TILE_WIDTH_PX, TILE_HEIGHT_PX + CAPTION_PX), _PAPER)
    with Image.open(file) as opened:
        picture = np.array(opened.convert("RGB").resize(size, Image.Resampling.LANCZOS))
    for place in planted:
        inside = cv2.resize(place.inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, _PLANTED, 2)
    offset = ((TILE_WIDTH_PX - size[0]) // 2, (TILE_HEIGHT_PX - size[1]) // 2)
    tile.paste(Image.fromarray(picture), offset)
    pen = ImageDraw.Draw(tile)
    for claim in claims:
        right = any(place.severity(claim.main.family) for place in planted if match_of(place, [claim]))
        corners = [value * scale + offset[axis % 2] for axis, value in enumerate(claim.box_xyxy_px)]
        pen.rectangle(corners, outline=_RIGHT if right else _WRONG, width=2)
    pen.multiline_text(
        (6, TILE_HEIGHT_PX + 4), verdict(planted, claims), fill=_INK, font=ImageFont.load_default(13), spacing=3
    )
    return tile

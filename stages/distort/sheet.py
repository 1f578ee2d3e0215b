"""Page and contact sheet of the 35 distortions: `python -m stages.distort.sheet docs docs/photos/PHOTO`."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from manifests.gate import decode_upright
from manifests.vocabulary import DISTORTIONS
from stages.distort.pairs import FOLLOWERS, PAIR_SEVERITIES
from stages.distort.pixels import Pixels
from stages.distort.table import REFERENCE_SIDE_PX, VARIANTS, Variant, distort

SHEET_SEVERITY = 3
_COLUMNS = 6
_TILE_PX = (168, 126)
_TITLE_PX = 16

_PAGE = """<!-- Written by `python -m stages.distort.sheet` from the code: change it there. -->
# Distortions

The stage `distort` degrades known regions of good photos by known distortions: {count} of them in {families} families,
five severities each. Names, families and most magnitudes follow DQ-495K (DepictQA-Wild,
[arXiv 2405.18842](https://arxiv.org/abs/2405.18842), `build_datasets/x_distortion` of
[XPixelGroup/DepictQA](https://github.com/XPixelGroup/DepictQA)); the code is our own, and so are the values of motion
blur, correlated noise, JPEG 2000, contrast stretch, stronger saturation, pixelation and the last two quantisations. A
test holds each severity to be worse than the one before it, by PSNR, on several photographs. A change that does not
show where it is planted (`distort.min_change`) is not planted there.

![Each distortion at severity {severity}](images/distortions.jpg)

| family | name | what it does | severity 1, 2, 3, 4, 5 |
| --- | --- | --- | --- |
{rows}

Parameters that end in `_px` are lengths in pixels for an image whose shorter side has at most {side} pixels (DQ-495K
shrinks to 224, KADID-10k has 384); larger images take them in proportion to the shorter side. Noise and codecs work on
the pixels as they are. Contrast turns about the mean luma of the region's box with a margin, so that the region keeps
about its brightness.

## Two distortions in one region

The combinations and orders that IQA-Spider prints as visually distinguishable
([arXiv 2605.24553](https://arxiv.org/abs/2605.24553), Table 8), without a family after itself. As in DQ-495K each of
the two has one of three severities: {levels}. `distortions` of a planted region is in the
order of application.

| first | then one of |
| --- | --- |
{pairs}
"""


def page() -> str:
    """The page docs/distortions.md."""
    return _PAGE.format(
        count=len(VARIANTS),
        families=len(DISTORTIONS),
        severity=SHEET_SEVERITY,
        rows="\n".join(_row(VARIANTS[name]) for names in DISTORTIONS.values() for name in names),
        side=REFERENCE_SIDE_PX,
        levels=", ".join(f"{word} {level}" for word, level in PAIR_SEVERITIES.items()),
        pairs="\n".join(f"| {first} | {', '.join(then)} |" for first, then in FOLLOWERS.items()),
    )


def _row(variant: Variant) -> str:
    meaning = " ".join((variant.function.__doc__ or "").split()).rstrip(".")
    steps = "; ".join(
        f"`{name}` {', '.join(f'{step:g}' for step in values)}" for name, values in variant.parameters.items()
    )
    return f"| {variant.family} | {variant.name} | {meaning} | {steps} |"


def contact_sheet(rgb: Pixels) -> Image.Image:
    """The photograph, then each distortion at `SHEET_SEVERITY`: its middle at the pixels' own size, names below."""
    photo = _at_reference_size(rgb)
    pictures = [("original", photo), *_distorted(photo)]
    width, height = _TILE_PX[0], _TILE_PX[1] + _TITLE_PX
    lines = -(-len(pictures) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * width, lines * height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for place, (name, picture) in enumerate(pictures):
        left, top = place % _COLUMNS * width, place // _COLUMNS * height
        sheet.paste(Image.fromarray(_middle(picture)), (left, top))
        draw.text((left + width // 2, top + _TILE_PX[1] + 1), name, fill="black", font=font, anchor="ma")
    return sheet


def _distorted(photo: Pixels) -> Iterator[tuple[str, Pixels]]:
    for name in VARIANTS:
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
        yield name, distort(photo, name, SHEET_SEVERITY, np.random.default_rng(seed))


def _at_reference_size(rgb: Pixels) -> Pixels:
    scale = REFERENCE_SIDE_PX / min(rgb.shape[:2])
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def _middle(rgb: Pixels) -> Pixels:
    (width, height), (rows, columns) = _TILE_PX, rgb.shape[:2]
    top, left = (rows - height) // 2, (columns - width) // 2
    return rgb[top : top + height, left : left + width]


def write(folder: Path, photo: Path) -> list[Path]:
    """Write page and sheet into the docs folder. Returns their paths."""
    text, picture = folder / "distortions.md", folder / "images" / "distortions.jpg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(page(), encoding="utf-8")
    contact_sheet(decode_upright(photo.read_bytes()).pixels).save(picture, quality=82, optimize=True)
    return [text, picture]


if __name__ == "__main__":
    for path in write(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.stdout.write(f"{path}\n")

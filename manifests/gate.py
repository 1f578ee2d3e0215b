"""The decode gate: the only door through which image files of strangers become sizes and pixels.

Formats are an explicit list, the header's size is checked before anything is decoded, and whatever a decoder raises
becomes a `Refusal` that names the fact. Pixels are those of the first frame, EXIF-upright, 8-bit RGB:

- orientation is applied once, all other metadata is ignored (colour profiles too: the numbers in the file count),
  and metadata that is broken is none: it does not make a picture unreadable;
- transparency is composited on white;
- 16-bit grey keeps its high byte, as Pillow does with 16-bit colour; CMYK is converted without a profile;
- 32-bit integer and floating-point samples are refused, because no range is defined for them.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageFile

with contextlib.suppress(ImportError):
    from pillow_heif import register_heif_opener

    register_heif_opener()

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
"""Pillow's names of the formats that are read; HEIF needs the package pillow-heif."""

EXTENSIONS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib"),
    *(".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"),
)
"""File name extensions of images, lower case."""

_NOT_READ = (
    (re.compile(rb"%PDF"), "is a PDF, not an image"),
    (
        re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg", re.DOTALL),
        "is SVG, not an image",
    ),
    (re.compile(rb"\s*<(!doctype )?html", re.IGNORECASE), "is a web page, not an image"),
    (re.compile(rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!"), "is an archive, not an image"),
    (re.compile(rb"....ftyp(heic|heix|mif1|msf1|hevc)", re.DOTALL), "is HEIF, for which pillow-heif is not installed"),
    (re.compile(rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51"), "is JPEG 2000, which is not read"),
    (re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL "), "is JPEG XL, which is not read"),
    (re.compile(rb"8BPS"), "is a Photoshop file, which is not read"),
    (re.compile(rb"%!PS"), "is PostScript, not pixels"),
    (re.compile(rb"....ftyp(?!avi)", re.DOTALL), "is a video, not an image"),
)

warnings.filterwarnings("ignore", module=r"PIL\.")


class Refusal(Exception):
    """An input that is not annotated; the message is the reason that stands beside its outcome."""


@dataclass(frozen=True)
class Limits:
    """What the gate lets through."""

    max_megapixels: float = 100.0
    max_bytes: int = 1 << 30


DEFAULT_LIMITS = Limits()

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by EXIF orientation."""

_BROKEN_METADATA = (ValueError, SyntaxError, LookupError, TypeError, struct.error)
"""What Pillow raises for EXIF that it cannot read."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself; width and height in pixels of the EXIF-upright first frame.

    `orientation` is the EXIF value (1-8) that decoding applies; 1 for TIFF, which Pillow turns upright by itself.
    """

    width: int
    height: int
    frames: int
    format: str
    orientation: int = 1


@dataclass(frozen=True)
class Decoded:
    """First frame of an image: `pixels` uint8 RGB [height, width, 3], upright, read-only; `frames` or pages in all."""

    pixels: npt.NDArray[np.uint8]
    width: int
    height: int
    frames: int
    format: str


def read_regular(path: Path, max_bytes: int = Limits.max_bytes) -> bytes:
    """The bytes of a regular file (never of a pipe, socket or device). Raises `Refusal`."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Refusal("is not a regular file")
        if status.st_size > max_bytes:
            raise Refusal(f"has {status.st_size:,} bytes, limit {max_bytes:,}")
        return path.read_bytes()
    except OSError as error:
        raise Refusal(f"cannot be read: {error.strerror or error}") from error


def check_header(source: Path | bytes, limits: Limits = DEFAULT_LIMITS) -> Header:
    """Size, frames and format of an image file or of its bytes, without decoding it. Raises `Refusal`."""
    content = read_regular(source, limits.max_bytes) if isinstance(source, Path) else source
    with _refusing(content), _opened(content, limits.max_megapixels) as image:
        width, height = image.size
        orientation = _orientation(image, content)
        if orientation >= 5:
            width, height = height, width
        return Header(width, height, getattr(image, "n_frames", 1), _format_name(image), orientation)


def decode_upright(content: bytes, max_megapixels: float = Limits.max_megapixels) -> Decoded:
    """Decode an image file's bytes into upright 8-bit RGB. Raises `Refusal` for whatever is not a whole image."""
    with _refusing(content), _opened(content, max_megapixels) as image:
        frames, name = getattr(image, "n_frames", 1), _format_name(image)
        image.load()
        turn = _UPRIGHT.get(_orientation(image, content))
        upright = image if turn is None else image.transpose(turn)
        pixels = np.asarray(_as_rgb(upright))
        height, width = pixels.shape[:2]
        return Decoded(pixels, width, height, frames, name)


@contextlib.contextmanager
def _refusing(content: bytes) -> Iterator[None]:
    """Turn whatever a decoder raises into a `Refusal`; lack of memory is the machine's fault, not the file's."""
    try:
        yield
    except (Refusal, MemoryError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        if isinstance(error, EOFError) or "truncated" in said.lower():
            raise Refusal(f"truncated after {len(content):,} bytes") from error
        if not said or isinstance(error.__cause__ or error, (struct.error, LookupError, TypeError)):
            said = "broken structure"
        raise Refusal(f"does not decode: {said}") from error


@contextlib.contextmanager
def _opened(content: bytes, max_megapixels: float) -> Iterator[ImageFile.ImageFile]:
    """The image behind its header, pixels not yet decoded.

    `Image.open` would check the size too, but against a limit of the whole process and without naming both sides.
    """
    if not content:
        raise Refusal("is empty (0 bytes)")
    Image.init()
    for name in FORMATS:
        factory, accept = Image.OPEN.get(name, (None, None))
        if factory is None or (accept is not None and accept(content[:16]) is not True):
            continue
        _check_declared_length(content)
        with factory(io.BytesIO(content), "") as image:
            width, height = image.size
            if width * height > max_megapixels * 1e6:
                megapixels = f"{width * height / 1e6:.4g}"
                raise Refusal(f"header says {width}x{height} = {megapixels} megapixels, limit {max_megapixels:g}")
            yield image
            return
    raise Refusal(_what_it_is(content))


def _check_declared_length(content: bytes) -> None:
    """RIFF (WebP) and BMP say how long they are."""
    declared = 0
    if content[:4] == b"RIFF" and len(content) >= 8:
        declared = struct.unpack_from("<I", content, 4)[0] + 8
    elif content[:2] == b"BM" and len(content) >= 6:
        declared = struct.unpack_from("<I", content, 2)[0]
    if declared > len(content):
        raise Refusal(f"truncated after {len(content):,} of {declared:,} bytes")


def _what_it_is(content: bytes) -> str:
    """Words for content that is in none of the formats."""
    head = content[:1024]
    for pattern, words in _NOT_READ:
        if pattern.match(head):
            return words
    if not any(byte < 9 or 13 < byte < 32 for byte in head):
        return "is text, not an image"
    return f"is not an image of a format that is read ({', '.join(FORMATS)})"


def _format_name(image: ImageFile.ImageFile) -> str:
    return "JPEG" if image.format == "MPO" else str(image.format)


def _orientation(image: ImageFile.ImageFile, content: bytes) -> int:
    """Orientation that is still to be applied, 1-8: 1 for TIFF, which Pillow turns upright by itself.

    In a PNG it may stand behind the pixels; only then `PngImageFile.getexif` may look for it, because it decodes them.
    """
    if image.format == "TIFF":
        return 1
    before_pixels = image.format == "PNG" and b"eXIf" not in content
    try:
        exif = Image.Image.getexif(image) if before_pixels else image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except _BROKEN_METADATA:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _as_rgb(image: Image.Image) -> Image.Image:
    """Eight-bit RGB; see the head of this module for what happens to other kinds of samples."""
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8), "L").convert("RGB")
    if image.mode in ("I", "F"):
        raise Refusal(f"has 32-bit {'integer' if image.mode == 'I' else 'floating-point'} samples of unknown range")
    if image.has_transparency_data:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        canvas = Image.new("RGB", rgba.size, "white")
        canvas.paste(rgba, mask=rgba.getchannel("A"))
        return canvas
    return image.convert("RGB")

"""Image files inside the annotations table, for `--embed-images`.

The encoded pixels are never touched, because quality is the subject; metadata (EXIF with its GPS position, XMP, IPTC,
comments, previews, whatever follows the image) is cut out of the file. Orientation and colour profile stay. Containers
for which this cannot be done by leaving parts out (BMP, TIFF, AVIF, HEIF) are not embedded.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa

from manifests.gate import Limits, Refusal, check_header
from manifests.records import ImageRecord

IMAGE_FIELD = pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
"""Column of Hugging Face `datasets` type Image: `bytes` is the encoded file, `path` a name made from the image id."""

_ANY_SIZE = Limits(max_megapixels=float("inf"))

_SUFFIX = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}

_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}
    | {b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT"}
)
_WEBP_KEPT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_GIF_APPLICATIONS_KEPT = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"})

_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04


def schema_with_image(schema: pa.Schema) -> pa.Schema:
    """The schema with the column `image`, which `datasets` decodes as its Image feature."""
    features = {"info": {"features": {"image": {"_type": "Image"}}}}
    return schema.append(IMAGE_FIELD).with_metadata({**(schema.metadata or {}), b"huggingface": json.dumps(features)})


def image_column(rows: Sequence[ImageRecord]) -> tuple[pa.Array, Counter[str]]:
    """The column `image` for these rows, and why so many of them are null. Failed rows have no image.

    Raises ValueError when a row's bytes were dropped before the commit.
    """
    values: list[dict[str, bytes | str] | None] = []
    reasons: Counter[str] = Counter()
    for row in rows:
        if row.outcome == "failed":
            values.append(None)
            reasons["the image failed"] += 1
            continue
        if row.content is None:
            raise ValueError(f"{row.uri}: the encoded bytes were dropped before the commit that embeds them")
        try:
            stripped, suffix = strip_metadata(row.content)
            values.append({"bytes": stripped, "path": f"{row.image_id}.{suffix}"})
        except Refusal as refusal:
            values.append(None)
            reasons[str(refusal)] += 1
    return pa.array(values, IMAGE_FIELD.type), reasons


def strip_metadata(content: bytes) -> tuple[bytes, str]:
    """The file without metadata but with equal pixels, orientation and colour profile; and its name's suffix.

    Raises `Refusal` where that cannot be done, or where the result would not be the same picture.
    """
    header = check_header(content, _ANY_SIZE)
    orientation = header.orientation
    try:
        match header.format:
            case "JPEG":
                stripped = b"".join(_jpeg_kept(content, orientation))
            case "PNG":
                stripped = b"".join(_png_kept(content, orientation))
            case "WEBP":
                stripped = _webp_stripped(content, orientation)
            case "GIF":
                stripped = b"".join(_gif_kept(content))
            case other:
                raise Refusal(f"metadata cannot be cut out of {other} without encoding it again")
    except (struct.error, IndexError) as error:
        raise Refusal(f"metadata of a broken {header.format} cannot be told from pixels") from error
    after = check_header(stripped, _ANY_SIZE)
    if (after.width, after.height, after.format) != (header.width, header.height, header.format):
        raise Refusal(f"without its metadata the {header.format} is another picture")
    return stripped, _SUFFIX[header.format]


def _exif(orientation: int) -> bytes:
    """A TIFF header with one entry, the orientation."""
    return b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def _jpeg_kept(content: bytes, orientation: int) -> Iterator[bytes]:
    """Segments up to the end of the image: JFIF, Adobe, colour profile and coding tables, no other application data."""
    yield content[:2]
    position, exif_due = 2, orientation != 1
    while position < len(content):
        if content[position] != 0xFF:
            raise IndexError("no marker where one should be")
        while content[position + 1] == 0xFF:
            position += 1
        marker = content[position + 1]
        if marker == 0xD9:
            yield content[position : position + 2]
            return
        length = struct.unpack_from(">H", content, position + 2)[0]
        segment = content[position : position + 2 + length]
        if exif_due and marker != 0xE0:
            payload = b"Exif\x00\x00" + _exif(orientation)
            yield b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload
            exif_due = False
        if not _is_jpeg_metadata(marker, segment):
            yield segment
        position += 2 + length
        if marker == 0xDA:
            found = _JPEG_MARKER.search(content, position)
            end = found.start() if found else len(content)
            yield content[position:end]
            position = end


def _is_jpeg_metadata(marker: int, segment: bytes) -> bool:
    if marker == 0xE0:
        return not segment[4:].startswith(b"JFIF\x00")
    if marker == 0xE2:
        return not segment[4:].startswith(b"ICC_PROFILE\x00")
    return marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE)


def _png_kept(content: bytes, orientation: int) -> Iterator[bytes]:
    """Signature and the chunks that decide pixels and colours, up to IEND."""
    yield content[:8]
    position, exif_due = 8, orientation != 1
    while position < len(content):
        length = struct.unpack_from(">I", content, position)[0]
        kind = content[position + 4 : position + 8]
        if exif_due and kind in (b"PLTE", b"IDAT"):
            body = b"eXIf" + _exif(orientation)
            yield struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
            exif_due = False
        if kind in _PNG_KEPT:
            yield content[position : position + 12 + length]
        if kind == b"IEND":
            return
        position += 12 + length


def _webp_stripped(content: bytes, orientation: int) -> bytes:
    chunks = []
    position, end = 12, min(len(content), struct.unpack_from("<I", content, 4)[0] + 8)
    while position + 8 <= end:
        kind = content[position : position + 4]
        length = struct.unpack_from("<I", content, position + 4)[0]
        body = bytearray(content[position + 8 : position + 8 + length])
        if kind == b"VP8X":
            body[0] = body[0] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if orientation != 1 else 0)
        if kind in _WEBP_KEPT:
            chunks.append(_riff_chunk(kind, bytes(body)))
        position += 8 + length + length % 2
    if orientation != 1:
        chunks.append(_riff_chunk(b"EXIF", _exif(orientation)))
    return _riff_chunk(b"RIFF", b"WEBP" + b"".join(chunks))


def _riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _gif_kept(content: bytes) -> Iterator[bytes]:
    """Header, colour tables, frames and loop count, up to the trailer; comments and other extensions go."""
    position = 13 + _gif_colour_table(content[10])
    yield content[:position]
    while content[position] != 0x3B:
        start = position
        if content[position] == 0x2C:
            position += 10 + _gif_colour_table(content[position + 9]) + 1
            kept = True
        elif content[position] == 0x21:
            kept = content[position + 1] == 0xF9 or (
                content[position + 1] == 0xFF and content[position + 3 : position + 14] in _GIF_APPLICATIONS_KEPT
            )
            position += 2
        else:
            raise IndexError("neither an image nor an extension")
        while content[position]:
            position += content[position] + 1
        position += 1
        if kept:
            yield content[start:position]
    yield b"\x3b"


def _gif_colour_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

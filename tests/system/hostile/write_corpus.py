"""Write a folder of hostile and odd files, and say what must become of each.

    python tests/system/hostile/write_corpus.py FOLDER

The files are made here, from nothing but Pillow and a few bytes: no file of a stranger lies in the repository.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, features

SIZE = (64, 48)
ORIENTATION = 0x0112
LARGEST_NAME = 255


@dataclass(frozen=True)
class Case:
    """A file and what must become of it; `reason` is a part of the reason, `frames` those that are counted."""

    name: str
    content: bytes
    outcome: str = "ok"
    stage: str | None = None
    reason: str = ""
    frames: int = 1
    size: tuple[int, int] | None = None


def picture(seed: int, size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    """A picture like no other, with structure and noise."""
    width, height = size
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    noise = np.random.default_rng(seed).integers(0, 40, (height, width, 3))
    pixels = np.stack([x * 200, y * 200, (x + y) * 100], axis=-1) + noise
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def photo(seed: int, form: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    return saved(picture(seed, mode=mode), form, **options)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, data: bytes, *others: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(others) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def behind_header(content: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks behind its first."""
    return content[:33] + b"".join(chunks) + content[33:]


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def with_segments(content: bytes, *segments: bytes) -> bytes:
    """A JPEG with more segments behind its start."""
    return content[:2] + b"".join(segments) + content[2:]


def exif(value: object, kind: int = 3) -> bytes:
    """EXIF with an orientation of any value and type, as a segment of a JPEG."""
    field = struct.pack("<HHI", ORIENTATION, kind, 1) + (
        value if isinstance(value, bytes) else struct.pack("<I", value)
    )
    return segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + field + struct.pack("<I", 0))


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def tiff(*pages: Image.Image) -> bytes:
    return saved(pages[0], "TIFF", save_all=True, append_images=list(pages[1:]))


def tiff_chain_ends(content: bytes) -> list[int]:
    """Places in a little-endian TIFF at which the offset of a next page stands."""
    places, offset = [], struct.unpack_from("<I", content, 4)[0]
    while offset:
        (fields,) = struct.unpack_from("<H", content, offset)
        places.append(offset + 2 + 12 * fields)
        (offset,) = struct.unpack_from("<I", content, places[-1])
    return places


def looped_tiff() -> bytes:
    """Two pages, of which the second says that the first comes next."""
    content = bytearray(tiff(picture(1), picture(2)))
    first = struct.unpack_from("<I", content, 4)[0]
    struct.pack_into("<I", content, tiff_chain_ends(bytes(content))[-1], first)
    return bytes(content)


def astray_tiff() -> bytes:
    """A TIFF whose first page lies behind its end."""
    return b"II*\0" + struct.pack("<I", 1 << 30) + bytes(200)


def many_fields_tiff() -> bytes:
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 65535) + bytes(400)


def animation(form: str, frames: int, **options: object) -> bytes:
    pages = [picture(1000 + number) for number in range(frames)]
    return saved(pages[0], form, save_all=True, append_images=pages[1:], **options)


def long_gif(frames: int) -> bytes:
    """A GIF of many frames, all but the first of a pixel."""
    first = photo(70, "GIF")
    pixel = b"\x21\xf9\x04\x00\x01\x00\x00\x00\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return first[:-1] + pixel * (frames - 1) + b";"


def good_images() -> Iterator[Case]:
    """Odd, but pictures."""
    yield Case("grey.jpg", photo(10, mode="L"))
    yield Case("cmyk.jpg", photo(11, mode="CMYK"))
    yield Case("progressive.jpg", photo(12, progressive=True))
    yield Case("trailing.jpg", photo(13) + b"PK\x03\x04" + bytes(range(256)) * 8)
    yield Case(
        "sixteen-bit-grey.png", saved(Image.fromarray(np.asarray(picture(14, mode="L")).astype("<u2") * 257), "PNG")
    )
    yield Case("palette.png", photo(15, "PNG", mode="P", transparency=3))
    yield Case("one-bit.png", photo(16, "PNG", mode="1"))
    yield Case("grey-alpha.png", photo(17, "PNG", mode="LA"))
    yield Case("one-bit.tif", photo(18, "TIFF", mode="1"))
    yield Case("cmyk.tif", photo(19, "TIFF", mode="CMYK"))
    yield Case("lab.tif", saved(Image.merge("LAB", picture(67).split()), "TIFF"))
    yield Case("deflated.tif", photo(20, "TIFF", compression="tiff_adobe_deflate"))
    yield Case("pages.tif", tiff(picture(21), picture(22), picture(23)), frames=3)
    yield Case("pages-in-a-ring.tif", looped_tiff(), frames=2)
    yield Case("animated.webp", animation("WEBP", 5), frames=5)
    yield Case("animated.png", animation("PNG", 4), frames=4)
    yield Case("thousand-frames.gif", long_gif(1000), frames=1000)
    yield Case("palette.bmp", photo(24, "BMP", mode="P"))
    yield Case("upside-down.bmp", bottom_up(photo(25, "BMP")))
    yield Case("png-called.jpg", photo(26, "PNG"))
    yield Case("JPEG-CALLED.PNG", photo(27))
    yield Case("inflates-to-200-MB.png", png(*SIZE, zlib.compress(bytes(200 << 20), 9)))
    yield Case("broken-profile.jpg", photo(28, icc_profile=b"\xff" * 500))
    yield Case("broken-profile.png", photo(29, "PNG", icc_profile=b"\xff" * 500))
    yield Case("exif-out-of-bounds.jpg", with_segments(photo(30), exif(struct.pack("<I", 1 << 31), kind=5)))
    yield Case("exif-of-noise.jpg", with_segments(photo(31), segment(0xE1, b"Exif\0\0" + bytes(range(255, 0, -1)) * 4)))
    yield Case("exif-cut-short.jpg", with_segments(photo(32), segment(0xE1, b"Exif\0\0II*\0")))
    yield Case("exif-of-noise.png", behind_header(photo(33, "PNG"), chunk(b"eXIf", b"\xfe" * 100)))
    yield Case("orientation-0.jpg", with_segments(photo(34), exif(0)), size=SIZE)
    yield Case("orientation-6.jpg", with_segments(photo(35), exif(6)), size=SIZE[::-1])
    yield Case("orientation-9.jpg", with_segments(photo(36), exif(9)), size=SIZE)
    yield Case("orientation-text.jpg", with_segments(photo(37), exif(b"up\0\0", kind=2)), size=SIZE)
    yield Case("two-exifs.jpg", with_segments(photo(38), exif(6), exif(6)), size=SIZE[::-1])
    yield Case("much-xmp.jpg", with_segments(photo(39), *[xmp(bytes([65 + number]) * 60_000) for number in range(40)]))
    yield Case("entities-in-xmp.jpg", with_segments(photo(40), xmp(LAUGHS)))
    if features.check("avif"):
        yield Case("photo.avif", photo(41, "AVIF"))


def bottom_up(bmp: bytes) -> bytes:
    """A BMP with a negative height."""
    return bmp[:22] + struct.pack("<i", -SIZE[1]) + bmp[26:]


def xmp(content: bytes) -> bytes:
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + content)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + number, b"&%c;" % (97 + number) * 10) for number in range(12))
    + b']><x:xmpmeta xmlns:x="adobe:ns:meta/">&m;</x:xmpmeta>'
)


def names() -> Iterator[Case]:
    """Pictures whose names want to be something else."""
    odd = [
        "new\nline.jpg",
        "quote'\".jpg",
        "<script>document.title='owned'<\u2215script>.jpg",
        "<img src=x onerror=document.title='owned'>.png",
        "-rf.jpg",
        "--out.jpg",
        "100% & more?x=1#top.jpg",
        "\u202egpj.exe.jpg",
        "صورة.jpg",
        "e\u0301.jpg",
        "\u00e9.jpg",
        "🖼.jpg",
        "$(touch owned).jpg",
        "`touch owned`;.jpg",
        "{{ 7*7 }}.jpg",
        "=1+1|' !A0.jpg",
        "javascript:alert(1).jpg",
        "back\\slash.jpg",
        " blanks .jpg",
        "row.parquet#3.jpg",
        "[label](<0, 399>).jpg",
        "\x1b[31mred\x07.jpg",
        "x" * (LARGEST_NAME - 4) + ".jpg",
    ]
    for number, name in enumerate(odd):
        yield Case(name, photo(100 + number))
    yield Case("folder.jpg/inner.jpg", photo(150))
    yield Case("/".join(["deep"] * 40) + "/far.jpg", photo(151))


def refused_by_the_plan() -> Iterator[Case]:
    """What is no image, or says of itself that it is too large."""
    heif = "does not decode" if find_spec("pillow_heif") else "is HEIF"
    for name, content, reason in [
        ("empty.jpg", b"", "is empty (0 bytes)"),
        ("zeros.png", bytes(4096), "is not an image of a format that is read"),
        ("text.jpg", b"This is a photograph of a cat.\n", "is text, not an image"),
        ("drawing.png", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "is SVG"),
        ("page.jpg", b"<!DOCTYPE html><script>alert(1)</script>", "is a web page"),
        ("document.jpg", b"%PDF-1.7\n" + bytes(64), "is a PDF"),
        ("printed.tif", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is PostScript"),
        ("archive.jpg", b"PK\x03\x04" + bytes(64), "is an archive"),
        ("squeezed.jpg", b"\x1f\x8b\x08" + bytes(64), "is an archive"),
        ("program.jpg", b"MZ\x90\0" + bytes(64), "is not an image of a format that is read"),
        ("program.png", b"\x7fELF\x02\x01" + bytes(64), "is not an image of a format that is read"),
        ("script.jpg", b"#!/bin/sh\nrm -rf /\n", "is text, not an image"),
        ("film.jpg", b"\0\0\0\x18ftypisom" + bytes(64), "is a video"),
        ("photo.heic", b"\0\0\0\x18ftypheic" + bytes(64), heif),
        ("wavelets.jpg", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64), "is JPEG 2000"),
        ("xl.jpg", b"\xff\x0a" + bytes(64), "is JPEG XL"),
        ("layers.jpg", b"8BPS\0\x01" + bytes(64), "is a Photoshop file"),
        ("netpbm.png", b"P6 2 2 255\n" + bytes(range(12)), "is not an image of a format that is read"),
        ("icon.bmp", photo(60, "ICO"), "is not an image of a format that is read"),
        ("only-a-start.jpg", b"\xff\xd8\xff", "does not decode"),
        ("only-a-name.png", b"\x89PNG\r\n\x1a\n", "does not decode"),
        ("only-a-name.gif", b"GIF89a", "does not decode"),
        ("no-frame.gif", b"GIF89a" + struct.pack("<HHBBB", 64, 48, 0, 0, 0) + b";", "does not decode"),
        ("bomb.png", png(30_000, 30_000, zlib.compress(b"\0")), "header says 30000x30000 = 900 megapixels, limit 100"),
        ("bomb.bmp", bomb_bmp(), "header says 40000x40000"),
        ("bomb.gif", b"GIF89a" + struct.pack("<HH", 65535, 65535) + photo(61, "GIF")[10:], "header says 65535x65535"),
        ("largest.png", png(2**31 - 1, 2**31 - 1, zlib.compress(b"\0")), "header says"),
        ("no-width.png", png(0, 48, zlib.compress(b"\0")), "does not decode"),
        ("bad-header-sum.png", flipped(photo(62, "PNG"), 30), "does not decode"),
        ("text-bomb.png", behind_header(photo(63, "PNG"), text_bomb()), "does not decode"),
        ("astray.tif", astray_tiff(), "does not decode"),
        ("many-fields.tif", many_fields_tiff(), "does not decode"),
        ("half.webp", photo(64, "WEBP")[:200], "truncated after 200 of"),
        ("half.bmp", photo(65, "BMP")[:2000], "truncated after 2,000 of"),
    ]:
        yield Case(name, content, "failed", "plan", reason)


def bomb_bmp() -> bytes:
    content = bytearray(photo(66, "BMP"))
    struct.pack_into("<ii", content, 18, 40_000, 40_000)
    return bytes(content)


def text_bomb() -> bytes:
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * (100 << 20), 9))


def ended_by_load() -> Iterator[Case]:
    """Headers that promise what the pixels do not keep, and pictures that a rule excludes."""
    for name, content, reason in [
        ("half.jpg", photo(80)[:900], "truncated after 900 bytes"),
        ("half-progressive.jpg", photo(81, progressive=True)[:900], "truncated after 900 bytes"),
        ("half.png", photo(82, "PNG")[:3000], "truncated"),
        ("half.gif", photo(83, "GIF")[:1200], "truncated"),
        ("bad-sum.png", flipped(photo(84, "PNG"), 200), "does not decode"),
        ("few-pixels.png", png(*SIZE, zlib.compress(bytes(64))), "truncated"),
        ("no-zlib.png", png(*SIZE, b"not deflated at all" * 9), "does not decode"),
        ("float.tif", saved(Image.fromarray(np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64)), "TIFF"),
         "32-bit floating-point samples"),
        ("strips-outside.tif", strips_outside(), "truncated"),
    ]:  # fmt: skip
        yield Case(name, content, "failed", "load", reason)
    for name, size, reason in [
        ("one-pixel.png", (1, 1), "shorter side 1 px"),
        ("line.png", (1, 65_535), "shorter side 1 px"),
        ("ribbon.png", (640, 40), "aspect 16.0"),
    ]:
        yield Case(name, saved(picture(90, size), "PNG"), "filtered", "load", reason)


def strips_outside() -> bytes:
    """A TIFF whose pixels lie behind its end."""
    content = bytearray(photo(68, "TIFF"))
    (offset,) = struct.unpack_from("<I", content, 4)
    (fields,) = struct.unpack_from("<H", content, offset)
    for number in range(fields):
        place = offset + 2 + 12 * number
        if struct.unpack_from("<H", content, place)[0] == 273:
            struct.pack_into("<I", content, place + 8, 1 << 30)
    return bytes(content)


def write_special(folder: Path) -> list[Case]:
    """What is in a folder without being a file, or is one that only some may read."""
    outside = folder.parent / "outside.jpg"
    outside.write_bytes(photo(160))
    (folder / "outside.jpg").symlink_to(outside)
    (folder / "password.jpg").symlink_to("/etc/passwd")
    (folder / "null.png").symlink_to("/dev/null")
    (folder / "dangling.jpg").symlink_to("nothing.jpg")
    (folder / "itself.jpg").symlink_to("itself.jpg")
    (folder / "deep" / "up").symlink_to("..")
    (folder / "inside.jpg").symlink_to("grey.jpg")
    os.mkfifo(folder / "pipe.jpg")
    write_socket(folder, "socket.jpg")
    with (folder / "sparse.jpg").open("wb") as sparse:
        sparse.truncate(5 << 30)
    locked = folder / "locked.jpg"
    locked.write_bytes(photo(161))
    locked.chmod(0)
    (folder / ".hidden.jpg").write_bytes(photo(162))
    (folder / "photo.JPG.exe").write_bytes(photo(163))
    (folder / "photo").write_bytes(photo(164))
    Path(os.fsdecode(os.fsencode(folder) + b"/bytes-\xff\xfe.jpg")).write_bytes(photo(165))
    reads_all = os.access(locked, os.R_OK)
    return [
        Case("outside.jpg", b"", "failed", "plan", "is a link out of the input folder"),
        Case("password.jpg", b"", "failed", "plan", "is a link out of the input folder"),
        Case("null.png", b"", "failed", "plan", "is a link out of the input folder"),
        Case("dangling.jpg", b"", "failed", "plan", "cannot be read: No such file"),
        Case("itself.jpg", b"", "failed", "plan", "cannot be read: Too many levels of symbolic links"),
        Case("inside.jpg", b"", "duplicate", "plan", "same bytes"),
        Case("pipe.jpg", b"", "failed", "plan", "is not a regular file"),
        Case("socket.jpg", b"", "failed", "plan", "is not a regular file"),
        Case("sparse.jpg", b"", "failed", "plan", "has 5,368,709,120 bytes, limit 1,073,741,824"),
        Case("bytes-\\xff\\xfe.jpg", b"", "failed", "plan", "has a name that is not UTF-8"),
        Case("locked.jpg", b"") if reads_all else Case("locked.jpg", b"", "failed", "plan", "Permission denied"),
    ]


IGNORED = {"(hidden)": 1, ".exe": 1, "(no extension)": 1}


def write_socket(folder: Path, name: str) -> None:
    """A socket; through a descriptor, because the path of a socket must be short."""
    descriptor = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"/proc/self/fd/{descriptor}/{name}")
    os.close(descriptor)


def write_corpus(folder: Path) -> list[Case]:
    """Write all files into a folder that does not exist yet; one case for each input."""
    cases = [*good_images(), *names(), *refused_by_the_plan(), *ended_by_load()]
    for case in cases:
        path = folder / case.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.content)
    return cases + write_special(folder)


def hungry() -> bytes:
    """A picture that needs some 80 MiB to decode, in a small file."""
    return saved(Image.new("RGBA", (3000, 2500), (90, 60, 30, 128)), "PNG", compress_level=9)


if __name__ == "__main__":
    for case in write_corpus(Path(sys.argv[1])):
        sys.stdout.write(f"{case.outcome:<10} {case.name!r:<50} {case.reason}\n")

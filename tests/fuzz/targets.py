"""What is fuzzed, and what must hold of anything whatsoever: the decode gate and the readers of links.

`test_fuzz.py` gives these functions what hypothesis thinks of, for seconds; `run.py` what atheris finds, for as long
as wished. A function returns where all is well and raises what nobody should see where it is not.
"""

from __future__ import annotations

import contextlib
import io
import runpy
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from manifests.gate import Limits, Refusal, check_header, decode_upright
from manifests.markup import (
    MarkupError,
    format_grid_link,
    parse_grid_links,
    parse_links,
    plain,
    safe_label,
    safe_text,
    strip_grid_links,
    to_grid_text,
)

MEGAPIXELS = 4.0
"""What a fuzzer may have decoded: it is after structure, not after size."""
FORMS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
BOXES = {number: (number / 2, number / 3, number + 30.0, number + 20.0) for number in range(1, 100)}


def fuzz_gate(content: bytes) -> None:
    """The gate refuses, or gives a picture; and what the header said of it was true."""
    header = decoded = None
    with contextlib.suppress(Refusal):
        header = check_header(content, Limits(max_megapixels=MEGAPIXELS))
    with contextlib.suppress(Refusal):
        decoded = decode_upright(content, MEGAPIXELS)
    if decoded is None:
        return
    assert header is not None, "pixels without a header"
    assert (header.width, header.height, header.format) == (decoded.width, decoded.height, decoded.format)
    assert decoded.pixels.shape == (decoded.height, decoded.width, 3)
    assert decoded.frames >= 1


def fuzz_png(content: bytes) -> None:
    """The gate on a PNG whose checksums are right, so that what is in its chunks is read at all."""
    fuzz_gate(with_checksums(content))


def fuzz_markup(text: str) -> None:
    """A text has links or an error that says where; nothing that was written is lost or made up."""
    with contextlib.suppress(MarkupError):
        links = parse_grid_links(text)
        stripped = strip_grid_links(text)
        assert len(stripped) <= len(text)
        for link in links:
            printed = format_grid_link(link.label, link.cells)
            (read,) = parse_grid_links(printed)
            assert (read.label, read.cells) == (link.label, link.cells)
    with contextlib.suppress(MarkupError):
        words, spans = plain(text)
        assert [words[span.start : span.end] for span in spans] == [link.label for link in parse_links(text)]
        with contextlib.suppress(MarkupError):
            assert strip_grid_links(to_grid_text(text, BOXES, 200, 150)) == words
    safe = safe_text(text)
    assert safe_text(safe) == safe
    assert parse_links(safe) == parse_grid_links(safe) == []
    try:
        label = safe_label(text)
    except ValueError:
        return
    assert parse_links(f"[{label}](#1)")[0].label == label


def with_checksums(content: bytes) -> bytes:
    """A PNG with every chunk's checksum made to fit, as far as chunks can be found."""
    pieces, place = [content[:8]], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        body = content[place + 4 : place + 8 + length]
        pieces += [content[place : place + 4], body, struct.pack(">I", zlib.crc32(body))]
        place += 12 + length
    return b"".join([*pieces, content[place:]])


def small_images() -> Iterator[bytes]:
    """A small valid file of each format, and the small files of the hostile corpus."""
    for form in FORMS:
        buffer = io.BytesIO()
        with contextlib.suppress(KeyError):
            Image.effect_noise((24, 16), 60).convert("RGB").save(buffer, form)
            yield buffer.getvalue()
    corpus = runpy.run_path(str(Path(__file__).parents[1] / "system" / "hostile" / "write_corpus.py"))
    for part in ("good_images", "refused_by_the_plan", "ended_by_load"):
        yield from (case.content for case in corpus[part]() if 0 < len(case.content) < 20_000)


TEXTS = (
    "The [bicycle](<6, 399>) is in focus; the [buildings](<60, 230>, <111, 219>) are not.",
    "The [bus](#3) and [two cups](#1, #2) are blurred.",
    "a [red [bus](#1)](#2)",
    "[sign (EXIT)](<0,0>,<21, 42>)",
)

TARGETS: dict[str, Callable[[bytes], None]] = {
    "gate": fuzz_gate,
    "png": fuzz_png,
    "markup": lambda content: fuzz_markup(content.decode("utf-8", "replace")),
}

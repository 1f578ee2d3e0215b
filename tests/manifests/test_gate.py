import contextlib
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from manifests.gate import Limits, Refusal, check_header, decode_upright

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
ORIENTATION = 0x0112


def png_saying(width: int, height: int) -> bytes:
    """A tiny PNG whose header claims any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_every_listed_format_gives_rgb_pixels_and_the_header_agrees(form, encode):
    content = encode(1, form)
    decoded, header = decode_upright(content), check_header(content)
    assert decoded.pixels.shape == (48, 64, 3)
    assert decoded.pixels.dtype == np.uint8
    assert (decoded.width, decoded.height, decoded.frames, decoded.format) == (64, 48, 1, form)
    assert (header.width, header.height, header.frames, header.format) == (64, 48, 1, form)


def test_lossless_pixels_are_those_of_the_file(encode):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    for form in ("PNG", "BMP", "TIFF"):
        assert np.array_equal(decode_upright(saved(Image.fromarray(pixels), form)).pixels, pixels)


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_survives_being_cut_in_the_middle(form, encode):
    content = encode(1, form)
    for end in (1, 12, 40, len(content) // 2, len(content) * 9 // 10):
        with pytest.raises(Refusal):
            decode_upright(content[:end])


def test_a_cut_file_says_how_much_of_it_there_is(encode):
    content = encode(1, "BMP")
    with pytest.raises(Refusal, match=r"truncated after 1,024 of 9,270 bytes"):
        decode_upright(content[:1024])
    with pytest.raises(Refusal, match=r"truncated after 1,000 bytes"):
        decode_upright(encode(1, "JPEG", quality=95)[:1000])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(form, orientation):
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :24] = (255, 0, 0)
    upright[16:, 24:] = (0, 0, 255)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    image = Image.fromarray(upright)
    stored = image.transpose(Image.Transpose(undo[orientation])) if orientation in undo else image
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"quality": 100, "subsampling": 0} if form == "JPEG" else {}
    content = saved(stored, form, exif=exif, **options)
    decoded, header = decode_upright(content), check_header(content)
    assert (header.width, header.height) == (decoded.width, decoded.height) == (48, 32)
    assert np.abs(decoded.pixels.astype(int) - upright).mean() < 12


def test_a_header_that_lies_about_size_is_refused_before_decoding():
    for claim in (check_header, decode_upright):
        with pytest.raises(Refusal, match="header says 30000x30000 = 900 megapixels, limit 100"):
            claim(png_saying(30_000, 30_000))
    assert check_header(png_saying(9_500, 10_000)).width == 9_500
    with pytest.raises(Refusal, match="limit 10$"):
        check_header(png_saying(9_500, 10_000), Limits(max_megapixels=10))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"Dear diary,\nno picture today.\n" * 100, "is text, not an image"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "is SVG"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"PK\x03\x04" + bytes(100), "is an archive"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(100), "is a video"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "is PostScript"),
        (b"P6 2 2 255\n" + bytes(range(12)), "is not an image of a format that is read"),
        (bytes(range(256)), "is not an image of a format that is read"),
    ],
)
def test_what_is_no_image_is_called_by_its_name(content, words):
    for examine in (check_header, decode_upright):
        with pytest.raises(Refusal, match=words):
            examine(content)


def test_transparency_is_composited_on_white():
    clear = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert decode_upright(saved(clear, "PNG")).pixels.min() == 255
    assert abs(int(decode_upright(saved(half, "PNG")).pixels[0, 0, 0]) - 127) <= 1
    palette = Image.new("P", (8, 8), 3)
    palette.putpalette([value for index in range(256) for value in (index, index, index)])
    assert decode_upright(saved(palette, "PNG", transparency=3)).pixels.min() == 255


def test_unusual_samples_become_eight_bit_rgb_or_are_refused():
    assert decode_upright(saved(Image.fromarray(np.full((4, 4), 40_000, np.uint16)), "PNG")).pixels[0, 0, 0] == 156
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = decode_upright(saved(cmyk, "TIFF")).pixels[0, 0]
    assert red[0] > 240
    assert red[1] < 15
    for mode in ("I", "F"):
        with pytest.raises(Refusal, match="of unknown range"):
            decode_upright(saved(Image.new(mode, (4, 4)), "TIFF"))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_counts_and_the_others_are_counted(form):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    options = {"lossless": True} if form == "WEBP" else {}
    content = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
    decoded = decode_upright(content)
    assert check_header(content).frames == decoded.frames == 3
    assert tuple(decoded.pixels[0, 0]) == (255, 0, 0)


def test_only_regular_files_of_bearable_size_are_opened(tmp_path: Path, encode):
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    with pytest.raises(Refusal, match="is not a regular file"):
        check_header(pipe)
    with pytest.raises(Refusal, match="cannot be read: No such file"):
        check_header(tmp_path / "gone.jpg")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(encode(0))
    with pytest.raises(Refusal, match="limit 100"):
        check_header(photo, Limits(max_bytes=100))
    assert check_header(photo).format == "JPEG"


def test_damaged_bytes_raise_nothing_but_refusals(encode):
    random = np.random.default_rng(7)
    for form in FORMATS:
        content = encode(1, form)
        for _ in range(60):
            damaged = bytearray(content)
            for position in random.integers(0, len(content), 8):
                damaged[position] = random.integers(0, 256)
            for examine in (check_header, decode_upright):
                with contextlib.suppress(Refusal):
                    examine(bytes(damaged))

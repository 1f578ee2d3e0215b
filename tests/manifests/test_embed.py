import io
import json

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from manifests.embed import IMAGE_FIELD, image_column, schema_with_image, strip_metadata
from manifests.gate import Refusal, check_header, decode_upright
from manifests.records import ImageRecord
from manifests.tables import ANNOTATIONS

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825
SECRETS = (b"ACME camera", b"51 deg N", b"a private comment", b"x:xmpmeta")
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret/></x:xmpmeta>'


def exif_with_secrets(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = orientation, "ACME camera"
    exif.get_ifd(GPS)[29] = "51 deg N"
    return exif


def picture(size: tuple[int, int] = (40, 24)) -> Image.Image:
    pixels = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def file_with_secrets(form: str, orientation: int = 1) -> bytes:
    """An image file that says in every place its format has who took it and where."""
    options: dict[str, object] = {"exif": exif_with_secrets(orientation), "icc_profile": PROFILE}
    if form == "JPEG":
        options |= {"comment": b"a private comment", "xmp": XMP, "progressive": True}
    elif form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", "a private comment")
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options |= {"pnginfo": info}
    elif form == "WEBP":
        options |= {"xmp": XMP, "lossless": True}
    elif form == "GIF":
        options = {"comment": b"a private comment", "save_all": True, "append_images": [picture().rotate(180)]}
    buffer = io.BytesIO()
    picture().save(buffer, form, **options)
    trailer = b"" if form == "WEBP" else b"a private comment behind the image"
    return buffer.getvalue() + trailer


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_orientation_and_profile_stay_and_everything_else_goes(form, orientation):
    content = file_with_secrets(form, orientation)
    stripped, suffix = strip_metadata(content)
    assert not any(secret in stripped for secret in SECRETS)
    assert any(secret in content for secret in SECRETS)
    assert len(stripped) < len(content)
    assert np.array_equal(decode_upright(stripped).pixels, decode_upright(content).pixels)
    assert check_header(stripped).orientation == orientation
    with Image.open(io.BytesIO(stripped)) as image:
        image.load()
        assert image.info["icc_profile"] == PROFILE
        assert set(image.getexif()) <= {ORIENTATION}
    assert suffix == {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[form]


def test_frames_of_an_animation_stay():
    content = file_with_secrets("GIF")
    stripped, suffix = strip_metadata(content)
    assert not any(secret in stripped for secret in SECRETS)
    assert check_header(stripped).frames == check_header(content).frames == 2
    assert np.array_equal(decode_upright(stripped).pixels, decode_upright(content).pixels)
    assert suffix == "gif"


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_encoded_pixels_of_a_jpeg_are_byte_for_byte_the_same(encode, mode, progressive):
    content = encode(2, "JPEG", mode=mode, progressive=progressive)
    assert strip_metadata(content)[0] == content


def test_stripping_twice_is_stripping_once():
    for form in ("JPEG", "PNG", "WEBP", "GIF"):
        once = strip_metadata(file_with_secrets(form, 6))
        assert strip_metadata(once[0]) == once


@pytest.mark.parametrize("form", ["BMP", "TIFF", "AVIF"])
def test_containers_that_cannot_be_cut_are_refused(encode, form):
    with pytest.raises(Refusal, match=f"metadata cannot be cut out of {form}"):
        strip_metadata(encode(0, form))


def test_a_damaged_file_is_stripped_or_refused_but_never_another_picture():
    random = np.random.default_rng(5)
    for form in ("JPEG", "PNG", "WEBP", "GIF"):
        content = file_with_secrets(form, 6)
        for _ in range(80):
            damaged = bytearray(content)
            for position in random.integers(0, len(content), 4):
                damaged[position] = random.integers(0, 256)
            try:
                before = decode_upright(bytes(damaged))
                stripped, _ = strip_metadata(bytes(damaged))
                after = decode_upright(stripped)
            except Refusal:
                continue
            assert np.array_equal(after.pixels, before.pixels)


def test_the_column_is_null_with_a_reason_where_there_is_no_image(encode):
    fine = ImageRecord(image_id="ab" * 16, uri="a.png", outcome="ok", content=encode(0, "PNG"))
    bitmap = ImageRecord(image_id="cd" * 16, uri="b.bmp", outcome="filtered", content=encode(0, "BMP"))
    failed = ImageRecord(image_id="ef" * 16, uri="c.jpg", outcome="failed")
    column, reasons = image_column([fine, bitmap, failed])
    assert column.type == IMAGE_FIELD.type
    first, *others = column.to_pylist()
    assert first["path"] == "ab" * 16 + ".png"
    assert others == [None, None]
    assert dict(reasons) == {
        "metadata cannot be cut out of BMP without encoding it again": 1,
        "the image failed": 1,
    }


def test_bytes_that_were_dropped_too_early_are_an_error_and_no_silent_null():
    with pytest.raises(ValueError, match="were dropped before the commit"):
        image_column([ImageRecord(image_id="ab" * 16, uri="a.png", outcome="ok")])


def test_the_schema_says_image_in_the_words_of_datasets():
    metadata = schema_with_image(ANNOTATIONS.schema).metadata
    assert json.loads(metadata[b"huggingface"])["info"]["features"]["image"] == {"_type": "Image"}
    assert metadata[b"annotate.table"] == b"annotations"

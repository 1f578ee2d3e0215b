"""Load: what does not decode is a failed row with its reason, what is too small or too long is filtered."""

import hashlib
import io
from pathlib import Path

from PIL import Image

from manifests.records import ImageRecord
from stages.load import Load, LoadConfig


def load(folder: Path, content: bytes, config: LoadConfig | None = None) -> ImageRecord:
    path = folder / "image.bin"
    path.write_bytes(content)
    row = ImageRecord(image_id=hashlib.sha256(content).hexdigest()[:32], uri="image.bin", location=str(path))
    Load(config)([row])
    return row


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def test_size_and_frames_are_noted_and_the_bytes_are_kept(tmp_path: Path) -> None:
    content = png(64, 48)
    row = load(tmp_path, content)
    assert (row.outcome, row.width, row.height, row.frames, row.content) == (None, 64, 48, 1, content)


def test_sizes_are_those_of_the_upright_image(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((64, 48), 40).convert("RGB").save(buffer, "JPEG", exif=exif)
    row = load(tmp_path, buffer.getvalue())
    assert (row.width, row.height) == (48, 64)


def test_a_truncated_file_fails_with_the_fact(tmp_path: Path) -> None:
    row = load(tmp_path, png(64, 48)[:-200])
    assert (row.outcome, row.stage) == ("failed", "load")
    assert "truncated" in (row.reason or "")


def test_a_file_that_changed_since_the_plan_fails(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(png(64, 48))
    row = ImageRecord(image_id="0" * 32, uri="image.png", location=str(path))
    Load()([row])
    assert (row.outcome, row.reason) == ("failed", "changed since the plan was made")


def test_a_file_that_is_gone_fails_without_naming_the_machine(tmp_path: Path) -> None:
    row = ImageRecord(image_id="0" * 32, uri="gone.png", location=str(tmp_path / "gone.png"))
    Load()([row])
    assert row.outcome == "failed"
    assert str(tmp_path) not in (row.reason or "")


def test_images_too_small_or_too_long_are_filtered(tmp_path: Path) -> None:
    assert load(tmp_path, png(64, 16)).reason == "shorter side 16 px is below 32 px"
    assert load(tmp_path, png(400, 40)).reason == "aspect 10.0 is above 8"
    assert load(tmp_path, png(64, 16)).outcome == "filtered"


def test_more_pixels_than_allowed_fail(tmp_path: Path) -> None:
    row = load(tmp_path, png(1200, 1000), LoadConfig(max_megapixels=1.0))
    assert row.outcome == "failed"
    assert "megapixels" in (row.reason or "")


def test_untrusted_files_are_decoded_elsewhere_with_the_same_result_and_the_same_identity(tmp_path: Path) -> None:
    content = png(64, 48)
    path = tmp_path / "image.png"
    path.write_bytes(content)
    stage = Load(LoadConfig(untrusted=True))
    stage.open()
    row = ImageRecord(image_id=hashlib.sha256(content).hexdigest()[:32], uri="image.png", location=str(path))
    stage([row])
    assert row == load(tmp_path, content).model_copy(update={"uri": row.uri, "location": row.location})
    assert stage.identity() == Load().identity()


def test_untrusted_files_get_the_memory_and_the_time_of_the_recipe(tmp_path: Path) -> None:
    limits = LoadConfig(untrusted=True, untrusted_memory_mib=128, untrusted_seconds=0.5).jail()
    assert limits is not None
    assert (limits.memory_mib, limits.seconds) == (128, 0.5)
    assert LoadConfig().jail() is None

"""Upright previews and thumbnails of the images, named by image id and made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from manifests.gate import Refusal, decode_upright

PREVIEW_SIDE_PX = 1024
THUMBNAIL_SIDE_PX = 320


@dataclass(frozen=True)
class Pictures:
    """Folders of the pictures; file names are `<image_id>.jpg`."""

    previews: Path
    thumbnails: Path

    def write(self, image_id: str, content: Callable[[], bytes]) -> str | None:
        """Write both pictures unless they are there. Returns why there is no picture, or None."""
        paths = [folder / f"{image_id}.jpg" for folder in (self.previews, self.thumbnails)]
        if all(path.exists() for path in paths):
            return None
        try:
            image = Image.fromarray(decode_upright(content(), float("inf")).pixels)
        except Refusal as refusal:
            return str(refusal)
        for path, side, quality in zip(paths, (PREVIEW_SIDE_PX, THUMBNAIL_SIDE_PX), (88, 80), strict=True):
            image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
            temporary = path.with_suffix(".tmp")
            image.save(temporary, "JPEG", quality=quality, optimize=True)
            temporary.replace(path)
        return None

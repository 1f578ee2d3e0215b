"""Load: read the encoded file and let it pass the whole decode gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from manifests.gate import Refusal
from manifests.jail import Jail, JailLimits
from manifests.records import ImageRecord
from manifests.sources import read_content
from stages.pixels import decode, hold
from stages.stage import Stage, StageConfig


class LoadConfig(StageConfig):
    """Limits of what is accepted as an image."""

    max_megapixels: float = Field(default=100.0, gt=0)
    """Images with more pixels fail, by their header, before they are decoded."""
    min_side_px: int = Field(default=32, ge=1)
    """Images whose shorter side is smaller are filtered: a 20x20 grid has nothing to measure there."""
    max_aspect: float = Field(default=8.0, ge=1)
    """Images with a larger ratio of longer to shorter side are filtered."""
    untrusted: bool = False
    """Whether strangers made the files: headers are read and images decoded in a process with limits of its own."""
    untrusted_memory_mib: int = Field(default=2048, ge=64)
    """Memory that decoding one image may take, if untrusted."""
    untrusted_seconds: float = Field(default=30.0, gt=0)
    """Time that decoding one image may take, if untrusted."""

    def jail(self) -> JailLimits | None:
        """The limits of a jail, if there is to be one."""
        return JailLimits(self.untrusted_memory_mib, self.untrusted_seconds) if self.untrusted else None


class Load(Stage):
    """Read, decode once, and note size and frames. A file that does not decode is a failed row with its reason."""

    name = "load"
    needs = frozenset({"location"})
    adds = frozenset({"content", "width", "height", "frames"})
    Config = LoadConfig
    config: LoadConfig
    _jail: Jail | None = None

    def open(self) -> None:
        """Prepare the jail; its process starts with the first image."""
        limits = self.config.jail()
        self._jail = Jail(limits) if limits is not None else None

    def options(self) -> Mapping[str, Any]:
        """Where an image is decoded does not change its pixels."""
        options = super().options()
        return {name: value for name, value in options.items() if not name.startswith("untrusted")}

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Fill content, width, height and frames of each row."""
        for row in rows:
            self._load(row)
        return rows

    def _load(self, row: ImageRecord) -> None:
        assert row.location is not None
        try:
            row.content = read_content(row.location, row.image_id)
            if self._jail is not None:
                hold(row, self._jail.decode_upright(row.content, self.config.max_megapixels))
            decoded = decode(row, self.config.max_megapixels)
        except Refusal as refusal:
            return row.end("failed", self.name, str(refusal))
        row.width, row.height, row.frames = decoded.width, decoded.height, decoded.frames
        short, long = sorted((decoded.width, decoded.height))
        if short < self.config.min_side_px:
            return row.end("filtered", self.name, f"shorter side {short} px is below {self.config.min_side_px} px")
        if long > self.config.max_aspect * short:
            return row.end("filtered", self.name, f"aspect {long / short:.1f} is above {self.config.max_aspect:g}")
        return None

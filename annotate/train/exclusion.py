"""Images that nothing may be trained on: those of a benchmark, by content and by likeness."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annotate.evaluate.bench import read_bench
from annotate.evaluate.images import read_file
from annotate.evaluate.likeness import is_near, perceptual_hash
from annotate.evaluate.make import FACTS, HELD_OUT, IMAGES, NEAR_BITS
from manifests.errors import InputError
from manifests.gate import Refusal


@dataclass(frozen=True)
class Excluded:
    """Content ids, and perceptual hashes with the bits in which a copy may differ."""

    image_ids: frozenset[str]
    hashes: tuple[tuple[int, int], ...]

    reason_of_id = "held out by a benchmark"
    reason_of_likeness = "looks like one of a benchmark"

    def looks_like(self, content: bytes) -> bool:
        """Whether an encoded image is near to one of a benchmark. Raises InputError without ImageHash."""
        try:
            found = perceptual_hash(content)
        except Refusal:
            return False
        return any(is_near(found, [each], within) for each, within in self.hashes)


def excluded_by(benches: Sequence[Path]) -> Excluded:
    """What folders of `annotate bench make` keep out of training: their images and what `held-out.txt` names.

    Raises InputError for a folder that is no benchmark.
    """
    ids: set[str] = set()
    hashes: list[tuple[int, int]] = []
    for folder in benches:
        within = _near_bits(folder)
        ids |= {row.image_id for row in read_bench(folder).texts}
        held_out = folder / HELD_OUT
        if held_out.is_file():
            ids |= set(held_out.read_text(encoding="utf-8").split())
        for path in sorted((folder / IMAGES).iterdir()) if (folder / IMAGES).is_dir() else ():
            try:
                hashes.append((perceptual_hash(read_file(path)), within))
            except Refusal as refusal:
                raise InputError(f"--exclude {path}: {refusal}; make the benchmark anew") from refusal
    return Excluded(frozenset(ids), tuple(hashes))


def _near_bits(folder: Path) -> int:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return int(facts.get("near_bits", NEAR_BITS))
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"--exclude {folder}: no benchmark there (no {FACTS}); give a folder of annotate bench make"
        ) from error

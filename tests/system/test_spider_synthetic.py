"""The recipe `spider-synthetic` on real photographs: what its tables say is what was planted, to the pixel."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from annotate.gallery.dataset import RunFolder
from manifests.embed import strip_metadata
from manifests.gate import decode_upright
from manifests.masks import box_of_mask, decode_mask
from manifests.recipe import load_recipe
from manifests.records import ImageRecord, Mask
from manifests.vocabulary import SEVERITY_WORDS
from stages.chain import Chain
from stages.language.planted import FAMILY_NAMES, PLANTED_NAMES
from stages.question import planted_pools as pools
from stages.registry import build_chain

PHOTOS = ("astronaut.jpg", "bridge-night.jpg", "canyon-dusk.jpg", "cat.png", "cyclist.jpg", "espresso.png")

Row = dict[str, Any]


@pytest.fixture(scope="module")
def some_photos(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good-photos")
    for name in PHOTOS:
        shutil.copy(photos / name, folder)
    return folder


@pytest.fixture(scope="module")
def run(annotate: Callable[..., Any], some_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "spider"
    options = ("--set", "distort.untouched=0.2")
    annotate("run", "--recipe", "spider-synthetic", "--images", some_photos, "--out", out, "--shard-size", 3, *options)
    return out


def rows_of(run: Path, table: str) -> list[Row]:
    return [row for part in sorted((run / table).glob("*.parquet")) for row in pq.read_table(part).to_pylist()]


def planted(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["source"] == "planted"]


def total(region: Row) -> int:
    return sum(found["severity"] for found in region["distortions"])


def test_pixels_change_inside_the_planted_masks_and_nowhere_else(run: Path, some_photos: Path) -> None:
    changed_images = 0
    for row in rows_of(run, "annotations"):
        original = decode_upright((some_photos / row["uri"]).read_bytes(), 100).pixels
        degraded = decode_upright(row["image"]["bytes"], 100).pixels
        changed = (original != degraded).any(axis=2)
        inside = np.zeros(changed.shape, np.bool_)
        for region in planted(row["regions"]):
            mask = decode_mask(Mask.model_validate(region["mask"]))
            assert changed[mask].any()
            assert tuple(region["box_xyxy_px"]) == box_of_mask(Mask.model_validate(region["mask"]))
            assert not (inside & mask).any()
            inside |= mask
        assert not changed[~inside].any()
        changed_images += bool(changed.any())
    assert changed_images >= 3


def asked(question: str, frames: tuple[str, ...]) -> dict[str, str] | None:
    """The slots of the frame that made a question, or None."""
    for frame in frames:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(frame))
        if found := re.fullmatch(pattern, question):
            return found.groupdict()
    return None


def severity(region: Row, name: str) -> int:
    """Severity of what a question calls by the name of a variant or of a family, 0 if it is not there."""
    fitting = [d for d in region["distortions"] if name in (PLANTED_NAMES[d["name"]], FAMILY_NAMES[d["family"]])]
    return max((found["severity"] for found in fitting), default=0)


def fitting_regions(question: str, regions: list[Row]) -> list[int]:
    """Numbers of the kept regions that answer a grounding question, worked out from the regions table alone."""
    touched = [region for region in regions if region["distortions"]]
    having: dict[int, int] = {}
    if asked(question, pools.HYD_WORST) is not None:
        having = {region["region_id"]: total(region) for region in touched}
        wanted = max(having.values())
    elif slots := asked(question, pools.HYD_BEST):
        compared = touched if slots["scope"] == "the distorted regions" else regions
        having = {region["region_id"]: total(region) for region in compared}
        wanted = min(having.values())
    elif slots := asked(question, pools.SID_MOST) or asked(question, pools.SID_LEAST):
        having = {region["region_id"]: severity(region, slots["name"]) for region in touched}
        having = {number: degree for number, degree in having.items() if degree}
        wanted = (max if asked(question, pools.SID_MOST) else min)(having.values())
    else:
        orders = {r["region_id"]: [PLANTED_NAMES[d["name"]] for d in r["distortions"]] for r in touched}
        for frames, places in ((pools.DAO_ORDER, (0, 1)), (pools.DAO_FIRST, (0,)), (pools.DAO_LAST, (1,))):
            if slots := asked(question, frames):
                names = [slots.get("name", slots.get("first", "")), slots.get("second", "")]
                pairs = {number: order for number, order in orders.items() if len(order) == 2}
                return [n for n, o in pairs.items() if all(o[p] == names[i] for i, p in enumerate(places))]
        raise AssertionError(f"no pool has the question {question!r}")
    return [number for number, value in having.items() if value == wanted]


def test_every_grounding_answer_is_the_only_region_that_fits(run: Path) -> None:
    regions = {row["image_id"]: row["regions"] for row in rows_of(run, "annotations")}
    points = {(row["image_id"], row["region_id"]): row for row in rows_of(run, "points")}
    grounding = [row for row in rows_of(run, "vqa") if row["family"] == "ground"]
    assert len(grounding) >= 6
    for row in grounding:
        (answer,) = row["region_ids"]
        kept = {region["region_id"]: region for region in regions[row["image_id"]] if region["kept"]}
        assert fitting_regions(row["question_plain"], list(kept.values())) == [answer]
        assert row["spatial"] == "grounding"
        assert "](<" in row["answer"]
        assert "](<" not in row["question"]
        label = points[row["image_id"], answer]
        assert label["mask"] == kept[answer]["mask"]
        place = f"{label['position_vertical']} {label['position_horizontal']}"
        assert label["whole_image"] or row["answer_plain"].endswith(f"at the {place}.")


def test_every_short_referring_answer_lists_what_was_planted_in_its_order(run: Path) -> None:
    regions = {(row["image_id"], row["region_id"]): row for row in rows_of(run, "regions")}
    short = [row for row in rows_of(run, "vqa") if row["family"] == "refer-short"]
    assert short
    for row in short:
        planted_here = regions[row["image_id"], row["region_ids"][0]]["distortions"]
        listed = ", ".join(
            f"{SEVERITY_WORDS[found['severity']]} {PLANTED_NAMES[found['name']]}" for found in planted_here
        )
        assert row["answer"].lower() == f"{listed}.".lower()
        assert row["spatial"] == "none"


def test_texts_name_regions_that_are_kept_and_detected_objects_with_changed_pixels_are_not(run: Path) -> None:
    for row in rows_of(run, "annotations"):
        masks = [decode_mask(Mask.model_validate(region["mask"])) for region in planted(row["regions"])]
        for region in row["regions"]:
            if region["source"] == "detector" and region["kept"]:
                x1, y1, x2, y2 = (round(side) for side in region["box_xyxy_px"])
                assert not any(mask[y1:y2, x1:x2].any() for mask in masks)
                assert region["distortions"] == []


def test_an_image_that_was_left_alone_says_so_and_asks_for_no_region(run: Path) -> None:
    asked = {row["image_id"] for row in rows_of(run, "vqa")}
    said = {row["image_id"]: row["answer_plain"] for row in rows_of(run, "descriptions") if row["level"] == "global"}
    for row in rows_of(run, "annotations"):
        if planted(row["regions"]):
            assert row["image_id"] in asked
        else:
            assert row["image_id"] not in asked
            assert "degrad" in said[row["image_id"]]


def test_the_gallery_shows_the_degraded_picture(run: Path, some_photos: Path) -> None:
    folder = RunFolder.read(run)
    for manifest in folder.manifests:
        for record in folder.records(manifest):
            shown = folder.content(manifest, record)
            assert shown != (some_photos / record.uri).read_bytes()
            assert decode_upright(shown, 100).pixels.shape[:2] == (record.height, record.width)


def test_the_same_seed_makes_the_same_bytes(run: Path, some_photos: Path) -> None:
    recipe = load_recipe("spider-synthetic", ["distort.untouched=0.2"])
    chain = Chain(build_chain(recipe))
    chain.open()
    committed = {row["image_id"]: row for row in rows_of(run, "annotations")}
    image_id, row = next((key, row) for key, row in committed.items() if planted(row["regions"]))
    record = ImageRecord(image_id=image_id, uri=row["uri"], location=str(some_photos / row["uri"]))
    chain([record])
    assert [region.model_dump(mode="json") for region in record.regions] == json.loads(json.dumps(row["regions"]))
    assert record.content is not None
    assert strip_metadata(record.content)[0] == row["image"]["bytes"]


def test_verify_finds_nothing_wrong(annotate: Callable[..., Any], run: Path) -> None:
    assert "everything is as it should be" in annotate("verify", run).stdout

"""Small runs of real photos with hand-written records, committed by the real ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from manifests.ledger import Ledger
from manifests.markup import to_grid_text
from manifests.plan import make_plan
from manifests.records import ImageRecord, Passage, Question, Region, Report
from manifests.run import RunInfo, StageIdentity
from manifests.sources import list_inputs, location_of, read_content
from stages.fuse import Fuse

NAMES = ("beach.jpg", "cat.png", "espresso.png", "storm-road.jpg", "cyclist.jpg")
LICENCES = {"test weights": "Apache-2.0"}


def labelled(row: ImageRecord) -> ImageRecord:
    """One region, a description that names it, a question with its box and one without."""
    assert row.width is not None
    assert row.height is not None
    box = (0.1 * row.width, 0.2 * row.height, 0.6 * row.width, 0.9 * row.height)
    row.regions = [Region(region_id=1, label="thing", phrase="thing", box_xyxy_px=box, source="detector")]
    text = "The [thing](#1) is sharp — all else is blurred."
    row.report = Report(author="test", passages=[Passage(level="global", question="How is it?", text=text)])
    row = Fuse()([row])[0]
    linked = to_grid_text("Is the [thing](#1) sharp?", {1: box}, row.width, row.height)
    for family, question, answer in (("yes-no", linked, "Yes."), ("what", "What is wrong?", "Blur.")):
        row.questions.append(
            Question(
                question=question,
                answer=answer,
                question_plain=question.partition("](")[0].replace("[", ""),
                answer_plain=answer,
                family=family,
                spatial="referring" if family == "yes-no" else "none",
                region_ids=[1],
                author="test",
                id=f"{row.image_id}-{family}",
            )
        )
    return row


def commit_run(
    images: Path,
    out: Path,
    fill: Callable[[ImageRecord], ImageRecord],
    *,
    shard_size: int,
    shards: int | None = None,
    embed_images: bool = False,
    licences: dict[str, str] | None = None,
) -> Path:
    """Plan, commit and finish a run, each record filled in; with `shards`, only so many are committed."""
    inputs = list_inputs(images)
    info = RunInfo(
        recipe={"recipe": "embedded", "summary": "for tests", "stages": []},
        fingerprint="0123456789abcdef" * 4,
        stages=[StageIdentity(name="load", identity="f" * 64)],
        seed=0,
        embed_images=embed_images,
        images=inputs.source,
        root=inputs.root,
        licences=licences or {},
    )
    with Ledger.start(out, info, lambda: make_plan(inputs, shard_size=shard_size)) as ledger:
        committer = ledger.committer()
        for shard in ledger.pending()[:shards]:
            rows = [
                ImageRecord(
                    image_id=said["image_id"],
                    uri=said["uri"],
                    width=said["width"],
                    height=said["height"],
                    content=read_content(location_of(inputs.root, said["uri"])),
                )
                for said in ledger.plan_rows(shard).to_pylist()
            ]
            committer.commit(shard, [fill(row) for row in rows])
        if shards is None:
            ledger.finish()
    return out


@pytest.fixture(scope="session")
def run_committer() -> Callable[..., Path]:
    """`commit_run`."""
    return commit_run


@pytest.fixture(scope="session")
def labelled_photos(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five photos of different sizes, small."""
    folder = tmp_path_factory.mktemp("labelled-photos")
    for number, name in enumerate(NAMES):
        with Image.open(photos / name) as photo:
            photo.convert("RGB").resize((160 + 16 * number, 120)).save(folder / f"{number}.jpg")
    return folder


@pytest.fixture(scope="session")
def labelled_run(labelled_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over the five photos."""
    out = tmp_path_factory.mktemp("runs") / "labelled"
    return commit_run(labelled_photos, out, labelled, shard_size=2, licences=LICENCES)


@pytest.fixture(scope="session")
def turned_run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over two photos, one of which lies on its side by EXIF."""
    folder = tmp_path_factory.mktemp("turned-photos")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for name, said in (("upright.jpg", Image.Exif()), ("turned.jpg", exif)):
        with Image.open(photos / "beach.jpg") as photo:
            photo.resize((160, 120)).save(folder / name, exif=said)
    out = tmp_path_factory.mktemp("runs") / "turned"
    return commit_run(folder, out, labelled, shard_size=2, licences=LICENCES)

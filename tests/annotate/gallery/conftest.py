"""A small run made of real photos and hand-written records, committed by the real ledger, and a real Chromium."""

import functools
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from annotate.gallery import render
from manifests.markup import to_grid_text
from manifests.masks import encode_mask
from manifests.records import (
    Attributes,
    Claim,
    Distortion,
    FamilyMap,
    ImageRecord,
    Passage,
    Point,
    PointLabel,
    Question,
    Region,
    Report,
    Score,
)
from stages.fuse import Fuse

PHOTOS = Path(__file__).parents[3] / "docs" / "photos"

HOSTILE_NAME = '<img src=x onerror=hacked=1> "it\'s" & #1?.png'
HOSTILE_WORDS = "\"'><script>hacked=1</script><img src=x onerror='hacked=1'>"

BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def make_photos(folder: Path) -> None:
    """Six images of which one lies on its side by EXIF, a copy, a text that claims to be an image."""
    (folder / "sea").mkdir(parents=True)
    shutil.copy(PHOTOS / "beach.jpg", folder / "sea" / "beach.jpg")
    shutil.copy(PHOTOS / "beach.jpg", folder / "sea" / "zz-copy.jpg")
    shutil.copy(PHOTOS / "cat.png", folder / HOSTILE_NAME)
    shutil.copy(PHOTOS / "rocket-night.jpg", folder / "gone.jpg")
    shutil.copy(PHOTOS / "cyclist.jpg", folder / "small.jpg")
    shutil.copy(PHOTOS / "photographer.png", folder / "stage-failed.png")
    with Image.open(PHOTOS / "storm-road.jpg") as photo:
        exif = Image.Exif()
        exif[274] = 6
        photo.resize((480, 300)).save(folder / "turned.jpg", exif=exif)
    (folder / "text.jpg").write_text("not an image")


def beach(row: ImageRecord) -> ImageRecord:
    """Everything that a page can show."""
    width, height = row.width, row.height
    inside = np.zeros((height, width), dtype=bool)
    inside[: height // 4, : width // 2] = True
    inside[: height // 2, : width // 4] = True
    blurred = [Distortion(family="blur", name="lens blur", severity=4)]
    row.regions = [
        Region(
            region_id=1,
            label="person",
            phrase="man in black",
            box_xyxy_px=(0.5 * width, 0.3 * height, 0.8 * width, 0.95 * height),
            source="detector",
            detector="ssd",
            detector_score=0.91,
            iqa_score=0.7,
            attributes=Attributes(sharpness=0.71, noise=1.25),
            quality="good",
            effect="positive",
        ),
        Region(
            region_id=2,
            label="area",
            phrase="sky",
            box_xyxy_px=(0.0, 0.0, 0.5 * width, 0.5 * height),
            mask=encode_mask(inside),
            source="quality-map",
            distortions=blurred,
        ),
        Region(
            region_id=3,
            label="kite",
            phrase="kite",
            box_xyxy_px=(0.1 * width, 0.6 * height, 0.3 * width, 0.8 * height),
            source="detector",
            kept=False,
            drop_reason="not-confirmed",
        ),
    ]
    row.scores = [Score(metric="evidence", value=0.8125, lower_better=False)]
    row.attributes = Attributes(sharpness=0.6, noise=2.0)
    row.distortions = [Distortion(family="darken", name="darken", severity=2)]
    tenths = [0] * 400
    tenths[0] = 50
    row.quality_map = [
        FamilyMap(family="blur", severity_tenths=tenths),
        FamilyMap(family="noise", severity_tenths=[10] * 400),
    ]
    claim = Claim(
        region_ids=[2],
        family="noise",
        present=True,
        text="is full of noise",
        contradicted=True,
        contradiction="noise measured 1.2",
    )
    sentence = "The [man in black](#1) is sharp, but the [sky](#2) is full of noise. Both [subjects](#1, #2) are dark."
    row.report = Report(
        author="a test",
        passages=[
            Passage(level="global", question="How good is this picture?", text=sentence, claims=[claim]),
            Passage(level="local", question="And the sky?", text="The [sky](#2) is severely blurred."),
        ],
    )
    boxes = {region.region_id: region.box_xyxy_px for region in row.regions}
    row.questions = [
        Question(
            id=f"{row.image_id}-q01",
            question=to_grid_text("Is the [sky](#2) blurred?", boxes, width, height),
            answer="Yes.",
            question_plain="Is the sky blurred?",
            answer_plain="Yes.",
            family="yes-no",
            spatial="referring",
            region_ids=[2],
            author="a test",
        ),
    ]
    row.points = [
        PointLabel(
            id=f"{row.image_id}-p01",
            region_id=1,
            label="man in black",
            box_xyxy_px=row.regions[0].box_xyxy_px,
            points=[Point(x=0.65, y=0.6, positive=True), Point(x=0.45, y=0.2, positive=False)],
            position_horizontal="right",
            position_vertical="bottom",
            whole_image=False,
        )
    ]
    return Fuse()([row])[0]


def hostile(row: ImageRecord) -> ImageRecord:
    """Words of an author who wants to run a script in the reader's browser."""
    row.regions = [
        Region(
            region_id=1,
            label=HOSTILE_WORDS,
            phrase=HOSTILE_WORDS,
            box_xyxy_px=(10, 10, 100, 100),
            source="detector",
            detector=HOSTILE_WORDS,
            distortions=[Distortion(family="blur", name=HOSTILE_WORDS, severity=1)],
        )
    ]
    text = f"{HOSTILE_WORDS} a [{HOSTILE_WORDS}](#1)"
    passage = Passage(level="global", question=HOSTILE_WORDS, text=text)
    row.report = Report(author=HOSTILE_WORDS, passages=[passage])
    return Fuse()([row])[0]


def fill(row: ImageRecord) -> ImageRecord:
    """The record of each photo by its name."""
    if row.uri.endswith("beach.jpg"):
        return beach(row)
    if row.uri == HOSTILE_NAME:
        return hostile(row)
    if row.uri == "small.jpg":
        row.end("filtered", "load", "smallest side 20 px, recipe wants 32")
    elif row.uri == "stage-failed.png":
        row.end("failed", "describe", "the author's reply <b>ended by length</b>")
    return row


@pytest.fixture(scope="module")
def gallery(tmp_path_factory, run_maker) -> Path:
    """The gallery folder of the run, whose `gone.jpg` was deleted after it was annotated."""
    folder = tmp_path_factory.mktemp("gallery")
    make_photos, make_run = run_maker
    make_photos(folder / "photos")
    make_run(folder / "photos", folder / "run")
    (folder / "photos" / "gone.jpg").unlink()
    render(folder / "run")
    return folder / "run" / "gallery"


@pytest.fixture(scope="module")
def run_maker(run_committer):
    """`make_photos(folder)` and `make_run(images, out, embed_images=, shards=)`."""
    return make_photos, functools.partial(run_committer, fill=fill, shard_size=3)


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium on PATH: `make test` installs it, or do it yourself: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield chromium
        chromium.close()


class Visit:
    """A tab that remembers what went wrong and what it asked for."""

    def __init__(self, browser, gallery: Path, **context) -> None:
        self.gallery = gallery
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **context})
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, address: str = "index.html"):
        """Open a page of the gallery from its file."""
        self.page.goto(f"{self.gallery.as_uri()}/{address}")
        return self.page

    def image(self, uri: str, hash_part: str = ""):
        """Open the page of an image by clicking its card in the index."""
        page = self.open(f"index.html{hash_part}")
        page.locator(".card", has=page.get_by_text(uri, exact=True)).locator("a").click()
        page.wait_for_selector("body.image-page")
        return page


@pytest.fixture
def visit(browser, gallery):
    """A tab on the gallery; at the end, no page may have had an error or asked for anything outside its folder."""
    tab = Visit(browser, gallery)
    yield tab
    tab.context.close()
    assert tab.errors == []
    assert [url for url in tab.requests if not url.startswith((gallery.as_uri(), "data:,"))] == []

"""Write the gallery of a run: one page for each image, an index that filters them, pictures; no server, no network.

    gallery/  index.html  images/<image_id>.html  img/<image_id>.jpg  thumb/<image_id>.jpg  data/  assets/

Pages follow from the committed shards alone. Pictures are named by content, so a second rendering makes only new ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from annotate.gallery.dataset import RunFolder
from annotate.gallery.listing import Listing
from annotate.gallery.page import ATTRIBUTE_MEANINGS, image_page
from annotate.gallery.preview import PREVIEW_SIDE_PX, Pictures
from manifests.atomic import as_output_error
from manifests.commit import ShardManifest
from manifests.layout import GALLERY
from manifests.ledger import read_status
from manifests.records import ImageRecord
from manifests.vocabulary import SEVERITY_WORDS

_OWN_FILE = re.compile(r"[0-9a-f]{32}\.(html|jpg|tmp)")


@dataclass(frozen=True)
class _Site:
    """Folders of a gallery."""

    root: Path

    @property
    def pages(self) -> Path:
        return self.root / "images"

    @property
    def previews(self) -> Path:
        return self.root / "img"

    @property
    def thumbnails(self) -> Path:
        return self.root / "thumb"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def assets(self) -> Path:
        return self.root / "assets"

    def make(self) -> None:
        for folder in (self.pages, self.previews, self.thumbnails, self.data, self.assets):
            folder.mkdir(parents=True, exist_ok=True)


def render(out: Path, *, limit: int | None = None, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """Write `out`/gallery from the committed shards of the run in `out`, and return its index.html.

    `limit` shows only so many images, the first ones by id. `on_progress` is called with (done, total) images. Works
    on runs that go on or were interrupted, and never changes the dataset. Raises OutputError when `out` holds no run
    or cannot be written.
    """
    run = RunFolder.read(out)
    site = _Site(out / GALLERY)
    try:
        return _write(run, site, limit, on_progress or (lambda done, total: None))
    except OSError as error:
        raise as_output_error(error, site.root) from error


def _write(run: RunFolder, site: _Site, limit: int | None, on_progress: Callable[[int, int], None]) -> Path:
    site.make()
    environment = _environment()
    all_ids = run.image_ids()
    shown = all_ids[:limit]
    listing = Listing()
    page = environment.get_template("image.html")
    neighbours = zip([None, *shown[:-1]], [*shown[1:], None], strict=True) if shown else iter([])
    for number, (record, missing) in enumerate(_with_pictures(run, site, len(shown)), start=1):
        before, after = next(neighbours)
        said = page.render(
            page=image_page(record, missing), number=number, total=len(shown), before=before, after=after
        )
        (site.pages / f"{record.image_id}.html").write_text(said, encoding="utf-8")
        listing.add_image(record, missing is None)
        on_progress(number, len(shown))
    for row in run.plan_rows():
        listing.add_plan_row(row)
    _sweep(site, set(shown), set(all_ids))
    return _write_index(run, site, environment, listing, len(shown), len(all_ids))


def _with_pictures(run: RunFolder, site: _Site, limit: int) -> Iterator[tuple[ImageRecord, str | None]]:
    """The first `limit` images, each with the reason why it has no picture or None."""
    pictures = Pictures(site.previews, site.thumbnails)

    def draw(shard: ShardManifest, record: ImageRecord) -> str | None:
        if record.width is None:
            return record.reason or "it was never decoded"
        return pictures.write(record.image_id, lambda: run.content(shard, record))

    left = limit
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for shard in run.manifests:
            records = run.records(shard)[:left]
            yield from zip(records, pool.map(lambda record, shard=shard: draw(shard, record), records), strict=True)
            left -= len(records)
            if not left:
                return


def _write_index(
    run: RunFolder, site: _Site, environment: Environment, listing: Listing, shown: int, images: int
) -> Path:
    (site.data / "entries.js").write_text(listing.entries_script(), encoding="utf-8")
    (site.data / "texts.js").write_text(listing.texts_script(), encoding="utf-8")
    for asset in (files("annotate.gallery") / "assets").iterdir():
        (site.assets / asset.name).write_bytes(asset.read_bytes())
    said = environment.get_template("index.html").render(
        title=run.out.resolve().name,
        run=run.file.run,
        status=read_status(run.out),
        shown=shown,
        images=images,
    )
    index = site.root / "index.html"
    index.write_text(said, encoding="utf-8")
    return index


def _sweep(site: _Site, shown: set[str], known: set[str]) -> None:
    """Remove pages that are not shown, and pictures of images that the run does not hold (any more)."""
    for folder, wanted in ((site.pages, shown), (site.previews, known), (site.thumbnails, known)):
        for path in folder.iterdir():
            if _OWN_FILE.fullmatch(path.name) and (path.stem not in wanted or path.suffix == ".tmp"):
                path.unlink()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("annotate.gallery"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        severity_words=SEVERITY_WORDS, attribute_meanings=ATTRIBUTE_MEANINGS, preview_side=PREVIEW_SIDE_PX
    )
    return environment

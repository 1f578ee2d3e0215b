"""The score stage: one quality score per region and per image, in one named metric."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator, model_validator

from manifests.records import Attributes, ImageRecord, Region, Score
from manifests.weights import WeightSource, local_path
from stages.pixels import crop, single_threaded, upright_rgb
from stages.score.crops import Pixels, at_least, at_most, crop_box, resized_to
from stages.score.evidence import METRIC as EVIDENCE
from stages.score.evidence import evidence_score
from stages.score.grades import GRADES, Borders, check_borders
from stages.score.metrics import CLIP_ADDRESSES, METRICS, PYIQA_FILES, Metric
from stages.score.packaged import PACKAGED, PACKAGED_LICENCES, write_brisque, write_niqe
from stages.stage import Stage, StageConfig

if TYPE_CHECKING:
    from stages.score.pyiqa_metric import PyiqaMetric

PACKAGES = "packages"
_CLIP_FOLDER = "https://openaipublic.azureedge.net/clip/models"


class ScoreConfig(StageConfig):
    """Options of `score`. The metric is what the recipe says, whatever is installed."""

    metric: str = EVIDENCE
    """evidence: 0-1, higher better, from the measurements. Else a no-reference metric of pyiqa by its name there, from
    the pixels (extra `iqa`): piqe, niqe, brisque, topiq_nr, musiq, clipiqa, dbcnn, maniqa, liqe and the rest."""
    weights: str | None = None
    """Where a pyiqa metric's files come from: a folder that holds them, ORG/NAME at the hub, or `packages` (niqe and
    brisque: what my-basicsr 1.4.2 and brisque 0.2.0 carry). null: pyiqa's own files at the hub."""
    revision: str | None = None
    """Branch, tag or commit of the files at the hub; `annotate fetch` pins what it finds."""
    files: tuple[str, ...] = ()
    """Names of the metric's files, where they are not those that annotate knows."""
    trust_pickles: bool = False
    """Load files that hold more than weights; their digests are checked before, but such a file can run any code."""
    borders: Borders | None = None
    """Borders between the five quality words, from excellent downwards, in the metric's unit. null: evidence and piqe
    have borders of their own, other metrics the fifths of the range that pyiqa documents."""
    crop_padding: float = Field(default=0.05, ge=0, le=1)
    """Context around a region's crop, as a share of its sides (pixel metrics only)."""
    min_crop_px: int = Field(default=96, ge=32)
    """A crop with a shorter side is widened to this, as far as the image goes (pixel metrics only)."""
    crop_size: int | None = Field(default=None, ge=32)
    """Longer side to which crops are resized, after they were widened to squares as far as the image goes, so that
    crops of many images share a batch. null: crops keep their pixels, and only crops of one shape share one."""
    image_size: int | None = Field(default=None, ge=32)
    """Longest side of the whole image when it is scored; larger ones are made smaller. null: as it is."""
    batch: int = Field(default=8, ge=1, exclude=True)
    """Most pictures that a pyiqa metric scores at once."""

    @field_validator("metric")
    @classmethod
    def _metric_is_known(cls, metric: str) -> str:
        """A metric that is not in the table may be one of a newer pyiqa, if that is installed."""
        if metric == EVIDENCE:
            return metric
        known = METRICS.get(metric)
        if known is not None and known.unfit:
            raise ValueError(f"{metric} cannot score a region: {known.unfit}")
        if known is None and not _installed_pyiqa_has(metric):
            near = get_close_matches(metric, METRICS, n=3) or ("evidence", "piqe", "topiq_nr")
            raise ValueError(f"no such metric; evidence or one of pyiqa's, for example {', '.join(near)}")
        return metric

    @field_validator("borders")
    @classmethod
    def _borders_are_in_order(cls, borders: Borders | None) -> Borders | None:
        return borders if borders is None else check_borders(borders)

    @model_validator(mode="after")
    def _fits_together(self) -> ScoreConfig:
        if self.weights == PACKAGES and self.metric not in PACKAGED:
            raise ValueError(f"weights: packages carry those of {' and '.join(PACKAGED)} only, not of {self.metric}")
        if self.borders is None and self.metric not in GRADES:
            raise ValueError(f"borders: {self.metric} has no known range; give the borders between the quality words")
        return self


class ScoreStage(Stage):
    """Fills `iqa_score` of every region and `scores` of the image."""

    name = "score"
    needs = frozenset({"content", "regions", "attributes"})
    adds = frozenset({"scores", "regions"})
    Config = ScoreConfig
    config: ScoreConfig

    _metric: PyiqaMetric | None = None

    def needed(self) -> frozenset[str]:
        """A pixel metric reads no measurements."""
        return self.needs if self.config.metric == EVIDENCE else self.needs - {"attributes"}

    def licences(self) -> Mapping[str, str]:
        """pyiqa's code and weights, when the metric is one of its own."""
        if self.config.metric == EVIDENCE:
            return {}
        code = {"pyiqa": "PolyForm-Noncommercial-1.0.0"}
        if self.config.weights == PACKAGES:
            return {**code, **PACKAGED_LICENCES[self.config.metric]}
        weights = {f"weights of pyiqa's {self.config.metric}": "CC BY-NC-SA 4.0, as far as pyiqa says"}
        return {**code, **weights} if self.sources() else code

    def requires(self) -> Mapping[str, str]:
        """pyiqa, when the metric is one of its own, and what it imports for it."""
        if self.config.metric == EVIDENCE:
            return {}
        return dict.fromkeys(("pyiqa", *self._known().imports), "iqa")

    def sources(self) -> Sequence[WeightSource]:
        """The files that the metric loads."""
        return [*self._file_sources(), *self._model_sources().values()]

    def open(self) -> None:
        """Load the metric. Raises ImportError when pyiqa is wanted and not installed, RecipeError without its files."""
        single_threaded()
        if self.config.metric == EVIDENCE:
            return
        from stages.score.pyiqa_metric import PyiqaMetric

        models = {name: local_path(source) for name, source in self._model_sources().items()}
        with tempfile.TemporaryDirectory(prefix="annotate-score-") as folder:
            files, rho = self._files(Path(folder))
            self._metric = PyiqaMetric(self.config.metric, files, models, trust_pickles=self.config.trust_pickles)
        if rho is not None:
            self._metric.metric.net.rho = rho

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Score each row's image and regions."""
        if self._metric is None:
            for row in rows:
                self._score_by_evidence(row)
        else:
            self._score_by_pixels(rows, self._metric)
        return rows

    def undo(self, row: ImageRecord) -> None:
        """Take the scores out."""
        row.scores = []
        for region in row.regions:
            region.iqa_score = None

    def _known(self) -> Metric:
        return METRICS.get(self.config.metric, Metric(0, 1))

    def _file_sources(self) -> list[WeightSource]:
        config, known = self.config, self._known()
        if config.metric == EVIDENCE:
            return []
        if config.weights == PACKAGES:
            return [PACKAGED[config.metric]]
        clip = (known.clip,) if known.clip else ()
        files = config.files or known.files
        if config.weights is not None and Path(config.weights).expanduser().is_dir():
            return [WeightSource(config.weights, files=(*files, *clip))] if files or clip else []
        own = [WeightSource(config.weights or PYIQA_FILES, config.revision, files)] if files else []
        return own + [WeightSource(f"{_CLIP_FOLDER}/{CLIP_ADDRESSES[name]}/{name}", sha256=CLIP_ADDRESSES[name])
                      for name in clip]  # fmt: skip

    def _model_sources(self) -> dict[str, WeightSource]:
        """Models that the metric loads whole, by their names in pyiqa's sources."""
        names = self._known().models
        if len(names) == 1 and not self._known().files:
            return {names[0]: WeightSource(self.config.weights or names[0], self.config.revision)}
        return {name: WeightSource(name) for name in names}

    def _files(self, folder: Path) -> tuple[dict[str, Path], float | None]:
        """The metric's files by the names that pyiqa gives them, and BRISQUE's offset where it is the file's own."""
        if self.config.weights == PACKAGES:
            target = folder / self._known().files[0]
            parameters = local_path(PACKAGED[self.config.metric])
            if self.config.metric == "brisque":
                return {target.name: target}, write_brisque(parameters, target)
            write_niqe(parameters, target)
            return {target.name: target}, None
        found: dict[str, Path] = {}
        for source in self._file_sources():
            path = local_path(source)
            found |= {path.name: path} if path.is_file() else {Path(name).name: path / name for name in source.files}
        return found, None

    def _score_by_evidence(self, row: ImageRecord) -> None:
        value = evidence_score(row.attributes or Attributes(), row.distortions)
        row.scores = [self._image_score(value, lower_better=False)]
        for region in row.regions:
            region.iqa_score = evidence_score(region.attributes or Attributes(), region.distortions)

    def _score_by_pixels(self, rows: Sequence[ImageRecord], metric: PyiqaMetric) -> None:
        """Score the pictures of all rows together: those of one shape share batches, whatever image they come from."""
        waiting: dict[tuple[int, ...], list[tuple[Pixels, Callable[[float], None]]]] = {}
        for row in rows:
            for picture, keep in self._pictures(row, metric.lower_better):
                waiting.setdefault(picture.shape, []).append((picture, keep))
        size = self.config.batch if self._known().batched else 1
        for pairs in waiting.values():
            for start in range(0, len(pairs), size):
                batch = pairs[start : start + size]
                for (_, keep), value in zip(batch, metric.score([picture for picture, _ in batch]), strict=True):
                    keep(value)

    def _pictures(self, row: ImageRecord, lower_better: bool) -> Iterator[tuple[Pixels, Callable[[float], None]]]:
        """What is scored of an image, each with where its score goes."""
        rgb = upright_rgb(row)
        whole = at_most(rgb, self.config.image_size) if self.config.image_size else rgb

        def keep_image(value: float) -> None:
            row.scores = [self._image_score(value, lower_better=lower_better)]

        yield at_least(whole, self._known().min_side_px), keep_image
        for region in row.regions:
            yield self._crop(rgb, region), partial(setattr, region, "iqa_score")

    def _crop(self, rgb: Pixels, region: Region) -> Pixels:
        config, least = self.config, self._known().min_side_px
        box = crop_box(
            region.box_xyxy_px,
            rgb.shape[1],
            rgb.shape[0],
            padding=config.crop_padding,
            min_side_px=max(config.min_crop_px, least),
            square=config.crop_size is not None,
        )
        pixels = crop(rgb, box)
        return at_least(resized_to(pixels, config.crop_size) if config.crop_size else pixels, least)

    def _image_score(self, value: float, *, lower_better: bool) -> Score:
        return Score(metric=self.config.metric, value=value, lower_better=lower_better, borders=self.config.borders)


def _installed_pyiqa_has(metric: str) -> bool:
    if find_spec("pyiqa") is None:
        return False
    from stages.score.pyiqa_metric import is_no_reference

    return is_no_reference(metric)

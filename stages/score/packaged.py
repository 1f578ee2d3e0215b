"""NIQE's and BRISQUE's parameters out of other packages, in the files that pyiqa reads.

`my-basicsr` 1.4.2 carries NIQE's pristine model (Apache-2.0), `brisque` 0.2.0 BRISQUE's support vectors. BRISQUE's file
has an intercept of its own: pyiqa's built-in one belongs to other support vectors and would be 2.25 too low.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from manifests.weights import WeightSource

NIQE = WeightSource(
    "package:my-basicsr==1.4.2/basicsr/metrics/niqe_pris_params.npz",
    sha256="2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296",
)
BRISQUE = WeightSource(
    "package:brisque==0.2.0/brisque/models/svm.txt",
    sha256="19526fb799c4c7992ccc109fcfecddb25976ba024b194cd3ee275d27e8909c8d",
)

PACKAGED = {"niqe": NIQE, "brisque": BRISQUE}
"""Metrics whose parameters packages carry."""

PACKAGED_LICENCES = {
    "niqe": {"NIQE parameters of my-basicsr 1.4.2": "Apache-2.0"},
    "brisque": {"BRISQUE parameters of brisque 0.2.0": "Apache-2.0"},
}


def write_niqe(parameters: Path, target: Path) -> None:
    """Write the mean [36] and covariance [36, 36] of pristine patches as the MATLAB file that pyiqa's NIQE reads."""
    from scipy.io import savemat

    with np.load(parameters) as found:
        savemat(target, {"mu_prisparam": found["mu_pris_param"], "cov_prisparam": found["cov_pris_param"]})


def write_brisque(model: Path, target: Path) -> float:
    """Write the coefficients and support vectors as the checkpoint that pyiqa's BRISQUE reads; the offset rho."""
    import torch

    coefficients, vectors, rho = support_vectors(model)
    torch.save((torch.from_numpy(coefficients), torch.from_numpy(vectors)), target)
    return rho


def support_vectors(model: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
    """Coefficients [n, 1], support vectors [n, 36] and the offset rho of a libsvm regression model in its own text."""
    head, _, body = model.read_text().partition("\nSV\n")
    rho = next(float(line.split()[1]) for line in head.splitlines() if line.startswith("rho "))
    rows = [line.split() for line in body.splitlines() if line.strip()]
    vectors = np.zeros((len(rows), 36))
    for number, row in enumerate(rows):
        for entry in row[1:]:
            index, _, value = entry.partition(":")
            vectors[number, int(index) - 1] = float(value)
    return np.array([[float(row[0])] for row in rows]), vectors, rho

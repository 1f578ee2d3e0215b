"""Parameters of NIQE and BRISQUE out of other packages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.io import loadmat

from stages.score.packaged import support_vectors, write_brisque, write_niqe

MODEL = "svm_type epsilon_svr\ngamma 0.05\nrho -1.5\nSV\n-2 1:0.5 36:-1 \n3 2:0.25 \n"


def test_a_support_vector_model_is_read(tmp_path: Path) -> None:
    model = tmp_path / "svm.txt"
    model.write_text(MODEL)
    coefficients, vectors, rho = support_vectors(model)
    assert rho == -1.5
    assert coefficients.tolist() == [[-2.0], [3.0]]
    assert (vectors[0, 0], vectors[0, 35], vectors[1, 1], np.count_nonzero(vectors)) == (0.5, -1.0, 0.25, 3)


def test_brisque_gets_a_checkpoint_that_holds_nothing_but_weights(tmp_path: Path) -> None:
    (tmp_path / "svm.txt").write_text(MODEL)
    assert write_brisque(tmp_path / "svm.txt", tmp_path / "brisque.pth") == -1.5
    coefficients, vectors = torch.load(tmp_path / "brisque.pth", weights_only=True)
    assert (coefficients.shape, vectors.shape) == ((2, 1), (2, 36))


def test_niqe_gets_its_mean_and_covariance(tmp_path: Path) -> None:
    mean, covariance = np.arange(36.0), np.eye(36)
    np.savez(tmp_path / "niqe.npz", mu_pris_param=mean, cov_pris_param=covariance)
    write_niqe(tmp_path / "niqe.npz", tmp_path / "niqe.mat")
    found = loadmat(tmp_path / "niqe.mat")
    assert found["mu_prisparam"].ravel().tolist() == mean.tolist()
    assert found["cov_prisparam"].tolist() == covariance.tolist()

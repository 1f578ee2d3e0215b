from __future__ import annotations

from pathlib import Path

import pytest

from annotate.evaluate.names import WordSimilarity, name_similarity
from manifests.errors import InputError


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("dog", "the dogs", 1.0),
        ("white dog", "dog", 2 / 3),
        ("people", "person", 1.0),
        ("berries", "berry", 1.0),
        ("glass", "glasses", 1.0),
        ("car", "vehicle", 0.0),
        ("...", "...", 1.0),
    ],
)
def test_words_are_compared_in_the_singular(one: str, other: str, alike: float) -> None:
    assert WordSimilarity()(one, other) == pytest.approx(alike)
    assert WordSimilarity()(other, one) == pytest.approx(alike)


def test_the_fallback_says_what_it_is() -> None:
    assert "no embeddings" in name_similarity("words").name


def test_a_folder_without_an_encoder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--similarity"):
        name_similarity(str(tmp_path))


def test_minilm_knows_synonyms() -> None:
    alike = name_similarity("auto")
    assert alike.name.startswith("all-MiniLM-L6-v2")
    assert alike("car", "automobile") > 0.5 > alike("car", "sky")
    assert alike("dog", "dog") == pytest.approx(1.0)

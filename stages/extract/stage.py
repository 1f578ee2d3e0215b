"""The extract stage: first stage of Grounding-IQA's pipeline, from the given texts of an image to its phrases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from manifests.markup import safe_text
from manifests.records import ImageRecord, Passage, Phrase, Report
from stages.describe.pools import GLOBAL_QUESTIONS
from stages.extract import grammar, words
from stages.extract.extractor import Extractor, GivenText, Unread
from stages.extract.grammar import GrammarExtractor
from stages.language import quality_words
from stages.language.digest import data_of
from stages.language.voice import Voice
from stages.stage import Stage, StageConfig

AUTHOR = "given text"


class ExtractConfig(StageConfig):
    """Who reads the texts, and which of the things that they speak of are critical."""

    backend: Literal["grammar"] = "grammar"
    """`grammar`: rules for English descriptions of quality; no model."""
    drop_no_impact: bool = True
    """Leave out things whose quality neither helps nor harms the image. The paper drops non-critical things, and does
    not say whether these are among them."""
    max_phrases: int = Field(default=12, ge=1)
    """Most phrases of one text that may have boxes; the first ones stay."""


class Extract(Stage):
    """Adds the report (one passage for each given text, in its own words) and the phrases T_r, T_q, T_e of each.

    Grounding-IQA (arXiv 2411.17237), section 3.2, stage 1. Texts are never rewritten; an image without a text fails.
    """

    name = "extract"
    needs = frozenset({"texts"})
    adds = frozenset({"report", "phrases"})
    Config = ExtractConfig
    config: ExtractConfig

    def __init__(self, config: StageConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(config, seed=seed)
        self._extractor: Extractor = GrammarExtractor()

    def open(self) -> None:
        """Open the extractor."""
        self._extractor.open()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Read the texts of all rows together."""
        texts = [
            GivenText(row.image_id, passage, safe_text(text)) for row in rows for passage, text in enumerate(row.texts)
        ]
        found = iter(self._extractor(texts))
        for row in rows:
            self._fill(row, [next(found) for _ in row.texts])
        return rows

    def prompts(self) -> Mapping[str, str]:
        """Questions, and the words that the grammar knows."""
        return {"questions": "\n".join(GLOBAL_QUESTIONS), **data_of(grammar, words, quality_words)}

    def _fill(self, row: ImageRecord, found: list[list[Phrase] | Unread]) -> None:
        if not row.texts:
            return row.end("failed", self.name, "no description was given for this image")
        voice = Voice(self.random(row.image_id))
        for number, phrases in enumerate(found, start=1):
            if isinstance(phrases, Unread):
                return row.end("failed", self.name, f"text {number}: {phrases.reason}")
            row.phrases += self._critical(phrases)
        passages = [
            Passage(level="global", question=voice.pick(GLOBAL_QUESTIONS), text=safe_text(text)) for text in row.texts
        ]
        row.report = Report(author=AUTHOR, passages=passages)
        return None

    def _critical(self, phrases: list[Phrase]) -> list[Phrase]:
        """The phrases of one text, those beyond the rules of this recipe dropped."""
        for phrase in phrases:
            if self.config.drop_no_impact and phrase.effect == "no impact" and phrase.drop_reason is None:
                phrase.drop(self.name, "non-critical")
        for phrase in [phrase for phrase in phrases if phrase.drop_reason is None][self.config.max_phrases :]:
            phrase.drop(self.name, "over-limit")
        return phrases

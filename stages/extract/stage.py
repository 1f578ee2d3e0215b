"""The extract stage: first stage of Grounding-IQA's pipeline, from the given texts of an image to its phrases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from manifests.markup import safe_text
from manifests.records import ImageRecord, Passage, Phrase, Report
from manifests.weights import WeightSource
from stages.describe.pools import GLOBAL_QUESTIONS
from stages.extract import grammar, llm, triples, words
from stages.extract.extractor import Extractor, GivenText, Unread
from stages.extract.grammar import GrammarExtractor
from stages.extract.llm import LlmExtractor
from stages.extract.phrases import TripleRules
from stages.language import quality_words
from stages.language.digest import data_of
from stages.language.voice import Voice
from stages.mllm.options import ModelOptions
from stages.mllm.templates import prompt_texts
from stages.stage import Stage, StageConfig

AUTHOR = "given text"


class ExtractConfig(ModelOptions):
    """Who reads the texts, and which things are critical. The options of a language model count for `llm` alone."""

    backend: Literal["grammar", "llm"] = "grammar"
    """`grammar`: rules for English descriptions of quality; no model. `llm`: a language model, as in Grounding-IQA."""
    drop_no_impact: bool = True
    """Leave out things whose quality neither helps nor harms the image. The paper drops non-critical things, and does
    not say whether these are among them."""
    max_phrases: int = Field(default=12, ge=1)
    """Most phrases of one text that may have boxes; the first ones stay. A model is asked for no more."""
    min_match: float = Field(default=0.5, ge=0, le=1)
    """`llm`: a phrase in other words than the text's is moved to the nearest mention of its noun, unless fewer of its
    words than this share stand there."""
    quality_in_text: bool = True
    """`llm`: leave out a phrase whose quality has no word in common with the text."""


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
        if self.config.backend == "llm":
            self.config.check(self.name)
            rules = TripleRules(self.config.min_match, self.config.quality_in_text)
            self._extractor = LlmExtractor(self.config, most=self.config.max_phrases, rules=rules)

    def open(self) -> None:
        """Open the extractor."""
        self._extractor.open()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Read the texts of all rows together."""
        texts = [
            GivenText(row, passage, safe_text(text), seed=int(self.random(row.image_id).integers(2**31)) + passage)
            for row in rows
            for passage, text in enumerate(row.texts)
        ]
        found = iter(self._extractor(texts))
        for row in rows:
            self._fill(row, [next(found) for _ in row.texts])
        return rows

    def concurrent(self) -> bool:
        """A model reads the texts of several shards at once."""
        return self.config.backend == "llm"

    def sources(self) -> Sequence[WeightSource]:
        """The model's weights."""
        return self.config.sources() if self.config.backend == "llm" else ()

    def requires(self) -> Mapping[str, str]:
        """What the model runs in."""
        return self.config.requires() if self.config.backend == "llm" else {}

    def licences(self) -> Mapping[str, str]:
        """The model's."""
        return self.config.licences() if self.config.backend == "llm" else {}

    def prompts(self) -> Mapping[str, str]:
        """Questions, and the words that the grammar knows or the model is asked with."""
        questions = {"questions": "\n".join(GLOBAL_QUESTIONS)}
        if self.config.backend == "llm":
            return {**questions, **prompt_texts(llm.PACKAGE), **data_of(words, triples)}
        return {**questions, **data_of(grammar, words, quality_words)}

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

"""The `describe` stage: one global passage and a few local ones per image, in internal notation, with their claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from manifests.records import ImageRecord, Report
from stages.describe import grammar, local, phrasing, planted, planted_pools, pools
from stages.describe.grammar import global_passage
from stages.describe.local import local_passages
from stages.describe.planted import planted_report
from stages.language import planted as planted_words
from stages.language.digest import data_of, words_of_the_language
from stages.language.survey import survey
from stages.language.voice import Voice
from stages.stage import Stage, StageConfig

AUTHOR = "evidence grammar"


class DescribeConfig(StageConfig):
    """Who writes, and how much at most."""

    backend: Literal["grammar", "truth"] = "grammar"
    """`grammar`: sentences that say only what was measured or detected. `truth`: only what `distort` has planted."""
    local_passages: int = Field(default=3, ge=0)
    """Most passages about single regions."""
    region_sentences: int = Field(default=5, ge=0)
    """Most sentences about regions in the passage about the whole image."""


class Describe(Stage):
    """Adds the report (GIQA-DES before boxes are written; Grounding-IQA, arXiv 2411.17237, section 3.2)."""

    name: ClassVar[str] = "describe"
    needs: ClassVar[frozenset[str]] = frozenset({"regions", "attributes", "distortions"})
    adds: ClassVar[frozenset[str]] = frozenset({"report"})
    Config = DescribeConfig
    config: DescribeConfig

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Write each row's report."""
        for row in rows:
            row.report = self._report(row)
        return rows

    def needed(self) -> frozenset[str]:
        """The truth needs no measurements."""
        return frozenset({"regions", "width", "height"}) if self.config.backend == "truth" else self.needs

    def prompts(self) -> Mapping[str, str]:
        """All words that the author may use."""
        if self.config.backend == "truth":
            return {**data_of(planted_pools, planted, planted_words), **words_of_the_language()}
        return {**data_of(pools, phrasing, grammar, local), **words_of_the_language()}

    def _report(self, row: ImageRecord) -> Report:
        voice = Voice(self.random(row.image_id))
        if self.config.backend == "truth":
            most_local, most_untouched = self.config.local_passages, self.config.region_sentences
            return planted_report(row, voice, most_local=most_local, most_untouched=most_untouched)
        found = survey(row, voice)
        passages = [
            global_passage(found, voice, self.config.region_sentences),
            *local_passages(found, voice, self.config.local_passages),
        ]
        return Report(author=AUTHOR, passages=passages)

"""The `describe` stage: one global passage and a few local ones per image, in internal notation, with their claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from manifests.errors import RecipeError
from manifests.records import ImageRecord, Report
from manifests.weights import WeightSource
from stages.describe import grammar, local, phrasing, planted, planted_pools, pools, prompt, schema
from stages.describe.grammar import global_passage
from stages.describe.local import local_passages
from stages.describe.mllm import ModelAuthor
from stages.describe.planted import planted_report
from stages.describe.schema import LEAST_SENTENCES
from stages.language import planted as planted_words
from stages.language.digest import data_of, words_of_the_language
from stages.language.survey import survey
from stages.language.voice import Voice
from stages.mllm.ladder import note
from stages.mllm.options import ModelOptions
from stages.mllm.templates import prompt_texts
from stages.stage import Stage, StageConfig

AUTHOR = "evidence grammar"


class DescribeConfig(ModelOptions):
    """Who writes, and how much at most. The options of a language model count for the backend `mllm` alone."""

    backend: Literal["grammar", "truth", "mllm"] = "grammar"
    """`grammar`: sentences that say only what was measured or detected. `truth`: only what `distort` has planted.
    `mllm`: a vision-language model that sees the image and the measurements."""
    local_passages: int = Field(default=3, ge=0)
    """Most passages about single regions."""
    region_sentences: int = Field(default=5, ge=0)
    """Most sentences about regions in the passage about the whole image."""
    regions: int = Field(default=12, ge=0)
    """Most regions of which an MLLM is told, the most telling first."""
    crops: int = Field(default=0, ge=0)
    """Most regions that an MLLM is shown enlarged, beside the whole image."""


class Describe(Stage):
    """Adds the report (GIQA-DES before boxes are written; Grounding-IQA, arXiv 2411.17237, section 3.2)."""

    name: ClassVar[str] = "describe"
    needs: ClassVar[frozenset[str]] = frozenset({"regions", "attributes", "distortions"})
    adds: ClassVar[frozenset[str]] = frozenset({"report"})
    Config = DescribeConfig
    config: DescribeConfig

    def __init__(self, config: StageConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(config, seed=seed)
        self._author: ModelAuthor | None = None
        if self.config.backend == "mllm":
            self._author = self._model_author()

    def open(self) -> None:
        """Load the author's model, if it has one."""
        if self._author is not None:
            self._author.open()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Write each row's report. A row that the model gives no valid report fails with the reason."""
        if self._author is not None:
            return self._ask(self._author, rows)
        for row in rows:
            row.report = self._report(row)
        return rows

    def needed(self) -> frozenset[str]:
        """The truth needs no measurements, the model needs the picture."""
        match self.config.backend:
            case "truth":
                return frozenset({"regions", "width", "height"})
            case "mllm":
                return self.needs | {"content", "width", "height"}
            case _:
                return self.needs

    def concurrent(self) -> bool:
        """The model answers several shards at once."""
        return self._author is not None

    def sources(self) -> Sequence[WeightSource]:
        """The model's weights."""
        return self.config.sources() if self._author is not None else ()

    def requires(self) -> Mapping[str, str]:
        """What the model runs in."""
        return self.config.requires() if self._author is not None else {}

    def licences(self) -> Mapping[str, str]:
        """The model's."""
        return self.config.licences() if self._author is not None else {}

    def prompts(self) -> Mapping[str, str]:
        """All words that the author may use, or that it is asked with."""
        if self.config.backend == "truth":
            return {**data_of(planted_pools, planted, planted_words), **words_of_the_language()}
        if self.config.backend == "mllm":
            return {**prompt_texts("stages.describe"), **data_of(prompt, schema, pools), **words_of_the_language()}
        return {**data_of(pools, phrasing, grammar, local), **words_of_the_language()}

    def _model_author(self) -> ModelAuthor:
        config = self.config
        config.check(self.name)
        if config.crops >= config.max_images:
            raise RecipeError(
                f"{self.name}.crops={config.crops} and the image itself are more than {self.name}.max_images="
                f"{config.max_images}; raise it"
            )
        sentences = LEAST_SENTENCES + config.region_sentences
        return ModelAuthor(
            config, regions=config.regions, sentences=sentences, local=config.local_passages, crops=config.crops
        )

    def _ask(self, author: ModelAuthor, rows: list[ImageRecord]) -> list[ImageRecord]:
        drawn = [(row, self.random(row.image_id)) for row in rows]
        ends = author([(row, Voice(random), int(random.integers(2**31))) for row, random in drawn])
        for row, end in zip(rows, ends, strict=True):
            note(row, self.name, [end])
            if end.value is None:
                row.end("failed", self.name, end.reason or "no report")
            row.report = end.value
        return rows

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

"""The filter stage: which regions the labels may use, and each region's quality and effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from manifests.records import ImageRecord
from manifests.weights import WeightSource
from stages.filter import by_evidence, by_mllm, by_score, places
from stages.filter.agreement import Judge
from stages.filter.by_evidence import EvidenceJudge
from stages.filter.by_mllm import CropRules, ModelJudge
from stages.filter.by_score import ScoreJudge
from stages.filter.config import FilterConfig
from stages.filter.phrase_boxes import filter_boxes
from stages.filter.standing_out import STAGE, filter_regions
from stages.language import quality_words
from stages.language.digest import data_of
from stages.mllm.templates import prompt_texts
from stages.stage import Stage, StageConfig

NEEDS_OF_AGREEMENT = {
    "evidence": frozenset({"phrases", "regions", "attributes", "scores"}),
    "score": frozenset({"phrases", "regions", "scores"}),
    "mllm": frozenset({"phrases", "regions", "content"}),
}


class Filter(Stage):
    """Fills `quality`, `effect`, `kept` and `drop_reason` of every region; text-first also their `agreement`."""

    name = STAGE
    needs = frozenset({"regions", "scores"})
    adds = frozenset({"regions"})
    Config = FilterConfig
    config: FilterConfig

    def __init__(self, config: StageConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(config, seed=seed)
        self._judge = _judge_of(self.config)

    def open(self) -> None:
        """Load the judge's model, if it has one."""
        if self._judge is not None:
            self._judge.open()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Decide for each row's regions."""
        if self._judge is not None:
            filter_boxes(rows, self.config, self._judge)
            return rows
        for row in rows:
            filter_regions(row, self.config)
        return rows

    def needed(self) -> frozenset[str]:
        """Text-first needs the phrases, and what its judge reads."""
        return self.needs if self.config.agreement is None else NEEDS_OF_AGREEMENT[self.config.agreement]

    def concurrent(self) -> bool:
        """A model answers several shards at once."""
        return self.config.agreement == "mllm"

    def sources(self) -> Sequence[WeightSource]:
        """The model's weights."""
        return self.config.sources() if self.config.agreement == "mllm" else ()

    def requires(self) -> Mapping[str, str]:
        """What the model runs in."""
        return self.config.requires() if self.config.agreement == "mllm" else {}

    def licences(self) -> Mapping[str, str]:
        """The model's."""
        return self.config.licences() if self.config.agreement == "mllm" else {}

    def prompts(self) -> Mapping[str, str]:
        """The words of quality and the scales that a judge knows, or is asked with."""
        if self.config.agreement == "mllm":
            return prompt_texts(by_mllm.PACKAGE)
        return {} if self.config.agreement is None else data_of(quality_words, by_evidence, by_score, places)

    def undo(self, row: ImageRecord) -> None:
        """Take the words out, and in again what was dropped here."""
        for region in row.regions:
            region.quality, region.effect, region.agreement = None, None, None
            region.take_back(self.name)
        for phrase in row.phrases:
            phrase.take_back(self.name)


def _judge_of(config: FilterConfig) -> Judge | None:
    match config.agreement:
        case "evidence":
            return EvidenceJudge()
        case "score":
            return ScoreJudge()
        case "mllm":
            config.check(STAGE)
            crops = CropRules(config.crop_padding, config.crop_min_side_px)
            return ModelJudge(config, config.agreement_prompt, crops)
        case None:
            return None

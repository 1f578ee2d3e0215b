"""The `question` stage: GIQA-VQA pairs from report and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from manifests.markup import parse_links, plain, to_grid_text
from manifests.records import ImageRecord, Question, Report
from stages.language.digest import data_of, words_of_the_language
from stages.language.survey import Survey, survey
from stages.language.voice import Voice
from stages.question import pools
from stages.question.choose import balanced_yes_no, varied
from stages.question.open import open_pairs
from stages.question.pair import Pair, group_targets, image_target, region_target
from stages.question.spider import ground_pairs, refer_pairs
from stages.question.yes_no import yes_no_pairs
from stages.stage import Stage, StageConfig

AUTHOR = "evidence templates"


class AskConfig(StageConfig):
    """Upper limits per image; yes and no come in equal numbers, so an odd `yes_no` counts as one less."""

    backend: Literal["template"] = "template"
    yes_no: int = Field(default=6, ge=0)
    open: int = Field(default=6, ge=0)
    refer: int = Field(default=2, ge=0)
    ground: int = Field(default=2, ge=0)


class Ask(Stage):
    """Adds questions whose answers the measurements prove (Grounding-IQA, arXiv 2411.17237, section 3.3).

    Boxes stand in the question or in the answer, never in both. Regions that the report names come first.
    """

    name: ClassVar[str] = "question"
    needs: ClassVar[frozenset[str]] = frozenset({"report", "regions", "attributes", "distortions"})
    adds: ClassVar[frozenset[str]] = frozenset({"questions"})
    Config = AskConfig
    config: AskConfig

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Ask about each row's image."""
        for row in rows:
            row.questions = self._questions(row)
        return rows

    def prompts(self) -> Mapping[str, str]:
        """All words that a question or an answer may use."""
        return {"pools": data_of(pools), **words_of_the_language()}

    def _questions(self, row: ImageRecord) -> list[Question]:
        voice = Voice(self.random(row.image_id))
        found = survey(row, voice)
        pairs = self._pairs(found, voice, reported_regions(row.report))
        return [_written(pair, row, number) for number, pair in enumerate(pairs, start=1)]

    def _pairs(self, found: Survey, voice: Voice, reported: frozenset[int]) -> list[Pair]:
        targets = [
            image_target(found, voice.pick(pools.IMAGE_WORDS)),
            *(region_target(part) for part in found.parts),
            *group_targets(found),
        ]

        def ordered(candidates: Sequence[Pair]) -> list[Pair]:
            return sorted(voice.shuffled(candidates), key=lambda pair: not reported.issuperset(pair.region_ids))

        return [
            *balanced_yes_no(ordered(yes_no_pairs(targets, voice)), self.config.yes_no),
            *varied(ordered(open_pairs(found, targets, voice)), self.config.open),
            *varied(ordered(refer_pairs(found, voice)), self.config.refer),
            *varied(ordered(ground_pairs(found, voice)), self.config.ground),
        ]


def reported_regions(report: Report | None) -> frozenset[int]:
    """Numbers of all regions that a report links."""
    passages = report.passages if report else []
    return frozenset(number for passage in passages for link in parse_links(passage.text) for number in link.region_ids)


def _written(pair: Pair, row: ImageRecord, number: int) -> Question:
    boxes = {region.region_id: region.box_xyxy_px for region in row.kept_regions()}
    width, height = row.width or 1, row.height or 1
    return Question(
        id=f"{row.image_id}-q{number:02d}",
        question=to_grid_text(pair.question, boxes, width, height),
        answer=to_grid_text(pair.answer, boxes, width, height),
        question_plain=plain(pair.question)[0],
        answer_plain=plain(pair.answer)[0],
        family=pair.family,
        spatial=pair.spatial,
        region_ids=list(pair.region_ids),
        author=AUTHOR,
    )

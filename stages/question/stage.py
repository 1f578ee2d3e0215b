"""The `question` stage: GIQA-VQA pairs from report and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

from pydantic import Field

from manifests.markup import parse_links, plain, to_grid_text
from manifests.records import BoxXYXYPx, ImageRecord, Question, Report
from manifests.weights import WeightSource
from stages.language import planted as planted_words
from stages.language import quality_words
from stages.language.digest import data_of, words_of_the_language
from stages.language.spoken import Spoken, blamed_without_boxes, spoken_of
from stages.language.survey import Survey, survey
from stages.language.voice import Voice
from stages.mllm.options import ModelOptions
from stages.mllm.templates import prompt_texts
from stages.question import (
    authored,
    choose,
    entities,
    given,
    llm,
    open_ended,
    planted,
    planted_closed,
    planted_pools,
    pools,
    replies,
    spider,
    yes_no,
)
from stages.question.authored import Rules
from stages.question.choose import balanced_yes_no, varied
from stages.question.given import given_pairs
from stages.question.llm import LlmAsker, Wanted
from stages.question.open_ended import open_pairs
from stages.question.pair import Pair, Target, group_targets, image_target, region_target
from stages.question.planted import planted_pairs
from stages.question.planted_closed import planted_closed_pairs
from stages.question.spider import ground_pairs, refer_pairs
from stages.question.yes_no import yes_no_pairs
from stages.stage import Stage, StageConfig

AUTHOR = "evidence templates"

Linked = TypeVar("Linked", Target, Spoken)
"""Something with its name in internal notation."""


class AskConfig(ModelOptions):
    """Upper limits per image; yes and no come in equal numbers, so an odd `yes_no` counts as one less.

    The options of a language model count for the backend `llm` alone.
    """

    backend: Literal["template", "given", "spider", "llm"] = "template"
    """`template`: questions whose answers the measurements prove. `given`: templates whose answers follow from given
    texts; `refer` and `ground` have no effect there. `spider`: IQA-Spider's grounding and referring tasks
    on what `distort` has planted, and yes-no and what of Grounding-IQA on the same truth. `llm`: questions that a
    language model writes from the descriptions, as in Grounding-IQA; `refer` and `ground` have no effect there."""
    yes_no: int = Field(default=6, ge=0)
    """Most yes-no questions of one image."""
    open: int = Field(default=6, ge=0)
    """Most questions with what, why and how of one image."""
    refer: int = Field(default=2, ge=0)
    """Most questions that name a region in words."""
    ground: int = Field(default=2, ge=0)
    """Most questions whose answer is a place."""
    yes_no_each: int = Field(default=2, ge=0)
    """`llm`: questions with the answer yes, and with the answer no, that are asked for on one description."""
    what: int = Field(default=2, ge=0)
    """`llm`: questions for an attribute or a flaw of a boxed thing, on one description."""
    why: int = Field(default=1, ge=0)
    """`llm`: questions for a cause, on one description."""
    how: int = Field(default=2, ge=0)
    """`llm`: questions for a degree, on one description."""
    where: int = Field(default=1, ge=0)
    """`llm`: questions that boxed things answer (grounding), on one description; all others have the boxes."""
    equal: bool = True
    """`given`, `llm`: each image has as many open questions as yes-no ones, as Grounding-IQA has over the dataset."""
    boxed_only: bool = True
    """`llm`: no questions that concern no boxed thing (the paper's keyword filter)."""
    keywords: tuple[str, ...] = authored.QUALITY_STEMS
    """`llm`: beginnings of words, one of which a question or its answer must hold; an empty list admits everything."""
    max_answer_words: int = Field(default=5, ge=1)
    """`llm`: most words of the answer to an open question."""


class Ask(Stage):
    """Adds questions whose answers the measurements prove (Grounding-IQA, arXiv 2411.17237, section 3.3).

    Boxes stand in the question or in the answer, never in both. Regions that the report names come first.
    """

    name: ClassVar[str] = "question"
    needs: ClassVar[frozenset[str]] = frozenset({"report", "regions", "attributes", "distortions", "width", "height"})
    adds: ClassVar[frozenset[str]] = frozenset({"questions"})
    Config = AskConfig
    config: AskConfig

    def __init__(self, config: StageConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(config, seed=seed)
        self._asker: LlmAsker | None = None
        if self.config.backend == "llm":
            self.config.check(self.name)
            self._asker = LlmAsker(self.config, _wanted(self.config), _rules(self.config))

    def open(self) -> None:
        """Load the asker's model, if there is one."""
        if self._asker is not None:
            self._asker.open()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Ask about each row's image."""
        if self._asker is not None:
            return self._ask(self._asker, rows)
        for row in rows:
            row.questions = self._questions(row)
        return rows

    def needed(self) -> frozenset[str]:
        """The planted truth needs no measurements and no report, given texts their phrases, a model descriptions."""
        match self.config.backend:
            case "spider":
                return frozenset({"regions", "width", "height"})
            case "given":
                return frozenset({"phrases", "report", "regions", "width", "height"})
            case "llm":
                return frozenset({"descriptions", "regions", "width", "height"})
            case _:
                return self.needs

    def concurrent(self) -> bool:
        """A model answers several shards at once."""
        return self._asker is not None

    def sources(self) -> Sequence[WeightSource]:
        """The model's weights."""
        return self.config.sources() if self._asker is not None else ()

    def requires(self) -> Mapping[str, str]:
        """What the model runs in."""
        return self.config.requires() if self._asker is not None else {}

    def licences(self) -> Mapping[str, str]:
        """The model's."""
        return self.config.licences() if self._asker is not None else {}

    def prompts(self) -> Mapping[str, str]:
        """All words that a question or an answer may use, or that a model is asked with."""
        if self.config.backend == "llm":
            return {**prompt_texts(llm.PACKAGE), **data_of(authored, choose, entities, replies)}
        if self.config.backend == "spider":
            return {**data_of(planted_pools, planted, planted_closed, planted_words), **words_of_the_language()}
        if self.config.backend == "given":
            return {**data_of(pools, given, quality_words, choose), **words_of_the_language()}
        return {**data_of(pools, yes_no, open_ended, spider, choose), **words_of_the_language()}

    def _ask(self, asker: LlmAsker, rows: list[ImageRecord]) -> list[ImageRecord]:
        drawn = [(row, self.random(row.image_id)) for row in rows]
        found = asker([(row, Voice(random), int(random.integers(2**31))) for row, random in drawn])
        for row, pairs in zip(rows, found, strict=True):
            if pairs is not None:
                row.questions = _GridWriter.of(row).questions(row.image_id, pairs, asker.author)
        return rows

    def _questions(self, row: ImageRecord) -> list[Question]:
        voice = Voice(self.random(row.image_id))
        on_grid = _GridWriter.of(row)
        if self.config.backend == "spider":
            truth = [
                *planted_pairs(row, voice, most_refer=self.config.refer, most_ground=self.config.ground),
                *planted_closed_pairs(row, voice, most_yes_no=self.config.yes_no, most_what=self.config.open),
            ]
            return on_grid.questions(row.image_id, truth, planted.AUTHOR)
        if self.config.backend == "given":
            pairs = given_pairs(
                on_grid.told_apart(spoken_of(row)),
                blamed_without_boxes(row),
                voice,
                most_yes_no=self.config.yes_no,
                most_open=self.config.open,
                equal=self.config.equal,
            )
            return on_grid.questions(row.image_id, pairs, given.AUTHOR)
        found = survey(row, voice)
        targets = [image_target(found, voice.pick(pools.IMAGE_WORDS)), *map(region_target, found.parts)]
        targets = on_grid.told_apart([*targets, *group_targets(found)])
        pairs = self._pairs(found, targets, voice, reported_regions(row.report))
        return on_grid.questions(row.image_id, pairs, AUTHOR)

    def _pairs(self, found: Survey, targets: Sequence[Target], voice: Voice, reported: frozenset[int]) -> list[Pair]:
        def ordered(candidates: Sequence[Pair]) -> list[Pair]:
            return sorted(voice.shuffled(candidates), key=lambda pair: not reported.issuperset(pair.region_ids))

        closed = balanced_yes_no(ordered(yes_no_pairs(targets, voice)), self.config.yes_no)
        answered = {(pair.topic, pair.region_ids) for pair in closed if pair.topic in pools.COMPARED_BY.values()}
        open_ones = [
            pair for pair in open_pairs(found, targets, voice) if (pair.topic, pair.region_ids) not in answered
        ]
        return [
            *voice.shuffled(closed),
            *varied(ordered(open_ones), self.config.open),
            *varied(ordered(refer_pairs(found, voice)), self.config.refer),
            *varied(ordered(ground_pairs(found, voice)), self.config.ground),
        ]


def _wanted(config: AskConfig) -> Wanted:
    return Wanted(
        yes_no_each=config.yes_no_each,
        what=config.what,
        why=config.why,
        how=config.how,
        where=config.where,
        most_yes_no=config.yes_no,
        most_open=config.open,
        equal=config.equal,
        max_answer_words=config.max_answer_words,
    )


def _rules(config: AskConfig) -> Rules:
    return Rules(boxed_only=config.boxed_only, keywords=config.keywords)


def reported_regions(report: Report | None) -> frozenset[int]:
    """Numbers of all regions that a report links."""
    passages = report.passages if report else []
    return frozenset(number for passage in passages for link in parse_links(passage.text) for number in link.region_ids)


@dataclass(frozen=True)
class _GridWriter:
    """Writes links of one image as boxes on the GIQA grid."""

    boxes: Mapping[int, BoxXYXYPx]
    width: int
    height: int

    @classmethod
    def of(cls, row: ImageRecord) -> _GridWriter:
        if row.width is None or row.height is None:
            raise ValueError(f"{row.uri}: question needs the size of the image")
        return cls({region.region_id: region.box_xyxy_px for region in row.kept_regions()}, row.width, row.height)

    def text(self, linked: str) -> str:
        return to_grid_text(linked, self.boxes, self.width, self.height)

    def told_apart(self, targets: Sequence[Linked]) -> list[Linked]:
        """The things without those whose words and cells are those of an earlier one: nobody could tell them apart."""
        first: dict[str, Linked] = {}
        for target in targets:
            first.setdefault(self.text(target.linked), target)
        return list(first.values())

    def questions(self, image_id: str, pairs: Sequence[Pair], author: str) -> list[Question]:
        return [self.question(pair, f"{image_id}-q{number:02d}", author) for number, pair in enumerate(pairs, start=1)]

    def question(self, pair: Pair, identifier: str, author: str) -> Question:
        return Question(
            id=identifier,
            question=self.text(pair.question),
            answer=self.text(pair.answer),
            question_plain=plain(pair.question)[0],
            answer_plain=plain(pair.answer)[0],
            family=pair.family,
            spatial=pair.spatial,
            region_ids=list(pair.region_ids),
            author=author,
        )

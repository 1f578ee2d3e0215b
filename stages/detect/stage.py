"""The detect stage: a backend finds boxes, for what is asked or for all it knows; each becomes a numbered region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from manifests.errors import RecipeError
from manifests.records import ImageRecord, Region
from manifests.weights import WeightSource
from stages.detect import backends, label_words
from stages.detect.boxes import covers_image
from stages.detect.detector import Detection, Pixels
from stages.detect.options import DetectConfig
from stages.detect.proposer import Proposer
from stages.detect.repeats import drop_repeats
from stages.detect.second_opinion import Rules, SecondOpinion
from stages.detect.vocabulary import (
    Answer,
    Wanted,
    answers_by_label,
    answers_by_prompt,
    confirmed_by_text,
    prompts_of,
    wanted_phrases,
    wanted_words,
)
from stages.language.digest import data_of
from stages.pixels import single_threaded, upright_rgb
from stages.stage import Stage, StageConfig


class Detect(Stage):
    """Regions of the objects that the detector finds, most confident first; rejected ones stay with their reason.

    With the vocabulary `text` each phrase of the given texts gets its regions, or the reason why it has none.
    """

    name = "detect"
    needs = frozenset({"content"})
    adds = frozenset({"regions"})
    Config = DetectConfig
    config: DetectConfig

    def __init__(self, config: StageConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(config, seed=seed)
        self._prompted = backends.is_prompted(self.config)
        if self._prompted and self.config.vocabulary is None:
            raise RecipeError(
                f"stage {self.name!r}: this {self.config.backend} model needs to be told what to look for; set "
                f"{self.name}.vocabulary to a list of words, text or proposed"
            )
        self._second_opinion = (
            self._second() if self.config.backend == "ssd-mobilenet" and self.config.confirm else None
        )
        self._proposer: Proposer | None = None
        if self.config.vocabulary == "proposed":
            self.config.proposer.check(f"{self.name}.proposer")
            self._proposer = Proposer(self.config.proposer, self.config.max_proposed)

    def needed(self) -> frozenset[str]:
        """The phrases, where they are what is looked for."""
        return self.needs | {"phrases"} if self.config.vocabulary == "text" else self.needs

    def options(self) -> Mapping[str, Any]:
        """The options that the chosen backend and vocabulary read."""
        return self.config.model_dump(mode="json", exclude=self.config.unread())

    def sources(self) -> Sequence[WeightSource]:
        """The detector's weights, and those of the model that proposes a vocabulary."""
        proposing = self.config.proposer.sources() if self._proposer is not None else ()
        return (*backends.sources_of(self.config), *proposing)

    def weights(self) -> Mapping[str, str]:
        """Names and sha256 of all weight files."""
        return {**backends.packaged_weights(self.config), **super().weights()}

    def requires(self) -> Mapping[str, str]:
        """What the backend and the proposing model run in."""
        proposing = self.config.proposer.requires() if self._proposer is not None else {}
        return {**backends.requires_of(self.config), **proposing}

    def licences(self) -> Mapping[str, str]:
        """Licences of the backend's code and weights."""
        proposing = self.config.proposer.licences() if self._proposer is not None else {}
        return {**backends.licences_of(self.config), **proposing}

    def prompts(self) -> Mapping[str, str]:
        """The words that fixed labels stand for, and what the proposing model is asked."""
        words = {} if self._prompted or self.config.vocabulary is None else data_of(label_words)
        return {**words, **(self._proposer.prompts() if self._proposer is not None else {})}

    def open(self) -> None:
        """Load all models."""
        single_threaded()
        self._detector = backends.detector_of(self.config)
        self._detector.open()
        if self._second_opinion:
            self._second_opinion.open()
        if self._proposer is not None:
            self._proposer.open()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Append the regions of each row. A row that no vocabulary can be proposed for fails with the reason."""
        asked = self._wanted(rows)
        live = [(row, wanted) for row, wanted in zip(rows, asked, strict=True) if row.outcome is None]
        images = [upright_rgb(row) for row, _ in live]
        found = self._detect(images, [wanted for _, wanted in live])
        for (row, wanted), image, detections in zip(live, images, found, strict=True):
            self._fill(row, self._answers(self._judged(image, detections), wanted))
        return rows

    def undo(self, row: ImageRecord) -> None:
        """Take the regions out, of the row and of its phrases."""
        row.regions = []
        for phrase in row.phrases:
            phrase.region_ids = []
            phrase.take_back(self.name)

    def _second(self) -> SecondOpinion:
        return SecondOpinion(
            Rules(
                min_agreement=self.config.min_agreement,
                min_sum=self.config.min_sum,
                min_score_unknown=self.config.min_score_unknown,
                min_rename=self.config.min_rename,
            )
        )

    def _wanted(self, rows: Sequence[ImageRecord]) -> list[list[Wanted] | None]:
        """What to look for in each row; None: all that the detector knows."""
        match self.config.vocabulary:
            case None:
                return [None for _ in rows]
            case "text":
                return [wanted_phrases(row) for row in rows]
            case "proposed":
                assert self._proposer is not None
                return [wanted_words(words) for words in self._proposer(self.name, rows, self.seed)]
            case words:
                return [wanted_words(words) for _ in rows]

    def _detect(self, images: Sequence[Pixels], asked: Sequence[list[Wanted] | None]) -> list[list[Detection]]:
        return self._detector(images, [prompts_of(wanted or ()) for wanted in asked])

    def _judged(self, image: Pixels, detections: list[Detection]) -> list[Detection]:
        """The surest boxes, those around everything and repeated ones dropped."""
        height, width = image.shape[:2]
        surest = detections[: self.config.max_boxes]
        judged = self._second_opinion(image, surest) if self._second_opinion else surest
        share = self.config.whole_image_area
        if share is not None:
            judged = [
                replace(each, drop_reason="whole-image")
                if each.drop_reason is None and covers_image(each.box_xyxy_px, width, height, share)
                else each
                for each in judged
            ]
        return drop_repeats(judged, self.config.max_iou)

    def _answers(self, detections: list[Detection], wanted: list[Wanted] | None) -> list[Answer]:
        if wanted is None:
            return [Answer(detection, None) for detection in detections]
        if self._prompted:
            return answers_by_prompt(detections, wanted)
        answers = answers_by_label(detections, wanted)
        return confirmed_by_text(answers, self.config.min_score_named) if self.config.vocabulary == "text" else answers

    def _fill(self, row: ImageRecord, answers: Sequence[Answer]) -> None:
        for answer in answers:
            region = self._region(row.next_region_id(), answer)
            row.regions = [*row.regions, region]
            if answer.wanted is not None and answer.wanted.phrase is not None:
                answer.wanted.phrase.region_ids.append(region.region_id)
        if self.config.vocabulary == "text":
            usable = {region.region_id for region in row.kept_regions()}
            for phrase in row.wanted_phrases():
                if usable.isdisjoint(phrase.region_ids):
                    phrase.drop(self.name, "no-box")

    def _region(self, region_id: int, answer: Answer) -> Region:
        detection, wanted = answer.detection, answer.wanted
        return Region(
            region_id=region_id,
            label=wanted.label if wanted is not None else detection.label,
            phrase=wanted.words if wanted is not None else detection.label,
            box_xyxy_px=detection.box_xyxy_px,
            source="detector",
            detector=detection.renamed_by or self._detector.name,
            detector_score=detection.score,
            kept=detection.drop_reason is None,
            drop_reason=detection.drop_reason,
            dropped_by=self.name if detection.drop_reason else None,
        )

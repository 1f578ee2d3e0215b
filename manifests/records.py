"""The typed records that travel through the stages: one `ImageRecord` is one image and all that is known of it.

Boxes are `xyxy` float pixels of the EXIF-upright image. Region numbers (`region_id`) count from 1 inside one image;
`(image_id, region_id)` is unique in a run. `manifests.tables` holds the Arrow schema of the same fields.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from manifests.vocabulary import (
    DropReason,
    Effect,
    Family,
    Level,
    Outcome,
    PhraseDropReason,
    QuestionFamily,
    RegionSource,
    Spatial,
)

BoxXYXYPx = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels of the upright image; x2 and y2 are exclusive edges."""


class Record(BaseModel):
    """Base of all records: unknown fields are errors, assignments are free."""

    model_config = ConfigDict(extra="forbid")


class Attributes(Record):
    """Local evidence, averaged over a region or over the image (null: not measured).

    sharpness, focus, contrast, saturation, luminance, texture: 0-1. `sharpness` is that of the sharpest part, `focus`
    the share of what can be judged that is sharp at all. noise: standard deviation in 8-bit grey levels.
    compression: strength of the 8-pixel block grid, 0 = none. overexposed, underexposed: fraction of pixels clipped
    at the bright or dark end. pixelation: 0-1, share of the area made of constant blocks.
    """

    sharpness: float | None = None
    focus: float | None = None
    noise: float | None = None
    compression: float | None = None
    luminance: float | None = None
    contrast: float | None = None
    saturation: float | None = None
    texture: float | None = None
    overexposed: float | None = None
    underexposed: float | None = None
    pixelation: float | None = None


class Distortion(Record):
    """One distortion of a region or of the image; `name` is the family where no finer name is known."""

    family: Family
    name: str
    severity: int = Field(ge=1, le=5)


class Mask(Record):
    """COCO compressed run-length encoding; `size` is [height, width] of the upright image."""

    size: tuple[int, int]
    counts: str


class FamilyMap(Record):
    """Severity of one family on the 20x20 grid, row-major from the top-left, in tenths (0-50)."""

    family: Family
    severity_tenths: list[int]


class Score(Record):
    """One image-quality score of the whole image in the metric's own unit.

    `borders`: between the five quality words, from excellent downwards, where the recipe gives its own.
    """

    metric: str
    value: float
    lower_better: bool
    borders: tuple[float, float, float, float] | None = None


class Region(Record):
    """A box of the image with what was detected, measured and decided about it.

    `label` is the bare class ("bus"), `phrase` the words that a text may use for it ("bus on the left").
    `distortions` is sorted strongest first, or in the order of application where `source` is planted. `iqa_score` is
    in the metric's own unit (`ImageRecord.scores` names it). `agreement`: how far the crop bears out what a given text
    says of it, 0-1 (the probability of "Yes" where an MLLM is asked).
    """

    region_id: int = Field(ge=1)
    label: str
    phrase: str
    box_xyxy_px: BoxXYXYPx
    mask: Mask | None = None
    source: RegionSource
    detector: str | None = None
    detector_score: float | None = None
    iqa_score: float | None = None
    attributes: Attributes | None = None
    distortions: list[Distortion] = []
    quality: str | None = None
    effect: Effect | None = None
    agreement: float | None = None
    kept: bool = True
    drop_reason: DropReason | None = None
    dropped_by: str | None = None
    merged_from: list[int] = []

    def drop(self, stage: str, reason: DropReason) -> None:
        """Keep the region out of the labels; it stays in the table with the stage that decided so, and why."""
        self.kept, self.drop_reason, self.dropped_by = False, reason, stage

    def take_back(self, stage: str) -> None:
        """Undo what `drop` did for this stage."""
        if self.dropped_by == stage:
            self.kept, self.drop_reason, self.dropped_by = True, None, None


class Phrase(Record):
    """A thing that a given text speaks of: the triple T_r, T_q, T_e of Grounding-IQA (arXiv 2411.17237, section 3.2).

    `phrase` is T_r in the text's own words, without article, `label` its head noun as it stands there; `quality` is
    T_q in words that complete "the image quality is ...", `effect` is T_e. Characters [start, end) of the text of
    passage `passage` (from 0) are the first mention, where the link will stand: they read as the label. `region_ids`
    are all regions found for this phrase, kept or not; a region belongs to one phrase, so that the same thing in two
    texts has a region for each.
    """

    phrase: str
    label: str
    quality: str
    effect: Effect
    passage: int = Field(ge=0)
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    region_ids: list[int] = []
    drop_reason: PhraseDropReason | None = None
    dropped_by: str | None = None

    def drop(self, stage: str, reason: PhraseDropReason) -> None:
        """Leave the phrase without boxes; it stays in the record with the stage that decided so, and why."""
        self.drop_reason, self.dropped_by = reason, stage

    def take_back(self, stage: str) -> None:
        """Undo what `drop` did for this stage."""
        if self.dropped_by == stage:
            self.drop_reason, self.dropped_by = None, None


class Claim(Record):
    """One checkable statement of a passage: a distortion family is said to be there, or said to be absent.

    `region_ids` empty: the claim is about the image as a whole. `contradicted` is set by the `check` stage, with the
    measured fact in `contradiction`.
    """

    region_ids: list[int] = []
    family: Family
    present: bool
    severity: int | None = None
    text: str
    contradicted: bool = False
    contradiction: str | None = None


class Passage(Record):
    """One question about quality and its answer in internal notation: `[phrase](#3)`, `[phrase](#3, #5)`."""

    level: Level
    question: str
    text: str
    claims: list[Claim] = []


class Report(Record):
    """What an author (grammar, MLLM, or a person's given text) says of one image."""

    author: str
    passages: list[Passage] = []


class Span(Record):
    """Characters [start, end) of `answer_plain` that name the given regions."""

    start: int
    end: int
    region_ids: list[int]


class Description(Record):
    """One GIQA-DES record; `answer` carries boxes on the GIQA grid, `answer_plain` does not."""

    id: str
    level: Level
    question: str
    answer: str
    answer_plain: str
    spans: list[Span] = []
    region_ids: list[int] = []
    contradicted: list[str] = []
    author: str


class Question(Record):
    """One GIQA-VQA pair; boxes stand in the question (referring) or in the answer (grounding), never in both."""

    id: str
    question: str
    answer: str
    question_plain: str
    answer_plain: str
    family: QuestionFamily
    spatial: Spatial
    region_ids: list[int] = []
    author: str


class Point(Record):
    """A prompt point in 0-1 of width and height; positive lies inside the region."""

    x: float
    y: float
    positive: bool


class PointLabel(Record):
    """Point label and position words of one region (IQA-Spider, arXiv 2605.24553, Eq. 1)."""

    id: str
    region_id: int
    label: str
    distortions: list[Distortion] = []
    box_xyxy_px: BoxXYXYPx
    points: list[Point]
    position_horizontal: Literal["left", "right"]
    position_vertical: Literal["top", "bottom"]
    whole_image: bool
    mask: Mask | None = None


class ImageRecord(Record):
    """One image with everything known of it: the row that every stage reads and extends.

    `uri` is relative to the run's image root and goes into the tables; `location` is where a worker reads the file
    and does not. `content` holds the encoded file while stages still need it; decoded pixels never travel.
    `outcome` is null while the row is alive. `seconds` is the time that each stage spent on this row; it goes into
    the shard's manifest and never into a table; so do `tallies`, what was asked of language models for this row
    ("describe.asked"). `passed` counts the first stages that a re-used row need not run.
    `texts` are the descriptions that were given with the image, `phrases` what they speak of.
    """

    image_id: str
    uri: str
    location: str | None = None
    content: bytes | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    texts: list[str] = []
    outcome: Outcome | None = None
    stage: str | None = None
    reason: str | None = None
    scores: list[Score] = []
    attributes: Attributes | None = None
    distortions: list[Distortion] = []
    quality_map: list[FamilyMap] = []
    phrases: list[Phrase] = []
    regions: list[Region] = []
    report: Report | None = None
    descriptions: list[Description] = []
    questions: list[Question] = []
    points: list[PointLabel] = []
    seconds: dict[str, float] = {}
    tallies: dict[str, int] = {}
    passed: int = 0

    def end(self, outcome: Outcome, stage: str, reason: str) -> None:
        """Give the row its outcome; later stages leave it alone, and labels made so far are withdrawn."""
        self.outcome, self.stage, self.reason = outcome, stage, reason
        if outcome != "ok":
            self.descriptions, self.questions, self.points = [], [], []

    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels of the EXIF-upright image. Raises ValueError before they are known."""
        if self.width is None or self.height is None:
            raise ValueError(f"{self.uri}: width and height are not known; the load stage fills them")
        return self.width, self.height

    def kept_regions(self) -> list[Region]:
        """Regions that the labels may use, by number."""
        return [region for region in self.regions if region.kept]

    def wanted_phrases(self) -> list[Phrase]:
        """Phrases of the given texts that are still to have boxes, in the order of the texts."""
        return [phrase for phrase in self.phrases if phrase.drop_reason is None]

    def next_region_id(self) -> int:
        """The number that a new region of this image gets."""
        return max((region.region_id for region in self.regions), default=0) + 1

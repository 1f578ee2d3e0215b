"""Options of the detect stage: what all backends share, and a group for each that brings its own model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from manifests.weights import WeightSource
from stages.mllm.options import ModelOptions
from stages.stage import StageConfig

Device = Literal["auto", "cpu", "cuda"]
Numbers = Literal["float32", "float16", "bfloat16"]

GROUPS = {
    "transformers": "transformers",
    "groundingdino-py": "groundingdino_py",
    "ultralytics": "ultralytics",
}
"""The group of options of each backend that has one."""

EMBEDDED_ONLY = frozenset({"confirm", "min_agreement", "min_sum", "min_score_unknown", "min_rename"})
"""Options that `ssd-mobilenet` alone reads."""


class TransformersOptions(StageConfig):
    """Grounding DINO, MM Grounding DINO or OWLv2 in transformers."""

    model: str = "IDEA-Research/grounding-dino-base"
    """ORG/NAME at the hub (`annotate fetch` gets it), or a folder on this machine."""
    revision: str | None = None
    """Branch, tag or commit of the model at the hub."""
    box_threshold: float = Field(default=0.35, ge=0, le=1)
    """Boxes with less confidence are recorded and dropped. OWLv2's scores are lower: 0.1 to 0.2 suits it."""
    text_threshold: float = Field(default=0.25, ge=0, le=1)
    """Tokens above it are a box's label (not OWLv2)."""
    max_text_tokens: int = Field(default=256, ge=8)
    """Longest caption; more prompts are asked for in further captions. The model's own limit holds if it is less."""
    dtype: Numbers = "float32"
    """Numbers that the network computes with; the half ones are for GPUs."""
    device: Device = Field(default="auto", exclude=True)
    """`auto`: a GPU, if the worker has one."""
    batch: int = Field(default=8, ge=1, exclude=True)
    """Most images of one shape in one forward pass."""

    def source(self) -> WeightSource:
        """The model's files."""
        return WeightSource(self.model, self.revision)


class GroundingDinoPyOptions(StageConfig):
    """The original Grounding DINO code, as the package groundingdino-py carries it."""

    config: str = "GroundingDINO_SwinB_cfg"
    """GroundingDINO_SwinT_OGC or GroundingDINO_SwinB_cfg, or a configuration file on this machine (.py: it is run)."""
    checkpoint: str = "ShilongLiu/GroundingDINO"
    """ORG/NAME at the hub, or a folder or .pth file on this machine; read with `weights_only`."""
    file: str = "groundingdino_swinb_cogcoor.pth"
    """The checkpoint's name at the hub, or in the folder."""
    revision: str | None = None
    """Branch, tag or commit of the checkpoint at the hub."""
    bert: str = "google-bert/bert-base-uncased"
    """The text backbone: ORG/NAME at the hub, or a folder on this machine."""
    bert_revision: str | None = None
    """Branch, tag or commit of the text backbone at the hub."""
    box_threshold: float = Field(default=0.35, ge=0, le=1)
    """Boxes with less confidence are recorded and dropped."""
    text_threshold: float = Field(default=0.25, ge=0, le=1)
    """Tokens above it are a box's label."""
    max_text_tokens: int = Field(default=256, ge=8, le=256)
    """Longest caption; more prompts are asked for in further captions."""
    shortest_px: int = Field(default=800, ge=32)
    """Shorter side to which images are resized."""
    longest_px: int = Field(default=1333, ge=32)
    """The longer side is at most this."""
    device: Device = Field(default="auto", exclude=True)
    """`auto`: a GPU, if the worker has one."""
    batch: int = Field(default=8, ge=1, exclude=True)
    """Most images of one shape in one forward pass."""

    def checkpoint_source(self) -> WeightSource:
        """The checkpoint's file."""
        return WeightSource(self.checkpoint, self.revision, (self.file,))

    def bert_source(self) -> WeightSource:
        """The text backbone's files."""
        return WeightSource(self.bert, self.bert_revision)


class UltralyticsOptions(StageConfig):
    """YOLOE, YOLO-World or a closed YOLO in ultralytics (AGPL-3.0)."""

    model: str = "Ultralytics/YOLO11"
    """ORG/NAME at the hub, a folder or .pt file on this machine, the address of a .pt file, or a .yaml: the bare
    network, untrained."""
    file: str = "yolo11m.pt"
    """The checkpoint's name at the hub, or in the folder."""
    revision: str | None = None
    """Branch, tag or commit of the checkpoint at the hub."""
    sha256: str | None = None
    """Digest of a checkpoint that is one file; needed at an address."""
    trust_pickles: bool = False
    """A .pt file can run any code when it is loaded: true says that this one, whose digest is checked, may."""
    embeddings: str | None = None
    """Open vocabulary: an .npz file with `names` [n] and `embeddings` [1, n, dimensions], as YOLOE's
    `save_prompt_embeddings` writes it. Words that it does not hold cannot be asked for."""
    text_encoder: str | None = None
    """Open vocabulary, instead: the encoder's file, mobileclip_blt.ts for YOLOE or ViT-B-32.pt for YOLO-World, on this
    machine or at an address."""
    text_encoder_sha256: str | None = None
    """Digest of the encoder's file; needed at an address."""
    image_size: int = Field(default=640, ge=32, multiple_of=32)
    """Longer side to which images are resized."""
    box_threshold: float = Field(default=0.25, ge=0, le=1)
    """Boxes with less confidence are recorded and dropped."""
    half: bool = False
    """Compute in float16 (GPUs)."""
    device: Device = Field(default="auto", exclude=True)
    """`auto`: a GPU, if the worker has one."""
    batch: int = Field(default=8, ge=1, exclude=True)
    """Most images in one forward pass."""

    @model_validator(mode="after")
    def _one_text_side(self) -> UltralyticsOptions:
        if self.embeddings is not None and self.text_encoder is not None:
            raise ValueError("embeddings and text_encoder cannot both be given; choose one")
        return self

    @property
    def is_untrained(self) -> bool:
        """Whether the model is a bare architecture."""
        return self.model.endswith((".yaml", ".yml"))

    def source(self) -> WeightSource:
        """The checkpoint's file."""
        return WeightSource(self.model, self.revision, (self.file,), self.sha256)

    def text_source(self) -> WeightSource | None:
        """The file of the text side, if there is one."""
        file, digest = self.embeddings or self.text_encoder, None if self.embeddings else self.text_encoder_sha256
        return None if file is None else WeightSource(file, sha256=digest, files=("*",))

    def sources(self) -> tuple[WeightSource, ...]:
        """All files that are loaded."""
        own = () if self.is_untrained else (self.source(),)
        text = self.text_source()
        return own if text is None else (*own, text)


class DetectConfig(StageConfig):
    """Which detector, for what, and how sure it has to be."""

    backend: Literal["ssd-mobilenet", "transformers", "groundingdino-py", "ultralytics"] = "ssd-mobilenet"
    """`ssd-mobilenet`: SSD MobileNet V2 COCO in OpenCV DNN, packaged weights, CPU. `transformers`: Grounding DINO,
    MM Grounding DINO, OWLv2. `groundingdino-py`: Grounding DINO's own code. `ultralytics`: YOLOE, YOLO-World, YOLO."""
    vocabulary: tuple[str, ...] | Literal["text", "proposed"] | None = None
    """What to look for: a list of words; `text`: the phrases of the given texts; `proposed`: what an MLLM sees in the
    image (options `proposer`). null: all that a detector with a fixed list of labels knows."""
    min_score: float = Field(default=0.2, ge=0, le=1)
    """Boxes with less confidence are not recorded at all."""
    max_iou: float = Field(default=0.5, ge=0, le=1)
    """Overlap (intersection over union) above which two boxes of one label are one object; the surer one stays."""
    whole_image_area: float | None = Field(default=None, gt=0, le=1)
    """Boxes with at least this share of the image's area are dropped before boxes are compared. A prompted detector
    answers a prompt that nothing fits with such a box. null: left to `filter`."""
    max_boxes: int = Field(default=100, ge=1)
    """Most boxes of an image that are recorded, the surest ones."""
    prompts_together: int | None = Field(default=None, ge=1)
    """Most prompts in one caption of Grounding DINO. null: for a list of words as many as fit, for phrases of a text
    one, as in Grounding-IQA; boxes that answer several prompts of one caption at once are lost."""
    confirm: bool = True
    """`ssd-mobilenet`: ask a second model (EfficientNet-lite3, ImageNet-1k) about each box; unconfirmed boxes are
    kept=false."""
    min_agreement: float = Field(default=0.1, ge=0, le=1)
    """`ssd-mobilenet`: least probability that the second model gives to the label's ImageNet classes."""
    min_sum: float = Field(default=0.8, ge=0, le=2)
    """`ssd-mobilenet`: least sum of the detector's score and that probability."""
    min_score_unknown: float = Field(default=0.6, ge=0, le=1)
    """`ssd-mobilenet`: least score of a label that the second model does not know (person and others), or of any
    without `confirm`."""
    min_rename: float = Field(default=0.8, ge=0, le=1)
    """`ssd-mobilenet`: least probability of another plain name (bee, squirrel, building) that an unconfirmed box gets
    instead."""
    min_score_named: float = Field(default=0.3, ge=0, le=1)
    """Fixed labels, vocabulary `text`: where a phrase has no confirmed box, its surest unconfirmed one stays from this
    score on, because the text says that the thing is there."""
    transformers: TransformersOptions = TransformersOptions()
    """Options of the backend `transformers`."""
    groundingdino_py: GroundingDinoPyOptions = GroundingDinoPyOptions()
    """Options of the backend `groundingdino-py`."""
    ultralytics: UltralyticsOptions = UltralyticsOptions()
    """Options of the backend `ultralytics`."""
    proposer: ModelOptions = ModelOptions(max_tokens=256, max_images=1)
    """The vision-language model behind the vocabulary `proposed`."""
    max_proposed: int = Field(default=12, ge=1, le=64)
    """Most things that the MLLM may propose for an image."""

    @field_validator("vocabulary")
    @classmethod
    def _has_words(cls, vocabulary: object) -> object:
        if isinstance(vocabulary, tuple) and not (vocabulary and all(word.strip() for word in vocabulary)):
            raise ValueError("needs at least one word, and no empty ones")
        return vocabulary

    @model_validator(mode="after")
    def _knows_what_to_look_for(self) -> DetectConfig:
        if self.vocabulary is None and self.backend in ("transformers", "groundingdino-py"):
            raise ValueError(f"{self.backend} needs a vocabulary: a list of words, text or proposed")
        return self

    def unread(self) -> set[str]:
        """Options that this configuration does not read, so that they decide nothing."""
        names = {group for backend, group in GROUPS.items() if backend != self.backend}
        if self.backend != "ssd-mobilenet":
            names |= EMBEDDED_ONLY
        if self.vocabulary != "proposed":
            names |= {"proposer", "max_proposed"}
        if self.vocabulary != "text":
            names.add("min_score_named")
        return names

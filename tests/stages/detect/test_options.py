"""Options of the detect stage: what fits together, what decides the result, what a configuration names."""

from __future__ import annotations

import pytest

from manifests.errors import RecipeError
from manifests.recipe import StageSpec
from stages.detect import Detect, DetectConfig
from stages.detect.backends import name_of
from stages.registry import build_stage


def built(**options: object) -> Detect:
    stage = build_stage(StageSpec(name="detect", options=options), seed=0)
    assert isinstance(stage, Detect)
    return stage


def test_options_of_backends_that_were_not_chosen_decide_nothing() -> None:
    plain = built()
    assert plain.identity() == built(transformers={"box_threshold": 0.5}, ultralytics={"file": "x.pt"}).identity()
    dino = built(backend="transformers", vocabulary=["cat"])
    assert dino.identity() == built(backend="transformers", vocabulary=["cat"], confirm=False).identity()


def test_options_of_the_chosen_backend_decide_but_for_speed_and_place() -> None:
    chosen = {"backend": "transformers", "vocabulary": ["cat"]}
    plain = built(**chosen).identity()
    assert plain != built(**chosen, transformers={"box_threshold": 0.5}).identity()
    assert plain != built(**{**chosen, "vocabulary": ["dog"]}).identity()
    assert plain == built(**chosen, transformers={"batch": 3, "device": "cpu"}).identity()


def test_the_embedded_detector_needs_neither_packages_nor_downloads() -> None:
    stage = built()
    assert (dict(stage.requires()), list(stage.sources())) == ({}, [])
    assert stage.needed() == {"content"}


@pytest.mark.parametrize(
    ("options", "model", "package", "licence"),
    [
        ({"backend": "transformers"}, "IDEA-Research/grounding-dino-base", "transformers", "Apache-2.0"),
        ({"backend": "groundingdino-py"}, "ShilongLiu/GroundingDINO", "groundingdino", "Apache-2.0"),
        ({"backend": "ultralytics"}, "Ultralytics/YOLO11", "ultralytics", "AGPL-3.0"),
    ],
)
def test_a_backend_names_its_weights_its_packages_and_its_licences_before_anything_is_loaded(
    options: dict[str, object], model: str, package: str, licence: str
) -> None:
    stage = built(**options, vocabulary=["cat"])
    assert stage.sources()[0].model == model
    assert package in stage.requires()
    assert licence in " ".join(stage.licences().values())


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"backend": "transformers"}, "transformers needs a vocabulary"),
        ({"backend": "groundingdino-py"}, "groundingdino-py needs a vocabulary"),
        ({"backend": "ultralytics", "ultralytics": {"embeddings": "a.npz"}}, "set detect.vocabulary"),
        ({"vocabulary": []}, "needs at least one word"),
        ({"vocabulary": ["cat", " "]}, "needs at least one word, and no empty ones"),
        ({"vocabulary": "proposed"}, "detect.proposer"),
        ({"transformers": {"modle": "x"}}, "transformers.modle: no such option"),
    ],
)
def test_options_that_do_not_fit_together_are_refused_in_one_line(options: dict[str, object], fact: str) -> None:
    with pytest.raises(RecipeError) as caught:
        built(**options)
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)


def test_phrases_of_the_text_must_have_been_extracted() -> None:
    assert built(vocabulary="text").needed() == {"content", "phrases"}


def test_records_carry_no_path_of_a_machine() -> None:
    assert name_of("IDEA-Research/grounding-dino-tiny") == "IDEA-Research/grounding-dino-tiny"
    assert name_of("/data/models/dino") == "dino"
    assert name_of("https://example.org/a/yolo11n.pt") == "yolo11n.pt"


def test_the_words_that_labels_stand_for_decide_only_where_they_are_used() -> None:
    assert dict(Detect().prompts()) == {}
    assert "stages.detect.label_words" in Detect(DetectConfig(vocabulary=("cat",))).prompts()

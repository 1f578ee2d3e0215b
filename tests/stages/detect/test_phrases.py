"""Phrases of texts and the fixed labels that they may mean."""

from __future__ import annotations

import pytest

from stages.detect.coco import COCO_LABELS, PLAIN_NAMES
from stages.detect.label_words import CALLED, KINDS
from stages.detect.phrases import labels_meant, means


@pytest.mark.parametrize(
    ("head", "phrase", "label"),
    [
        ("planes", "planes in the middle", "airplane"),
        ("Airplanes", "Airplanes", "airplane"),
        ("women", "women in white", "person"),
        ("puppies", "puppies", "dog"),
        ("buses", "red buses", "bus"),
        ("traffic lights", "traffic lights", "traffic light"),
        ("lights", "traffic lights", "traffic light"),
        ("racket", "tennis racket", "tennis racket"),
        ("TV", "old TV", "tv"),
        ("slices", "slices of fruit", "orange"),
        ("group", "group of people on the left", "person"),
        ("vehicles", "vehicles on the road", "truck"),
        ("fur", "fur", "cat"),
        ("church", "church", "building"),
    ],
)
def test_a_head_noun_means_a_label_through_plurals_synonyms_and_kinds(head: str, phrase: str, label: str) -> None:
    assert label in labels_meant(head, phrase)


@pytest.mark.parametrize(
    ("head", "phrase"),
    [
        ("face", "face of the man"),
        ("wheels", "wheels of the car"),
        ("sky", "sky"),
        ("glasses", "man's glasses"),
        ("", ""),
    ],
)
def test_parts_and_unknown_things_mean_no_label(head: str, phrase: str) -> None:
    assert labels_meant(head, phrase) == frozenset()


def test_a_label_that_no_list_knows_is_meant_by_its_own_name() -> None:
    assert means("drones", "small drones", "drone")
    assert not means("drones", "small drones", "kite")


def test_every_label_of_both_models_has_its_words_and_no_other_label_stands_there() -> None:
    known = {*COCO_LABELS.values(), *PLAIN_NAMES}
    assert set(CALLED) == known
    assert {label for members in KINDS.values() for label in members.split(",")} <= known

"""Small, exact English."""

import pytest

from stages.detect.coco import COCO_LABELS
from stages.language.english import agree, article, capitalise, join, noun, pluralise


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("person", "people"), ("bus", "buses"), ("dining table", "dining tables"), ("tv", "TVs"), ("knife", "knives"),
        ("sandwich", "sandwiches"), ("potted plant", "potted plants"), ("sports ball", "sports balls"),
        ("wine glass", "wine glasses"), ("mouse", "mice"), ("sheep", "sheep"), ("toothbrush", "toothbrushes"),
        ("couch", "couches"), ("butterfly", "butterflies"), ("donkey", "donkeys"), ("leaf", "leaves"),
        ("hair drier", "hair driers"), ("cell phone", "cell phones"), ("stop sign", "stop signs"),
        ("remote", "remote controls"), ("snowman", "snowmen"),
    ],
)  # fmt: skip
def test_a_class_name_has_its_right_plural(singular: str, plural: str) -> None:
    assert noun(singular).form(many=True) == plural


def test_scissors_and_skis_take_a_plural_verb_even_when_there_is_one_pair() -> None:
    assert noun("scissors").takes_plural_verb(many=False)
    assert noun("skis").takes_plural_verb(many=False)
    assert noun("skis").plural == "skis"


def test_broccoli_never_takes_a_plural() -> None:
    assert noun("broccoli").form(many=True) == "broccoli"
    assert not noun("broccoli").takes_plural_verb(many=True)


def test_words_from_a_text_keep_the_plural_that_they_have() -> None:
    assert noun("the red candles").singular == "red candles"
    assert noun("candles").takes_plural_verb(many=False)
    assert noun("people").takes_plural_verb(many=False)
    assert noun("men").takes_plural_verb(many=False)


def test_a_bus_and_a_glass_are_no_plurals() -> None:
    assert not noun("bus").takes_plural_verb(many=False)
    assert not noun("glass").takes_plural_verb(many=False)


def test_a_label_loses_everything_that_markup_would_misread() -> None:
    assert noun("cat [3](#2)").singular == "cat 3 2"
    assert noun("  ").singular == "object"


def test_every_coco_label_becomes_a_noun_with_words() -> None:
    for label in COCO_LABELS.values():
        assert noun(label).singular
        assert noun(label).plural


def test_lists_read_as_english() -> None:
    assert join(["a"]) == "a"
    assert join(["a", "b"]) == "a and b"
    assert join(["a", "b", "c"]) == "a, b and c"
    assert join([]) == ""


def test_verbs_agree_with_their_subject() -> None:
    forms = {"is": "are", "has": "have", "does": "do", "shows": "show", "washes": "wash", "suffers": "suffer"}
    for singular, plural in forms.items():
        assert agree(singular, plural=False) == singular
        assert agree(singular, plural=True) == plural


def test_articles_follow_the_sound() -> None:
    assert article("area at the top") == "an"
    assert article("bus") == "a"
    assert article("umbrella") == "an"
    assert article("unicycle") == "a"


def test_a_sentence_may_begin_with_a_link() -> None:
    assert capitalise("[cars](#1) stand out") == "[Cars](#1) stand out"


def test_regular_plurals() -> None:
    assert pluralise("box") == "boxes"
    assert pluralise("city") == "cities"

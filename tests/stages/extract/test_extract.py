"""Given texts become the report, in their own words; their phrases follow the recipe's rules."""

from __future__ import annotations

from manifests.records import ImageRecord
from stages.describe.pools import GLOBAL_QUESTIONS
from stages.extract import Extract, ExtractConfig


def extracted(*texts: str, **options: object) -> ImageRecord:
    row = ImageRecord(image_id="f00d", uri="a.jpg", texts=list(texts))
    (returned,) = Extract(ExtractConfig(**options))([row])
    return returned


def test_every_text_is_a_passage_in_its_own_words() -> None:
    row = extracted("The dog is sharp.", "The sky is\n overexposed [see #3].")
    assert row.report is not None
    assert row.report.author == "given text"
    assert [passage.text for passage in row.report.passages] == ["The dog is sharp.", "The sky is overexposed (see 3)."]
    assert {passage.level for passage in row.report.passages} == {"global"}
    assert {passage.question for passage in row.report.passages} <= set(GLOBAL_QUESTIONS)
    assert [(phrase.passage, phrase.label) for phrase in row.phrases] == [(0, "dog"), (1, "sky")]
    assert row.texts[1] == "The sky is\n overexposed [see #3]."


def test_things_without_effect_are_kept_only_if_the_recipe_says_so() -> None:
    text = "The dog is sharp and the cat is acceptable."
    assert [phrase.drop_reason for phrase in extracted(text).phrases] == [None, "non-critical"]
    assert [phrase.drop_reason for phrase in extracted(text, drop_no_impact=False).phrases] == [None, None]


def test_phrases_beyond_the_limit_stay_in_the_record_without_boxes() -> None:
    row = extracted("The dog is sharp. The cat is dark. The bird is noisy.", max_phrases=2)
    assert [(phrase.label, phrase.drop_reason) for phrase in row.phrases] == [
        ("dog", None),
        ("cat", None),
        ("bird", "over-limit"),
    ]
    assert [phrase.label for phrase in row.wanted_phrases()] == ["dog", "cat"]


def test_an_image_without_a_text_fails() -> None:
    row = extracted()
    assert (row.outcome, row.stage, row.reason) == ("failed", "extract", "no description was given for this image")


def test_the_same_texts_give_the_same_rows_whatever_their_batch() -> None:
    texts = ["The dog is sharp.", "The dog is blurred."]
    rows = [ImageRecord(image_id=str(n), uri="a", texts=[text]) for n, text in enumerate(texts)]
    alone = [Extract()([row.model_copy(deep=True)])[0] for row in rows]
    assert Extract()(rows) == alone


def test_what_the_stage_did_can_be_taken_back() -> None:
    row = extracted("The dog is sharp.")
    Extract().undo(row)
    assert row == ImageRecord(image_id="f00d", uri="a.jpg", texts=["The dog is sharp."])

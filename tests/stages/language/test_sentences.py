"""Taking sentences out of a text."""

from stages.language.sentences import split, without


def test_sentences_are_split_outside_of_links_only() -> None:
    text = "The [St. Mary](#1) is sharp. It is clean! Is it? Yes."
    assert split(text) == ["The [St. Mary](#1) is sharp.", "It is clean!", "Is it?", "Yes."]


def test_the_next_sentence_gets_the_subject_that_it_leaned_on() -> None:
    text = "The [bus](#1) is blurred. Even so, it is noisy. All is well."
    assert without(text, "blurred", [1]) == "The [bus](#1) is noisy. All is well."


def test_of_two_sentences_with_the_words_the_one_on_the_region_goes() -> None:
    text = "The [cat](#2) is noisy. The [dog](#5) is noisy."
    assert without(text, "noisy", [5]) == "The [cat](#2) is noisy."


def test_a_pronoun_for_the_image_is_replaced_too() -> None:
    assert without("The image is noisy. It is sharp.", "noisy", []) == "The image is sharp."


def test_words_that_are_not_there_change_nothing() -> None:
    assert without("All is well.", "blurred", []) == "All is well."

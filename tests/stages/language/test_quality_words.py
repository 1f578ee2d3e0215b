"""Words of quality: polarity, families, degree and negation."""

from __future__ import annotations

import pytest

from stages.language.quality_words import lexicon, polarity_of, sayings


@pytest.mark.parametrize(
    ("text", "polarity", "families", "degree"),
    [
        ("clear", 1, ("blur",), 0),
        ("not clear", -1, ("blur",), 0),
        ("not very sharp", -1, ("blur",), -1),
        ("extremely blurred", -1, ("blur",), 1),
        ("slightly noisy", -1, ("noise",), -1),
        ("free of noise", 1, ("noise",), 0),
        ("no noise", 1, ("noise",), 0),
        ("a little noise", -1, ("noise",), -1),
        ("well exposed", 1, ("brighten", "darken"), 0),
        ("too high contrast", -1, ("contrast-strengthen",), 0),
        ("average", 0, (), 0),
        ("not bad", 0, (), 0),
        ("below average", -1, (), 0),
    ],
)
def test_a_phrase_is_read(text: str, polarity: int, families: tuple[str, ...], degree: int) -> None:
    (saying,) = sayings(text)
    assert (saying.polarity, saying.families, saying.degree) == (polarity, families, degree)


def test_longer_entries_win_and_every_entry_is_read_as_itself() -> None:
    assert [saying.text for saying in sayings("out of focus and in focus")] == ["out of focus", "in focus"]
    for entry in lexicon():
        assert sayings(" ".join(entry))[0].text == " ".join(entry)


def test_blame_weighs_more_where_praise_is_as_much() -> None:
    assert polarity_of(sayings("sharp but noisy")) == -1
    assert polarity_of(sayings("sharp, colourful but noisy")) == 1
    assert polarity_of(sayings("average")) == 0


def test_only_blame_with_a_degree_claims_a_severity() -> None:
    assert [each.severity for each in sayings("slightly blurred, severely noisy, dark, very sharp")] == [
        2,
        4,
        None,
        None,
    ]

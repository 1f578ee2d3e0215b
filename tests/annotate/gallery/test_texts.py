"""Texts are cut where they point at something, and nothing of them is lost."""

from annotate.gallery.texts import Piece, pieces_of_description, pieces_of_grid_text
from manifests.records import Description, Span


def described(text, spans=(), contradicted=()):
    return Description(
        id="d", level="global", question="q", answer=text, answer_plain=text, spans=list(spans),
        contradicted=list(contradicted), author="a",
    )  # fmt: skip


def test_phrases_and_contradicted_claims_may_overlap():
    text = "The dark sky is noisy. Fine."
    pieces = pieces_of_description(
        described(text, [Span(start=4, end=12, region_ids=[3, 1])], ["sky is noisy", "not in the text"])
    )

    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in pieces if piece.region_ids == (3, 1)] == ["dark ", "sky"]
    assert [piece.text for piece in pieces if piece.contradicted] == ["sky", " is noisy"]


def test_offsets_count_characters_and_not_bytes():
    text = "Ünder 日本 sky"
    pieces = pieces_of_description(described(text, [Span(start=6, end=8, region_ids=[1])]))

    assert [piece.text for piece in pieces if piece.is_phrase] == ["日本"]


def test_links_on_the_grid_become_phrases():
    pieces = pieces_of_grid_text("Is the [sky](<0, 21>, <5, 26>) dark?")

    assert pieces == [Piece("Is the "), Piece("sky", cells=((0, 21), (5, 26))), Piece(" dark?")]


def test_a_text_that_cannot_be_read_is_shown_as_it_is():
    assert pieces_of_grid_text("a [broken](<9") == [Piece("a [broken](<9")]
    assert pieces_of_grid_text("") == []

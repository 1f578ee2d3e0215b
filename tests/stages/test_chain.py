"""The chain: neighbours of a poison row are processed as if it had not been there."""

import pytest

from manifests.records import ImageRecord, Score
from stages.chain import Chain
from stages.stage import Stage


class AddScore(Stage):
    """Appends a score to every row, so that a row processed twice shows it; raises on rows whose uri says so."""

    name = "add-score"
    needs = frozenset({"uri"})
    adds = frozenset({"scores"})

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        self.batches.append(len(rows))
        for row in rows:
            row.scores = [*row.scores, Score(metric="m", value=1.0, lower_better=False)]
            if "poison" in row.uri:
                raise MemoryError("out of\nmemory")
        return rows


class Refuse(Stage):
    """Filters every row whose uri says so."""

    name = "refuse"
    needs = frozenset({"uri"})
    adds = frozenset[str]()

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        for row in rows:
            if "small" in row.uri:
                row.end("filtered", self.name, "too small")
        return rows


def rows_of(*uris: str) -> list[ImageRecord]:
    return [ImageRecord(image_id=uri, uri=uri, content=b"bytes") for uri in uris]


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_a_poison_row_fails_alone_whatever_the_batch(batch_size: int) -> None:
    rows = rows_of("a", "b", "poison", "c", "d")
    Chain([AddScore()], batch_size=batch_size)(rows)
    assert [row.outcome for row in rows] == [None, None, "failed", None, None]
    assert (rows[2].stage, rows[2].reason) == ("add-score", "MemoryError: out of memory")
    assert [len(row.scores) for row in rows if row.outcome is None] == [1, 1, 1, 1]


def test_rows_with_an_outcome_are_not_shown_to_later_stages() -> None:
    rows = rows_of("a", "small", "b")
    Chain([Refuse(), AddScore()], batch_size=3)(rows)
    assert [len(row.scores) for row in rows] == [1, 0, 1]
    assert rows[1].outcome == "filtered"


def test_a_failed_row_gives_no_labels() -> None:
    row = ImageRecord.model_validate(
        {
            "image_id": "a",
            "uri": "a",
            "descriptions": [
                {"id": "d", "level": "global", "question": "q", "answer": "a", "answer_plain": "a", "author": "x"}
            ],
        }
    )
    row.end("failed", "point", "because")
    assert row.descriptions == []


def test_the_encoded_bytes_are_dropped_behind_their_last_reader() -> None:
    rows = rows_of("a", "b")
    Chain([AddScore(), Refuse()], drop_content_after="add-score")(rows)
    assert [row.content for row in rows] == [None, None]


def test_seconds_are_kept_by_stage_and_row() -> None:
    rows = rows_of("a", "b")
    Chain([AddScore(), Refuse()], batch_size=2)(rows)
    assert all(set(row.seconds) == {"add-score", "refuse"} for row in rows)


def test_a_stage_that_swaps_rows_is_an_error_of_the_stage_and_not_of_the_data() -> None:
    class Swap(Refuse):
        def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
            return rows[::-1]

    rows = rows_of("a", "b")
    Chain([Swap()], batch_size=2)(rows)
    assert [row.outcome for row in rows] == [None, None]  # alone, each row is in its order

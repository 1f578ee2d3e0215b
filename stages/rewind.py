"""Rows of another run, taken back to the last stage that both runs share: what is equal is not computed again."""

from __future__ import annotations

from collections.abc import Sequence

from manifests.records import ImageRecord
from stages.stage import Stage


def shared_stages(
    identities: Sequence[str], done: Sequence[Stage], wanted: Sequence[Stage], *, keep_content: bool = False
) -> int:
    """How many stages from the start the rows of a run need not go through again.

    The run had the stages `done`, with these identities when it was made.

    It is the longest prefix of equal identities, cut where the finished rows no longer tell what a stage found:
    before the first filler of a field from which a later stage threw something away. A stage that replaces the image
    runs again if a later one, or (`keep_content`) the dataset, needs the image.
    """
    shared = 0
    for identity, stage in zip(identities, wanted, strict=False):
        if identity != stage.identity():
            break
        shared += 1
    if keep_content or any("content" in stage.needed() for stage in wanted[shared:]):
        changing = [index for index, stage in enumerate(wanted) if stage.changes_content]
        shared = min([shared, *changing])
    for stage in done[shared:]:
        if not stage.undoable():
            shared = min(shared, _first_filler(done, stage.adds))
    return shared


def rewind(row: ImageRecord, done: Sequence[Stage], shared: int) -> None:
    """Take a finished row back to what the first `shared` of the stages `done` made of it."""
    for stage in reversed(done[shared:]):
        stage.undo(row)
    row.outcome, row.passed = None, shared


def _first_filler(stages: Sequence[Stage], fields: frozenset[str]) -> int:
    return next(index for index, stage in enumerate(stages) if stage.adds & fields)

"""From judged candidates to claims: the surest name of each place, if it is above its family's threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stages.measure.recogniser.proposals import Candidate

_SAME_FAMILY = 0.25, 0.5
"""IoU, and share of the smaller one, from which two candidates of one family are one area."""
_OTHER_FAMILY = 0.5, 0.7
"""The same for two families: one distortion looks like another."""
_BOTH = 0.95
"""Confidence from which a second name is claimed for a place too; two distortions may lie on one region. At 0.9 two of
three second names were wrong (mostly compression beside blur)."""
_DOUBT = 0.5
"""Confidence from which a name that must not be claimed speaks against less sure names of its place."""


def chosen(found: Sequence[Candidate], confidences: Sequence[float], thresholds: Mapping[str, float]) -> list[int]:
    """Indices of the candidates that are claimed, most confident first.

    Where the surest name is below its own threshold nothing is claimed: a coat that is taken for a darkened area is
    not an area of strong contrast either.
    """
    kept: list[int] = []
    doubtful: list[int] = []
    for index in sorted(range(len(found)), key=lambda each: (-confidences[each], each)):
        candidate, confidence = found[index], confidences[index]
        here = [other for other in kept + doubtful if _same_place(candidate, found[other])]
        families = {found[other].family for other in here}
        if candidate.family in families or (here and confidence < _BOTH):
            continue
        if confidence >= thresholds[candidate.family]:
            kept.append(index)
        elif confidence >= _DOUBT:
            doubtful.append(index)
    return kept


def _same_place(first: Candidate, second: Candidate) -> bool:
    iou, share = _SAME_FAMILY if first.family == second.family else _OTHER_FAMILY
    shared = int((first.cells & second.cells).sum())
    sizes = int(first.cells.sum()), int(second.cells.sum())
    return shared >= iou * (sum(sizes) - shared) or shared >= share * min(sizes)

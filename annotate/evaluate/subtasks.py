"""IQA-Spider's three kinds of grounding questions (arXiv 2605.24553), told apart by their wording.

Tables name no subtask; the questions of `spider-synthetic` come from pools, each of which belongs to one. A question
of other wording has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

from stages.question import planted_pools as pools

Subtask = Literal["hyd", "sid", "dao"]
"""HyD-G: most or least degraded in all; SiD-G: by one distortion; DAO-G: by distortions and their order."""

_FRAMES: dict[Subtask, tuple[Sequence[str], ...]] = {
    "hyd": (pools.HYD_WORST, pools.HYD_BEST),
    "sid": (pools.SID_MOST, pools.SID_LEAST),
    "dao": (pools.DAO_ORDER, pools.DAO_FIRST, pools.DAO_LAST),
}
_SLOT = re.compile(r"\\{\w+\\}")


def subtask_of(question: str) -> Subtask | None:
    """The subtask of a grounding question without coordinates; None for one that is in no pool, or in two."""
    found = [subtask for subtask in _FRAMES if any(pattern.fullmatch(question) for pattern in _patterns(subtask))]
    return found[0] if len(found) == 1 else None


@cache
def _patterns(subtask: Subtask) -> tuple[re.Pattern[str], ...]:
    frames = (frame for pool in _FRAMES[subtask] for frame in pool)
    return tuple(re.compile(_SLOT.sub("(.+)", re.escape(frame))) for frame in frames)

from __future__ import annotations

import pytest

from annotate.evaluate.subtasks import subtask_of
from stages.language.planted import FAMILY_NAMES, PLANTED_NAMES
from stages.question import planted_pools as pools

SCOPE = "the dog on the left, the car and the area in the middle"
POOLS = {
    "hyd": (*pools.HYD_WORST, *pools.HYD_BEST),
    "sid": (*pools.SID_MOST, *pools.SID_LEAST),
    "dao": (*pools.DAO_ORDER, *pools.DAO_FIRST, *pools.DAO_LAST),
}


@pytest.mark.parametrize("subtask", POOLS)
def test_every_question_of_a_pool_tells_its_subtask(subtask: str) -> None:
    for frame in POOLS[subtask]:
        for name in {*FAMILY_NAMES.values(), *PLANTED_NAMES.values()}:
            question = frame.format(name=name, first=name, second="blur", scope=SCOPE)
            assert subtask_of(question) == subtask, question


def test_other_questions_have_no_subtask() -> None:
    assert subtask_of("Where is the dog?") is None

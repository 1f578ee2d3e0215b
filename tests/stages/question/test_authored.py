"""From a model's replies to pairs: where the boxes stand, what is refused, what an image keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.language.voice import Voice
from stages.question.authored import QUALITY_STEMS, Refused, Rules, consistent, open_pairs, yes_no_pairs
from stages.question.entities import Entity
from stages.question.llm import Wanted, chosen
from stages.question.pair import Pair
from stages.question.replies import Answered, Located, OpenReply, YesNoReply

ENTITIES = [Entity(1, "dog", (1,)), Entity(2, "window", (2, 5)), Entity(3, "sky", (3,))]
RULES = Rules(boxed_only=True, keywords=QUALITY_STEMS)
WANTED = Wanted(
    yes_no_each=2, what=2, why=1, how=2, where=1, most_yes_no=6, most_open=6, equal=True, max_answer_words=5
)  # fmt: skip


def voice() -> Voice:
    return Voice(np.random.default_rng(0))


def opened(**families: list[Answered | Located]) -> OpenReply:
    return OpenReply.model_validate({"what": [], "why": [], "how": [], "where": [], **families})


def reasons(found: list[Pair | Refused]) -> list[str]:
    return [pair.reason for pair in found if isinstance(pair, Refused)]


def test_yes_and_no_have_the_boxes_in_the_question() -> None:
    yes, no = yes_no_pairs(YesNoReply(yes=["Is {1} sharp?"], no=["Is {2} noisy?"]), ENTITIES, RULES)
    assert isinstance(yes, Pair)
    assert isinstance(no, Pair)
    assert (yes.question, yes.answer, yes.yes, yes.spatial) == ("Is the [dog](#1) sharp?", "Yes.", True, "referring")
    assert (no.question, no.answer, no.region_ids) == ("Is the [window](#2, #5) noisy?", "No.", (2, 5))


def test_open_questions_have_short_answers_as_sentences() -> None:
    (pair,) = open_pairs(opened(how=[Answered(question="How clear is {1}?", answer="very blurry")]), ENTITIES, RULES)
    assert isinstance(pair, Pair)
    assert (pair.family, pair.answer, pair.spatial) == ("how", "Very blurry.", "referring")


def test_what_is_where_has_the_boxes_in_the_answer_alone() -> None:
    (pair,) = open_pairs(opened(where=[Located(question="What is overexposed?", answer=[2, 3, 2])]), ENTITIES, RULES)
    assert isinstance(pair, Pair)
    assert (pair.family, pair.spatial, pair.region_ids) == ("what", "grounding", (2, 5, 3))
    assert (pair.question, pair.answer) == ("What is overexposed?", "The [window](#2, #5) and the [sky](#3).")


def test_a_question_that_names_its_answer_is_refused() -> None:
    found = open_pairs(opened(where=[Located(question="Which windows are too bright?", answer=[2])]), ENTITIES, RULES)
    assert reasons(found) == ["names its answer"]


def test_the_keyword_filter_refuses_what_is_not_about_a_boxed_thing_or_its_quality() -> None:
    said = YesNoReply(yes=["Is the picture sharp?", "Is {1} friendly?"], no=["Is {2} a door?"])
    assert reasons(yes_no_pairs(said, ENTITIES, RULES)) == ["no boxed entity", "no quality word", "no quality word"]
    free = yes_no_pairs(said, ENTITIES, Rules(boxed_only=False, keywords=()))
    assert [pair.spatial for pair in free if isinstance(pair, Pair)] == ["none", "referring", "referring"]


def test_a_question_with_two_answers_goes_and_one_that_stands_twice_stays_once() -> None:
    said = YesNoReply(
        yes=["Is {1} sharp?", "Is {2} noisy?"], no=["Is the dog {1} sharp?", "Is {3} dark?", "Is {3} dark?"]
    )
    found = list(consistent(yes_no_pairs(said, ENTITIES, RULES)))
    assert reasons(found) == ["contradiction", "contradiction", "repeated"]
    assert [pair.question for pair in found if isinstance(pair, Pair)] == [
        "Is the [window](#2, #5) noisy?", "Is the [sky](#3) dark?",
    ]  # fmt: skip


def test_an_image_keeps_as_many_yes_as_no_and_as_many_open_as_closed() -> None:
    closed = yes_no_pairs(
        YesNoReply(yes=["Is {1} sharp?", "Is {3} clear?", "Is {2} bright?"], no=["Is {2} noisy?", "Is {1} dark?"]),
        ENTITIES, RULES,
    )  # fmt: skip
    others = open_pairs(
        opened(
            what=[Answered(question="What spoils {2}?", answer="Noise")],
            how=[Answered(question="How dark is {1}?", answer="Slightly")],
            where=[Located(question="What is overexposed?", answer=[3])],
        ),
        ENTITIES, RULES,
    )  # fmt: skip
    kept = chosen([*closed, *others], WANTED, voice())
    assert sorted(pair.answer for pair in kept if pair.family == "yes-no") == ["No.", "Yes."]
    assert len([pair for pair in kept if pair.family != "yes-no"]) == 2


words = st.sampled_from(["sharp", "dark", "noisy", "clear", "a dog", "blurry"])
questions = st.builds("Is {{{}}} {}?".format, st.integers(1, 3), words)


@settings(max_examples=60, deadline=None)
@given(st.lists(questions, max_size=6), st.lists(questions, max_size=6), st.booleans())
def test_whatever_a_model_says_yes_and_no_are_in_balance_and_nothing_is_asked_twice(
    yes: list[str], no: list[str], equal: bool
) -> None:
    wanted = Wanted(
        yes_no_each=6, what=0, why=0, how=0, where=0, most_yes_no=4, most_open=4, equal=equal, max_answer_words=5
    )  # fmt: skip
    kept = chosen(yes_no_pairs(YesNoReply(yes=yes, no=no), ENTITIES, RULES), wanted, voice())
    answers = [pair.answer for pair in kept]
    assert answers.count("Yes.") == answers.count("No.") <= 2
    assert len({pair.question for pair in kept}) == len(kept)
    assert not (equal and kept)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_choice_is_the_same_for_the_same_seed(seed: int) -> None:
    said = yes_no_pairs(
        YesNoReply(yes=["Is {1} sharp?", "Is {3} clear?"], no=["Is {2} noisy?", "Is {1} dark?"]), ENTITIES, RULES
    )
    wanted = Wanted(
        yes_no_each=2, what=0, why=0, how=0, where=0, most_yes_no=2, most_open=0, equal=False, max_answer_words=5
    )  # fmt: skip
    first, second = (chosen(said, wanted, Voice(np.random.default_rng(seed))) for _ in range(2))
    assert first == second

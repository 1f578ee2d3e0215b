from __future__ import annotations

from collections import Counter

import pytest

from annotate.evaluate.composition import choose, choose_questions, choose_spider, composition_of, slot_of
from manifests.errors import InputError
from manifests.records import Description, ImageRecord, Question
from manifests.vocabulary import QuestionFamily


def image(number: int, **answers: int) -> ImageRecord:
    """An image with so many questions of each kind."""
    record = ImageRecord(image_id=f"{number:032x}", uri=f"{number}.jpg", width=100, height=100, outcome="ok")
    record.descriptions = [
        Description(id=f"{number}-d", level="global", question="?", answer="Fine.", answer_plain="Fine.", author="a")
    ]
    for kind, count in answers.items():
        family: QuestionFamily = "yes-no" if kind in {"yes", "no"} else kind  # type: ignore[assignment]
        answer = f"{kind.capitalize()}."
        for index in range(count):
            record.questions.append(
                Question(
                    id=f"{number}-{kind}{index}", question="?", answer=answer, question_plain="?", answer_plain=answer,
                    family=family, spatial="none", author="a",
                )
            )  # fmt: skip
    return record


def test_a_hundred_images_have_the_papers_composition() -> None:
    assert composition_of(100).as_json() == {"images": 100, "yes": 35, "no": 55, "what": 30, "why": 18, "how": 12}


def test_smaller_benchmarks_keep_the_proportions() -> None:
    assert composition_of(10).as_json() == {"images": 10, "yes": 4, "no": 6, "what": 3, "why": 2, "how": 1}


def test_the_choice_has_exactly_the_questions_wanted() -> None:
    pool = [image(n, yes=2, no=2, what=1, **({"why": 1} if n % 4 == 0 else {"how": 1})) for n in range(150)]
    chosen = choose(pool, composition_of(100))
    slots = Counter(slot_of(question) for each in chosen for question in each.questions)
    assert len(chosen) == 100
    assert slots == {"yes": 35, "no": 55, "what": 30, "why": 18, "how": 12}
    assert max(len(each.questions) for each in chosen) == 2


def test_a_scarce_kind_is_found_among_images_that_come_late() -> None:
    pool = [image(n, yes=1, no=1, what=1, how=1) for n in range(20)] + [image(n, why=1) for n in range(20, 22)]
    chosen = choose(pool, composition_of(10))
    assert sum(slot_of(question) == "why" for each in chosen for question in each.questions) == 2


def test_too_few_questions_of_a_kind_are_named() -> None:
    pool = [image(n, yes=1, no=1, what=1, how=1) for n in range(20)]
    with pytest.raises(InputError, match="only 0 questions of the kind 'why'"):
        choose(pool, composition_of(10))


def test_a_spider_benchmark_takes_grounding_questions_and_only_images_that_have_such_tasks() -> None:
    pool = [image(1, yes=2), image(2, ground=2, what=1), image(3, ground=1)]
    chosen = choose_spider(pool, 2)
    families = [sorted(question.family for question in each.questions) for each in chosen]
    assert families == [["ground", "ground", "what"], ["ground"]]
    with pytest.raises(InputError, match="only 2 images"):
        choose_spider(pool, 3)


def test_a_benchmark_of_questions_takes_yes_no_and_what_alone() -> None:
    pool = [image(1, ground=2), image(2, yes=1, why=1, what=1), image(3, no=1)]
    chosen = choose_questions(pool, 2)
    families = [sorted(question.family for question in each.questions) for each in chosen]
    assert families == [["what", "yes-no"], ["yes-no"]]
    with pytest.raises(InputError, match="only 2 images of the run are asked"):
        choose_questions(pool, 3)


def test_too_few_images_are_an_error() -> None:
    with pytest.raises(InputError, match="only 1 images"):
        choose([image(1, yes=1)], composition_of(10))

"""Which images and questions of a run make a benchmark of GIQA-Bench's composition (arXiv 2411.17237)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass

from annotate.evaluate.answers import says_yes
from manifests.errors import InputError
from manifests.records import Description, ImageRecord, Question

PAPER_IMAGES = 100
SLOTS = {"yes": 35, "no": 55, "what": 30, "why": 18, "how": 12}
"""Questions of each kind on the paper's 100 images; every image has one description besides."""

_PLAIN = frozenset({"yes-no", "what"})


@dataclass(frozen=True)
class Composition:
    """How many images, and how many questions of each kind."""

    images: int
    yes: int
    no: int
    what: int
    why: int
    how: int

    def as_json(self) -> dict[str, int]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Chosen:
    """An image of the benchmark with its description and its questions."""

    record: ImageRecord
    description: Description
    questions: tuple[Question, ...]


def composition_of(images: int) -> Composition:
    """GIQA-Bench's composition for so many images, each number rounded half up."""
    return Composition(images, **{slot: (quota * images + 50) // PAPER_IMAGES for slot, quota in SLOTS.items()})


def description_of(record: ImageRecord) -> Description | None:
    """The description that a benchmark takes: one with boxes before one without, of the whole image before a part's."""
    return min(record.descriptions, key=lambda said: (not said.spans, said.level != "global"), default=None)


def choose(candidates: Sequence[ImageRecord], wanted: Composition) -> list[Chosen]:
    """Images in the order of the candidates that hold all questions wanted, as few on one image as can be.

    The scarcest kinds choose first, each time an image with the fewest questions so far. Raises InputError when there
    are too few images or too few questions of a kind.
    """
    open_slots = {record.image_id: _by_slot(record) for record in candidates}
    if len(open_slots) < wanted.images:
        raise InputError(
            f"only {len(open_slots)} images of the run can stand in a benchmark, and {wanted.images} are wanted; "
            "give a larger run or a smaller --images"
        )
    taken: dict[str, list[Question]] = {}
    for slot in _scarcest_first(open_slots, wanted):
        for _ in range(wanted.as_json()[slot]):
            image_id = _next_image(open_slots, taken, slot, wanted.images)
            if image_id is None:
                raise InputError(_short_of(slot, open_slots, taken, wanted))
            taken.setdefault(image_id, []).append(open_slots[image_id][slot].pop(0))
    for record in candidates:
        if len(taken) < wanted.images:
            taken.setdefault(record.image_id, [])
    return [_chosen(record, taken[record.image_id]) for record in candidates if record.image_id in taken]


def choose_spider(candidates: Sequence[ImageRecord], images: int) -> list[Chosen]:
    """The first images with IQA-Spider's tasks, with all of their grounding questions, and yes-no and what if there.

    Raises InputError when there are too few.
    """
    fitting = _asked(candidates, {"ground", "refer-short", "refer-long"})
    if len(fitting) < images:
        raise InputError(
            f"only {len(fitting)} images of the run have questions of IQA-Spider's tasks, and {images} are wanted; "
            "give a run of the recipe spider-synthetic, or a smaller --images"
        )
    return _with_families(fitting[:images], {"ground", *_PLAIN})


def choose_questions(candidates: Sequence[ImageRecord], images: int) -> list[Chosen]:
    """The first images that are asked yes-no or what, with all of these questions. Raises InputError for too few."""
    fitting = _asked(candidates, _PLAIN)
    if len(fitting) < images:
        raise InputError(
            f"only {len(fitting)} images of the run are asked yes-no or what, and {images} are wanted; "
            "give a run with question.yes_no and question.open above 0, or a smaller --images"
        )
    return _with_families(fitting[:images], _PLAIN)


def _asked(candidates: Sequence[ImageRecord], families: Set[str]) -> list[ImageRecord]:
    """The images with a question of some of the families."""
    return [record for record in candidates if families & {question.family for question in record.questions}]


def _with_families(records: Sequence[ImageRecord], families: Set[str]) -> list[Chosen]:
    """The images with all of their questions of the families."""
    return [
        _chosen(record, [question for question in record.questions if question.family in families])
        for record in records
    ]


def slot_of(question: Question) -> str | None:
    """The kind of a question as the composition counts it; None for what it does not hold."""
    if question.family != "yes-no":
        return question.family if question.family in SLOTS else None
    said = says_yes(question.answer_plain)
    return None if said is None else ("yes" if said else "no")


def _by_slot(record: ImageRecord) -> dict[str, list[Question]]:
    """Questions by kind, those with boxes first."""
    found: dict[str, list[Question]] = {slot: [] for slot in SLOTS}
    for question in sorted(record.questions, key=lambda question: question.spatial == "none"):
        slot = slot_of(question)
        if slot is not None:
            found[slot].append(question)
    return found


def _scarcest_first(open_slots: Mapping[str, Mapping[str, list[Question]]], wanted: Composition) -> list[str]:
    supply = Counter({slot: sum(len(slots[slot]) for slots in open_slots.values()) for slot in SLOTS})
    quotas = wanted.as_json()
    return sorted((slot for slot in SLOTS if quotas[slot]), key=lambda slot: supply[slot] / quotas[slot])


def _next_image(
    open_slots: Mapping[str, Mapping[str, list[Question]]], taken: Mapping[str, list[Question]], slot: str, images: int
) -> str | None:
    """The first image with the fewest questions so far that has another one of this kind; None if no image has."""
    may_grow = len(taken) < images
    fitting = [image_id for image_id, slots in open_slots.items() if slots[slot] and (may_grow or image_id in taken)]
    return min(fitting, key=lambda image_id: len(taken.get(image_id, ())), default=None)


def _short_of(
    slot: str,
    open_slots: Mapping[str, Mapping[str, list[Question]]],
    taken: Mapping[str, list[Question]],
    wanted: Composition,
) -> str:
    have = sum(1 for questions in taken.values() for question in questions if slot_of(question) == slot)
    return (
        f"the run has only {have} questions of the kind {slot!r} for {wanted.images} images, and "
        f"{wanted.as_json()[slot]} are wanted ({len(open_slots)} images were looked at); "
        "give a larger run or a smaller --images"
    )


def _chosen(record: ImageRecord, questions: Sequence[Question]) -> Chosen:
    description = description_of(record)
    assert description is not None
    return Chosen(record, description, tuple(sorted(questions, key=lambda question: question.id)))

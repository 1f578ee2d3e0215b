"""What is looked for in an image, and which of its boxes answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from manifests.records import ImageRecord, Phrase
from stages.detect.captions import clean
from stages.detect.detector import Detection
from stages.detect.phrases import means


@dataclass(frozen=True)
class Wanted:
    """One thing to look for: its `prompt` (may be empty), its `label`, and the phrase of the text that names it."""

    prompt: str
    label: str
    phrase: Phrase | None = None

    @property
    def words(self) -> str:
        """What a text may call the region."""
        return self.label if self.phrase is None else self.phrase.phrase


@dataclass(frozen=True)
class Answer:
    """A box and what it answers; `wanted` is None for a box that answers nothing that was asked."""

    detection: Detection
    wanted: Wanted | None


Answers = Callable[[Sequence[Detection], Sequence[Wanted]], list[Answer]]


def wanted_words(words: Iterable[str]) -> list[Wanted]:
    """Words of a vocabulary, each once."""
    return [Wanted(clean(word), word) for word in dict.fromkeys(words)]


def wanted_phrases(row: ImageRecord) -> list[Wanted]:
    """The phrases of a row's texts that are to have boxes: T_r is the prompt (Grounding-IQA, section 3.2, stage 2)."""
    return [Wanted(clean(phrase.phrase), phrase.label, phrase) for phrase in row.wanted_phrases()]


def prompts_of(wanted: Iterable[Wanted]) -> list[str]:
    """The distinct prompts, in order, without empty ones."""
    return list(dict.fromkeys(one.prompt for one in wanted if one.prompt))


def answers_by_prompt(detections: Sequence[Detection], wanted: Sequence[Wanted]) -> list[Answer]:
    """Boxes of a prompted detector: each answers all that has its prompt, as a thing in two texts has two regions."""
    prompts = prompts_of(wanted)
    answers: list[Answer] = []
    for detection in detections:
        prompt = None if detection.prompt is None else prompts[detection.prompt]
        answers += [Answer(detection, one) for one in wanted if one.prompt == prompt] or [Answer(detection, None)]
    return answers


def answers_by_label(detections: Sequence[Detection], wanted: Sequence[Wanted]) -> list[Answer]:
    """Boxes of a detector with fixed labels: a box answers the words that its label may stand for.

    Phrases share no box: each has its own answer. A box that no word means is dropped.
    """
    answers: list[Answer] = []
    for detection in detections:
        meant = [one for one in wanted if means(one.label, one.words, detection.label)]
        if not meant:
            reason = detection.drop_reason or "not-in-vocabulary"
            answers.append(Answer(replace(detection, drop_reason=reason), None))
        elif meant[0].phrase is None:
            answers.append(Answer(detection, Wanted(meant[0].prompt, detection.label)))
        else:
            answers += [Answer(detection, one) for one in meant]
    return answers


def confirmed_by_text(answers: Sequence[Answer], min_score: float) -> list[Answer]:
    """Each phrase without a usable box gets its surest unconfirmed one, if that is sure enough: the text confirms it.

    `answers` stand most confident first; the same answers in the same order.
    """
    answered = {id(one.wanted.phrase) for one in answers if one.wanted and one.detection.drop_reason is None}
    judged = []
    for answer in answers:
        wanted, detection = answer.wanted, answer.detection
        doubted = detection.drop_reason in ("not-confirmed", "low-detector-score") and detection.score >= min_score
        if wanted is not None and doubted and id(wanted.phrase) not in answered:
            answered.add(id(wanted.phrase))
            judged.append(Answer(replace(detection, drop_reason=None), wanted))
        else:
            judged.append(answer)
    return judged

"""The author in a language model with eyes: a guided, validated report, or none and the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from manifests.markup import parse_links
from manifests.records import Claim, ImageRecord, Passage, Report
from stages.describe import pools
from stages.describe.prompt import Briefing, brief, numbers_of, ordered, system_prompt
from stages.describe.schema import Bounds, ReportReply, SentenceReply, json_schema, read_report
from stages.language.english import agree
from stages.language.survey import Part, Survey, survey
from stages.language.voice import Voice
from stages.mllm.ask import Ask, Reply
from stages.mllm.connect import language_model
from stages.mllm.families import family_of
from stages.mllm.ladder import Granted, Wish, climb
from stages.mllm.options import ModelOptions

LOCAL_SENTENCES = 3

_NUMBER = re.compile(r"#(\d+)")
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")


class ModelAuthor:
    """Writes reports with the model of some options, all rows of a call in flight together."""

    def __init__(self, options: ModelOptions, *, regions: int, sentences: int, local: int, crops: int) -> None:
        """At most `regions` are numbered in the prompt, `local` get a passage of their own, `crops` are enlarged."""
        self._options = options
        self._regions, self._sentences, self._local, self._crops = regions, sentences, local, crops

    def open(self) -> None:
        """Load the model or reach the endpoint, and learn how it counts coordinates."""
        self._model = language_model(self._options)
        self._family = family_of(self._options)

    def __call__(self, rows: Sequence[tuple[ImageRecord, Voice, int]]) -> list[Granted[Report]]:
        """A report for each row, its voice and its seed, in their order. Raises EngineDied."""
        wishes = [self._wish(row, voice, seed) for row, voice, seed in rows]
        return climb(self._model, wishes, self._options.temperatures)

    def _wish(self, row: ImageRecord, voice: Voice, seed: int) -> Wish[Report]:
        found = survey(row, voice)
        found = replace(found, parts=tuple(ordered(found, self._regions)))
        known = len(found.parts)
        bounds = Bounds(known, self._sentences, min(self._local, known), LOCAL_SENTENCES)
        shorter = Bounds(known, min(3, self._sentences), min(1, bounds.local), 1)
        said = brief(
            row,
            found,
            self._family,
            bounds,
            shorter,
            crops=min(self._crops, known),
            max_pixels=self._options.max_pixels,
        )
        questions = _Questions(found, voice)

        def read(reply: Reply) -> Report:
            return self._report(read_report(reply.text, (bounds, shorter)), found.parts, questions)

        return Wish(self._ask(said, bounds, seed), read, shorter=self._ask(said, shorter, seed, short=True))

    def _ask(self, said: Briefing, bounds: Bounds, seed: int, *, short: bool = False) -> Ask:
        return Ask(
            system=system_prompt(),
            user=said.shorter_text if short else said.text,
            images=said.images,
            schema=json_schema(bounds),
            max_tokens=self._options.max_tokens,
            seed=seed,
        )

    def _report(self, reply: ReportReply, parts: Sequence[Part], questions: _Questions) -> Report:
        numbers = numbers_of(parts)
        passages = [_passage("global", questions.overview, reply.overview, numbers, [])]
        passages += [
            _passage("local", questions.local[number], sentences, numbers, [numbers[number]])
            for number, sentences in reply.local().items()
        ]
        return Report(author=self._model.name, passages=passages)


class _Questions:
    """The questions that the passages answer, drawn before any reply so that they do not hang on it."""

    def __init__(self, found: Survey, voice: Voice) -> None:
        self.overview = voice.pick(pools.GLOBAL_QUESTIONS)
        self.local = {number: _local_question(part, voice) for number, part in enumerate(found.parts, start=1)}


def _local_question(part: Part, voice: Voice) -> str:
    plural = part.name.takes_plural_verb
    verbs = {verb: agree(verb, plural) for verb in ("is", "does", "appears")}
    return voice.pick(pools.LOCAL_QUESTIONS).format(words=f"the {part.name.words()}", **verbs)


def _passage(
    level: str, question: str, sentences: Sequence[SentenceReply], numbers: Mapping[int, int], about: list[int]
) -> Passage:
    """Sentences as one passage with the regions' own numbers. Raises ValueError for what no reader could use."""
    texts = [_renumbered(sentence.text, numbers) for sentence in sentences]
    if len(set(texts)) < len(texts):
        raise ValueError("a sentence stands twice")
    claims = [
        claim for sentence, text in zip(sentences, texts, strict=True) for claim in _claims(sentence, text, about)
    ]
    return Passage.model_validate({"level": level, "question": question, "text": " ".join(texts), "claims": claims})


def _renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """A sentence with the model's region numbers replaced. Raises ValueError for links that cannot be read."""
    written = _LINK.sub(
        lambda link: _NUMBER.sub(lambda number: f"#{numbers[int(number[1])]}", link[0]), " ".join(text.split())
    )
    parse_links(written)
    return written


def _claims(sentence: SentenceReply, text: str, about: list[int]) -> list[Claim]:
    """The sentence's claims on the regions that it links, or on those that the passage is about."""
    linked = [region_id for link in parse_links(text) for region_id in link.region_ids]
    words = max((piece.strip(" ,;:.") for piece in _LINK.split(text)), key=len)
    return [
        Claim(
            region_ids=list(dict.fromkeys(linked)) or about,
            family=claim.family,
            present=claim.present,
            severity=claim.severity if claim.present else None,
            text=words,
        )
        for claim in sentence.claims
    ]

"""A vision-language model in transformers, in this process: greedy replies in batches, and the logits behind them.

For CPUs without vLLM, for models that vLLM does not know, and for what needs logits (`annotate ground`). The prompt is
made by the model's own chat template and processor. Rows of one batch are padded to one length, so replies may differ
in their last digits from batch to batch; equal batches give equal replies on equal hardware.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor, GenerationConfig, LogitsProcessor
from transformers.utils import logging

from manifests.errors import RecipeError
from manifests.weights import local_path
from stages.mllm.ask import Ask, NoReply, Reply, Then
from stages.mllm.options import ModelOptions
from stages.mllm.spell import Logits, Spelled

Value = TypeVar("Value")
Job = TypeVar("Job")

DEFAULT_BATCH = 8

_ROW_ERRORS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What processors and models raise for a row that they cannot take; running out of memory is a RuntimeError."""


class TransformersEngine:
    """Any image-text-to-text model of transformers behind the contract of `LanguageModel`; temperature 0 alone."""

    def __init__(self, options: ModelOptions, *, batch: int = DEFAULT_BATCH, device: str = "auto") -> None:
        """`batch`: most asks in one forward pass; `device`: auto (a GPU if there is one), cpu or cuda."""
        self.options = options
        self.name = options.author
        self._batch = batch
        self._device_wanted = device
        self._model: Any = None
        self._processor: Any = None

    def open(self) -> None:
        """Load processor and model, on a CPU in float32 unless the options name a type.

        Raises RecipeError without the files, for a model that transformers cannot load as image-text-to-text, and for
        one without chat template.
        """
        logging.disable_progress_bar()
        folder = local_path(self.options.source())
        self._device = _device(self._device_wanted)
        named = self.options.dtype
        dtype: Any = getattr(torch, named) if named != "auto" else torch.float32 if self._device == "cpu" else "auto"
        try:
            self._processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
            model: Any = AutoModelForImageTextToText.from_pretrained(folder, local_files_only=True, dtype=dtype)
        except (OSError, ValueError, KeyError) as error:
            fact = " ".join(str(error).split())[:200]
            raise RecipeError(
                f"{self.options.model}: transformers cannot load it as image-text-to-text: {fact}"
            ) from error
        if getattr(self._processor, "chat_template", None) is None:
            raise RecipeError(f"{self.options.model}: has no chat template; add chat_template.jinja to its folder")
        self._model = model.to(self._device).eval()
        self._tokenizer: Any = getattr(self._processor, "tokenizer", self._processor)
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._ends = _end_tokens(self._model.generation_config, self._tokenizer)
        # What a published model suggests for sampling (temperature, repetition penalty) has no place in greedy replies.
        self._model.generation_config = GenerationConfig(
            do_sample=False, eos_token_id=sorted(self._ends), pad_token_id=self._tokenizer.pad_token_id
        )

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return self._tokenizer

    def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
        """The last reply in each place, in the order of the asks. Raises ValueError as `spell` does."""
        replies: dict[int, Reply | NoReply] = {}
        waiting = dict(enumerate(asks))
        while waiting:
            spelled = self.spell(list(waiting.values()), ())
            said = {
                place: each.reply if isinstance(each, Spelled) else each
                for place, each in zip(waiting, spelled, strict=True)
            }
            replies.update(said)
            again = {place: then(place, reply) for place, reply in said.items()} if then else {}
            waiting = {place: ask for place, ask in again.items() if ask is not None}
        return [replies[place] for place in range(len(asks))]

    def close(self) -> None:
        """Let go of the model."""
        self._model = self._processor = None

    def spell(self, asks: Sequence[Ask], watched: Sequence[int]) -> list[Spelled | NoReply]:
        """Replies with the raw logits of the watched tokens at every decoding step, in the order of the asks."""
        if any(ask.schema is not None or ask.temperature > 0 or ask.first_token_of or ask.likeliest for ask in asks):
            raise ValueError("the transformers engine replies freely and at temperature 0; use vLLM or an endpoint")
        return self._in_batches(asks, lambda part: self._spelled(part, watched))

    def logits_after(self, asks: Sequence[Ask], said: Sequence[str], watched: Sequence[int]) -> list[Logits | NoReply]:
        """Logits [watched] of the token that would follow if the reply to each ask began with `said`."""
        return self._in_batches(list(zip(asks, said, strict=True)), lambda part: self._after(part, watched))

    def _in_batches(
        self, jobs: Sequence[Job], run: Callable[[Sequence[Job]], Sequence[Value]]
    ) -> list[Value | NoReply]:
        found: list[Value | NoReply] = []
        for start in range(0, len(jobs), self._batch):
            found += _halved(jobs[start : start + self._batch], run)
        return found

    def _spelled(self, asks: Sequence[Ask], watched: Sequence[int]) -> list[Spelled]:
        inputs = self._inputs(asks, [""] * len(asks))
        replies, logits = self._generate(inputs, max(ask.max_tokens for ask in asks), watched)
        prompts = inputs["attention_mask"].sum(dim=1).tolist()
        return [self._one(*row) for row in zip(replies, logits, prompts, strict=True)]

    def _after(self, jobs: Sequence[tuple[Ask, str]], watched: Sequence[int]) -> list[Logits]:
        inputs = self._inputs([ask for ask, _ in jobs], [said for _, said in jobs])
        _, logits = self._generate(inputs, 1, watched)
        return list(logits[:, 0])

    def _generate(self, inputs: Any, max_tokens: int, watched: Sequence[int]) -> tuple[list[list[int]], Logits]:
        """New tokens of each row, and logits [rows, steps, watched]."""
        listener = _Listener(watched)
        with torch.inference_mode():
            output = self._model.generate(**inputs, max_new_tokens=max_tokens, logits_processor=[listener])
        replies: list[list[int]] = output[:, inputs["input_ids"].shape[1] :].tolist()
        return replies, torch.stack(listener.steps, dim=1).double().cpu().numpy()

    def _one(self, ids: list[int], logits: Logits, prompt_tokens: int) -> Spelled:
        """A row of a batch without what was padded behind its end."""
        end = next((place for place, token in enumerate(ids) if token in self._ends), None)
        said = ids if end is None else ids[:end]
        reply = Reply(
            text=self._tokenizer.decode(said, skip_special_tokens=True).strip(),
            finish_reason="length" if end is None else "stop",
            prompt_tokens=prompt_tokens,
            completion_tokens=len(said) + (end is not None),
        )
        return Spelled(reply, tuple(said), logits[: len(said)])

    def _inputs(self, asks: Sequence[Ask], said: Sequence[str]) -> Any:
        """What the model takes: the prompts, each with the beginning of a reply, and their images."""
        texts = [
            self._processor.apply_chat_template(_messages(ask), tokenize=False, add_generation_prompt=True) + begun
            for ask, begun in zip(asks, said, strict=True)
        ]
        bos = self._tokenizer.bos_token
        images = [[_opened(content) for content in ask.images] for ask in asks]
        return self._processor(
            text=texts,
            images=images if any(images) else None,
            padding=True,
            return_tensors="pt",
            # A template that writes the first token itself must not get a second one.
            add_special_tokens=bos is None or not texts[0].startswith(bos),
        ).to(self._device)


class _Listener(LogitsProcessor):  # type: ignore[misc, unused-ignore]
    """Notes the raw logits of some tokens at every step, and changes nothing."""

    def __init__(self, watched: Sequence[int]) -> None:
        self._watched = list(watched)
        self.steps: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.steps.append(scores[:, self._watched])
        return scores


def _halved(jobs: Sequence[Job], run: Callable[[Sequence[Job]], Sequence[Value]]) -> list[Value | NoReply]:
    """Run a batch, and halves of it where it fails, down to the row that is to blame."""
    try:
        return list(run(jobs))
    except _ROW_ERRORS as error:
        if len(jobs) == 1:
            return [NoReply(f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])]
    middle = len(jobs) // 2
    return [*_halved(jobs[:middle], run), *_halved(jobs[middle:], run)]


def _device(wanted: str) -> str:
    has_gpu = torch.cuda.is_available()
    if wanted == "cuda" and not has_gpu:
        raise RecipeError("--device cuda: there is no GPU here; give cpu or auto")
    return "cuda" if has_gpu and wanted != "cpu" else "cpu"


def _end_tokens(config: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end a reply: those that the model's own configuration names, and the tokenizer's."""
    named = config.eos_token_id
    ends = named if isinstance(named, list) else [named]
    return frozenset(token for token in (*ends, tokenizer.eos_token_id) if token is not None)


def _messages(ask: Ask) -> list[dict[str, Any]]:
    parts = [*({"type": "image"} for _ in ask.images), {"type": "text", "text": ask.user}]
    system = [{"role": "system", "content": [{"type": "text", "text": ask.system}]}] if ask.system else []
    return [*system, {"role": "user", "content": parts}]


def _opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
        return image.convert("RGB")

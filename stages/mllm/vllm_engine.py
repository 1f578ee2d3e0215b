"""A language model in vLLM: its engine in a process beside the worker, its event loop in a thread of the worker.

Every request is submitted at once and batched continuously by vLLM, whichever thread of the worker it comes from.
vLLM promises equal replies for equal seeds only on equal hardware with VLLM_BATCH_INVARIANT=1.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import itertools
import math
import os
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar

from PIL import Image

from manifests.weights import local_path
from stages.mllm.ask import Ask, EngineDied, NoReply, Reply, Step, Then, step_of, word_probabilities
from stages.mllm.options import ModelOptions

LIKELIEST_TOKENS = 20
"""How many first tokens vLLM is asked to weigh; its own limit by default."""

CPU_CACHE_BYTES = 2 * 2**30

_LOOK_EVERY_S = 2.0
_CLOSE_S = 10.0

Value = TypeVar("Value")


@dataclass
class EngineStats:
    """What the engine said of itself since it was opened."""

    most_running: int = 0
    """Most requests in one step of the engine."""
    steps: int = 0
    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    progress: float = 0.0
    """`time.monotonic()` of the last sign of life."""


class VllmEngine:
    """vLLM's AsyncLLM behind the contract of `LanguageModel`."""

    def __init__(self, options: ModelOptions) -> None:
        self.options = options
        self.name = options.author
        self.stats = EngineStats()
        self._engine: Any = None
        self._loop = asyncio.new_event_loop()
        self._ids = itertools.count()

    def open(self) -> None:
        """Start the engine and wait until the model is loaded. Raises what vLLM raises when it cannot be."""
        for name in ("VLLM_NO_USAGE_STATS", "VLLM_DO_NOT_TRACK", "HF_HUB_OFFLINE"):
            os.environ.setdefault(name, "1")
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
        # A process with threads must not be forked.
        os.environ.setdefault("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
        Thread(target=self._loop.run_forever, name="vllm", daemon=True).start()
        self._engine = self._submit(self._start()).result()
        atexit.register(self.close)

    def __call__(self, asks: Sequence[Ask], then: Then | None = None) -> list[Reply | NoReply]:
        """The last reply in each place. Raises EngineDied when the engine is dead or makes no progress."""
        self.stats.progress = time.monotonic()
        future = self._submit(self._all(asks, then))
        while True:
            try:
                return future.result(_LOOK_EVERY_S)
            except NotYet:
                silent = time.monotonic() - self.stats.progress
                if silent > self.options.timeout_s:
                    self.close()
                    raise EngineDied(f"no progress for {silent:.0f} s") from None

    def close(self) -> None:
        """End the engine's process."""
        atexit.unregister(self.close)
        engine, self._engine = self._engine, None
        if engine is not None:
            # The reader of replies goes first: it takes the end of the engine for its death.
            self._submit(_cancel(engine.output_handler)).result()
            engine.shutdown(timeout=_CLOSE_S)

    def _submit(self, work: Coroutine[Any, Any, Value]) -> Future[Value]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _start(self) -> Any:
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        self._slots = asyncio.Semaphore(self.options.in_flight)
        return AsyncLLM.from_engine_args(AsyncEngineArgs(**self._engine_args()), stat_loggers=[self._stat_logger()])

    def _engine_args(self) -> dict[str, Any]:
        options = self.options
        executor = {"distributed_executor_backend": "mp"} if options.tensor_parallel > 1 else {}
        return {
            "model": str(local_path(options.source())),
            "served_model_name": options.author,
            "dtype": options.dtype,
            "max_model_len": options.max_model_len,
            "tensor_parallel_size": options.tensor_parallel,
            "trust_remote_code": False,
            "seed": 0,
            "limit_mm_per_prompt": {"image": options.max_images, "video": 0},
            # Without it a weak model fills its reply with white space until it is cut off.
            "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
            "max_logprobs": LIKELIEST_TOKENS,
            "disable_log_stats": True,
            **executor,
            **_of_the_platform(),
            **options.engine_args,
        }

    def _stat_logger(self) -> type:
        from vllm.v1.metrics.loggers import StatLoggerBase

        stats = self.stats

        class Recorder(StatLoggerBase):  # type: ignore[misc, unused-ignore]
            """Hears of every step of the engine."""

            def __init__(self, vllm_config: Any, engine_index: int = 0) -> None:
                pass

            def record(self, scheduler_stats: Any, iteration_stats: Any, *_: Any, **__: Any) -> None:
                stats.steps += 1
                stats.progress = time.monotonic()
                running = scheduler_stats.num_running_reqs if scheduler_stats is not None else 0
                stats.most_running = max(stats.most_running, running)

            def log_engine_initialized(self) -> None:
                pass

        return Recorder

    async def _all(self, asks: Sequence[Ask], then: Then | None) -> list[Reply | NoReply]:
        return await asyncio.gather(*(self._until_done(place, ask, then) for place, ask in enumerate(asks)))

    async def _until_done(self, place: int, ask: Ask, then: Then | None) -> Reply | NoReply:
        while True:
            reply = await self._one(ask)
            again = then(place, reply) if then else None
            if again is None:
                return reply
            ask = again

    async def _one(self, ask: Ask) -> Reply | NoReply:
        from vllm.v1.engine.exceptions import EngineDeadError

        async with self._slots:
            engine = self._engine
            if engine is None or engine.errored:
                raise EngineDied("the engine's process is gone")
            try:
                return await self._generate(engine, ask)
            except EngineDeadError as error:
                raise EngineDied("the engine's process is gone") from error
            except Exception as error:
                # Errors of single requests have no base class of their own; while the engine dies, they may come first.
                if engine.errored:
                    raise EngineDied("the engine's process is gone") from error
                return NoReply(f"{type(error).__name__}: {' '.join(str(error.__cause__ or error).split())}"[:200])

    async def _generate(self, engine: Any, ask: Ask) -> Reply | NoReply:
        from vllm.renderers.params import ChatParams

        images = await asyncio.to_thread(lambda: [_opened(content) for content in ask.images])
        _, (prompt,) = await engine.renderer.render_chat_async([_messages(ask, images)], ChatParams())
        final = None
        async for output in engine.generate(prompt, _sampling(ask), f"ask-{next(self._ids)}"):
            final = output
        if final is None or not final.outputs:
            return NoReply("the engine gave no output")
        said = final.outputs[0]
        reply = Reply(
            text=said.text,
            finish_reason=str(said.finish_reason),
            prompt_tokens=len(final.prompt_token_ids or ()),
            completion_tokens=len(said.token_ids),
            first_token_probabilities=_first_token(ask, said.logprobs),
            steps=_steps(ask, said.token_ids, said.logprobs),
        )
        self.stats.replies += 1
        self.stats.prompt_tokens += reply.prompt_tokens
        self.stats.completion_tokens += reply.completion_tokens
        return reply


def _of_the_platform() -> dict[str, Any]:
    """What an engine on CPUs needs.

    Prompts are not cut in pieces, because the engine (0.32) dies of a seeded request that is; and the cache does not
    ask for nearly all of the machine's memory, unless VLLM_CPU_KVCACHE_SPACE says how much it may.
    """
    from vllm.platforms import current_platform

    if not current_platform.is_cpu():
        return {}
    cache = {} if "VLLM_CPU_KVCACHE_SPACE" in os.environ else {"kv_cache_memory_bytes": CPU_CACHE_BYTES}
    return {"enable_chunked_prefill": False, **cache}


async def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait([task])


def _messages(ask: Ask, images: Sequence[Image.Image]) -> list[dict[str, Any]]:
    parts = [{"type": "image_pil", "image_pil": image} for image in images]
    user = [*parts, {"type": "text", "text": ask.user}] if parts else ask.user
    system = [{"role": "system", "content": ask.system}] if ask.system else []
    return [*system, {"role": "user", "content": user}]


def _opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
        return image.convert("RGB")


def _sampling(ask: Ask) -> Any:
    from vllm.sampling_params import RequestOutputKind, SamplingParams, StructuredOutputsParams

    return SamplingParams(
        max_tokens=ask.max_tokens,
        temperature=ask.temperature,
        seed=ask.seed,
        logprobs=LIKELIEST_TOKENS if ask.first_token_of or ask.likeliest else None,
        structured_outputs=StructuredOutputsParams(json=dict(ask.schema)) if ask.schema is not None else None,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _first_token(ask: Ask, logprobs: Any) -> dict[str, float]:
    if not ask.first_token_of or not logprobs:
        return {}
    tokens: dict[str, float] = {}
    for entry in logprobs[0].values():
        token = entry.decoded_token or ""
        tokens[token] = tokens.get(token, 0.0) + math.exp(entry.logprob)
    return word_probabilities(ask.first_token_of, tokens)


def _steps(ask: Ask, token_ids: Sequence[int], logprobs: Any) -> tuple[Step, ...]:
    if not ask.likeliest or not logprobs:
        return ()
    return tuple(
        step_of(
            likely[token].decoded_token or "", ((entry.decoded_token or "", entry.logprob) for entry in likely.values())
        )
        for token, likely in zip(token_ids, logprobs, strict=True)
    )

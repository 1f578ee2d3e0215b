"""Fine-tuning with TRL's SFTTrainer and PEFT: gone on with after a kill, the same weights as without one.

The loss counts the tokens of the answer alone. Examples are shuffled, shared out and accumulated by the trainer;
several devices come from `accelerate launch`, and then only the first one writes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path
from typing import Any

from rich.console import Console

from annotate.console import console as messages
from annotate.train.batches import batch_plan, held_out_images
from annotate.train.card import write_card
from annotate.train.curve import Point, points_of, write_curve
from annotate.train.dataset import check_texts, conversations
from annotate.train.examples import Example, TrainingData, read_examples
from annotate.train.facts import asked_of, facts_of
from annotate.train.folder import ADAPTER, CHECKPOINTS, IMAGES, MODEL, START, TrainFolder
from annotate.train.images import ImageFile, files_of
from annotate.train.installed import check_installed
from annotate.train.request import TrainRequest, TrainResult
from annotate.train.settings import TrainSettings, load_settings
from annotate.train.small.start import SMALL, write_start
from manifests.lock import RunLock

DEVICES, RANK = "WORLD_SIZE", "RANK"
"""What `accelerate launch` tells a process."""


@dataclass(frozen=True)
class _Parts:
    """A training with everything that it needs."""

    request: TrainRequest
    settings: TrainSettings
    data: TrainingData
    folder: TrainFolder
    model: Path
    train: tuple[Example, ...]
    held_out: tuple[Example, ...]
    held_out_ids: frozenset[str]


def train(request: TrainRequest, console: Console | None = None) -> TrainResult:
    """Train, or go on with a training that was killed; a finished one is returned as it stands.

    Raises AnnotateError in one line: for data, model or recipe that do not hold, for an output folder that holds
    another training, and when another process works on it.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    check_installed()
    said = console or messages
    settings = load_settings(request.recipe, request.overrides, request.seed)
    devices = int(os.environ.get(DEVICES, "1"))
    batch_plan(settings, devices)
    data = read_examples(request.data, request.selection())
    with _alone(request.out):
        parts = _parts(request, settings, data)
        finished = parts.folder.result()
        if finished is not None:
            said.print(f"{request.out}: is finished; --fresh trains anew", markup=False, soft_wrap=True)
            return TrainResult.of_json(finished, request.out)
        with warnings.catch_warnings():
            if not request.debug:
                warnings.simplefilter("ignore")  # what the libraries say to each other about their next versions
            return _train(parts, devices, said)


def _parts(request: TrainRequest, settings: TrainSettings, data: TrainingData) -> _Parts:
    from annotate.train.models import starting_model

    model = request.out / START if request.model == SMALL else starting_model(request.model, request.revision)
    held_out_ids = held_out_images((example.image_id for example in data.examples), settings)
    folder = TrainFolder(request.out)
    asked = asked_of(request, settings, data, model)
    with _first_device_first():
        folder.begin(asked, facts_of(data), fresh=request.fresh and _is_first())
    return _Parts(
        request,
        settings,
        data,
        folder,
        model,
        tuple(example for example in data.examples if example.image_id not in held_out_ids),
        tuple(example for example in data.examples if example.image_id in held_out_ids),
        held_out_ids,
    )


def _train(parts: _Parts, devices: int, console: Console) -> TrainResult:
    began = time.monotonic()
    checkpoint = parts.folder.newest_checkpoint() if _is_first() or devices == 1 else None
    with _first_device_first():
        checkpoint = checkpoint or parts.folder.newest_checkpoint()
        images = _images(parts)
    if parts.request.model == SMALL:
        with _first_device_first():
            if checkpoint is None and _is_first():
                shutil.rmtree(parts.model, ignore_errors=True)  # a session that was killed may have left half of it
            write_start(parts.model, parts.train, images, parts.settings.seed)
    _say_start(parts, checkpoint, console)
    trainer, processor = _trainer(parts, images, devices, checkpoint, console)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    points = points_of(trainer.state.log_history)
    model, adapter = _save(parts, trainer, processor)
    result = _result(parts, trainer, points, model, adapter, time.monotonic() - began, checkpoint)
    if _is_first():
        write_curve(parts.folder.out, points)
        for written in filter(None, (model, adapter)):
            write_card(written, parts.folder.facts(), result, parts.request, parts.settings)
        parts.folder.finish(result.as_json(parts.folder.out))
    return result


def _images(parts: _Parts) -> dict[tuple[int, str], ImageFile]:
    found: dict[tuple[int, str], ImageFile] = {}
    for number, run in enumerate(parts.data.runs):
        files = files_of(run, parts.data.shards_of(number), parts.folder.out / IMAGES)
        found.update({(number, image_id): file for image_id, file in files.items()})
    return found


def _trainer(
    parts: _Parts, images: dict[tuple[int, str], ImageFile], devices: int, checkpoint: Path | None, console: Console
) -> tuple[Any, Any]:
    """TRL's trainer with model, data and whoever listens, and the model's processor."""
    getLogger("bitsandbytes").setLevel("ERROR")  # PEFT imports it where it is installed, and it says what it lacks
    from transformers import PrinterCallback, ProgressCallback
    from transformers.utils import logging
    from trl import SFTTrainer

    from annotate.train.models import freeze_vision, load_model, load_processor, lora_config, special_tokens
    from annotate.train.watch import Watch

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    processor = load_processor(parts.model)
    check_texts(parts.data.examples, special_tokens(processor))
    model = load_model(parts.model)
    if parts.settings.vision == "frozen":
        freeze_vision(model)
    trainer = SFTTrainer(
        model=model,
        args=_arguments(parts, devices, resumed=checkpoint is not None),
        train_dataset=conversations(parts.train, images, parts.settings.max_pixels),
        eval_dataset=conversations(parts.held_out, images, parts.settings.max_pixels) if parts.held_out else None,
        processing_class=processor,
        peft_config=lora_config(model, parts.settings.adapters) if parts.settings.method == "lora" else None,
        callbacks=[Watch(parts.folder, console)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    return trainer, processor


def _arguments(parts: _Parts, devices: int, *, resumed: bool) -> Any:
    """The settings in TRL's words. A resumed training was already evaluated at its start."""
    import torch
    from trl import SFTConfig

    settings, plan = parts.settings, batch_plan(parts.settings, devices)
    gpu = torch.cuda.is_available()
    half = settings.precision == "bfloat16" or (settings.precision == "auto" and gpu and torch.cuda.is_bf16_supported())
    return SFTConfig(
        output_dir=str(parts.folder.out / CHECKPOINTS),
        seed=settings.seed,
        data_seed=settings.seed,
        num_train_epochs=settings.epochs,
        max_steps=parts.request.max_steps or -1,
        per_device_train_batch_size=plan.per_device,
        per_device_eval_batch_size=plan.per_device,
        gradient_accumulation_steps=plan.accumulation,
        optim="adamw_torch",
        learning_rate=settings.learning_rate,
        adam_beta1=settings.betas[0],
        adam_beta2=settings.betas[1],
        weight_decay=settings.weight_decay,
        lr_scheduler_type=settings.schedule,
        warmup_steps=settings.warmup_ratio,
        max_grad_norm=settings.max_grad_norm,
        bf16=half,
        use_cpu=not gpu,
        gradient_checkpointing=settings.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        logging_steps=settings.log_every,
        logging_first_step=True,
        eval_strategy="steps" if parts.held_out else "no",
        eval_steps=settings.evaluate_every,
        eval_on_start=bool(parts.held_out) and not resumed,
        save_strategy="steps",
        save_steps=settings.checkpoint_every,
        save_total_limit=settings.keep_checkpoints,
        dataloader_num_workers=settings.loaders,
        max_length=None,
        completion_only_loss=True,
        remove_unused_columns=False,
        report_to=[],
        disable_tqdm=True,
        log_level="error",
    )


def _save(parts: _Parts, trainer: Any, processor: Any) -> tuple[Path | None, Path | None]:
    """Write the model, or the adapters and, if asked, the model with the adapters merged into it."""
    from annotate.train.models import name_base, write_merged

    out = parts.folder.out
    if parts.settings.method == "full":
        trainer.save_model(str(out / MODEL))
        if _is_first():
            processor.save_pretrained(out / MODEL)
            (out / MODEL / "training_args.bin").unlink(missing_ok=True)
        return out / MODEL, None
    trainer.save_model(str(out / ADAPTER))
    if _is_first():
        (out / ADAPTER / "training_args.bin").unlink(missing_ok=True)
        if parts.request.merge:
            write_merged(parts.model, out / ADAPTER, processor, out / MODEL)
        name_base(out / ADAPTER, parts.request.model)
    return (out / MODEL if parts.request.merge else None), out / ADAPTER


def _result(
    parts: _Parts,
    trainer: Any,
    points: list[Point],
    model: Path | None,
    adapter: Path | None,
    seconds: float,
    checkpoint: Path | None,
) -> TrainResult:
    losses = [point["loss"] for point in points if "loss" in point]
    held_out = [point["held_out_loss"] for point in points if "held_out_loss" in point]
    return TrainResult(
        model=model,
        adapter=adapter,
        steps=trainer.state.global_step,
        epochs=round(trainer.state.epoch or 0.0, 4),
        examples=len(parts.train),
        images=len({example.image for example in parts.train}),
        held_out_examples=len(parts.held_out),
        held_out_images=len(parts.held_out_ids),
        first_loss=losses[0] if losses else None,
        last_loss=losses[-1] if losses else None,
        first_held_out_loss=held_out[0] if held_out else None,
        last_held_out_loss=held_out[-1] if held_out else None,
        seconds=round(seconds, 1),
        resumed_from=int(checkpoint.name.partition("-")[2]) if checkpoint else None,
    )


def _say_start(parts: _Parts, checkpoint: Path | None, console: Console) -> None:
    if not _is_first():
        return
    for reason, count in sorted(parts.data.left_out.items()):
        console.print(f"left out: {count} images, {reason}", markup=False)
    console.print(
        f"{len(parts.train):,} examples to learn, {len(parts.held_out):,} held out "
        f"({len(parts.held_out_ids):,} images)" + (f"; going on from {checkpoint.name}" if checkpoint else ""),
        markup=False,
        soft_wrap=True,
    )


def _is_first() -> bool:
    return os.environ.get(RANK, "0") == "0"


@contextlib.contextmanager
def _first_device_first() -> Iterator[None]:
    """Let the first device do something before the others do the same and find it done."""
    if int(os.environ.get(DEVICES, "1")) == 1:
        yield
        return
    from accelerate import PartialState

    with PartialState().main_process_first():
        yield


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold the folder's lock, on the first device. Raises LockedError."""
    if not _is_first():
        yield
        return
    out.mkdir(parents=True, exist_ok=True)
    lock = RunLock(out)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()

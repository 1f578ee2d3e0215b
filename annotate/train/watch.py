"""What listens to the trainer: progress for people, curves on disk, and the word that a checkpoint is whole."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from transformers import TrainerCallback

from annotate.console import clock
from annotate.train.curve import points_of, values_of, write_curve
from annotate.train.folder import TENSORBOARD, TrainFolder

LINE_EVERY_S = 10.0


class Watch(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Prints lines now and then, writes curves and TensorBoard events, marks checkpoints; on the first device."""

    def __init__(self, folder: TrainFolder, console: Console) -> None:
        self._folder = folder
        self._console = console
        self._events: Any = None
        self._began = (0, 0.0)
        self._last_line = 0.0
        self._latest: dict[str, float] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Open the events; those that a killed session wrote after its last checkpoint no longer count."""
        self._began = state.global_step, time.monotonic()
        if state.is_world_process_zero:
            from torch.utils.tensorboard import SummaryWriter

            purged = state.global_step + 1 if state.global_step else None
            self._events = SummaryWriter(str(self._folder.out / TENSORBOARD), purge_step=purged)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        """Note the figures, and say them."""
        values = values_of(logs or {})
        if not state.is_world_process_zero or not values:
            return
        for name, value in values.items():
            self._events.add_scalar(name, value, state.global_step)
        self._latest.update(values)
        now = time.monotonic()
        if now - self._last_line >= LINE_EVERY_S or "held_out_loss" in values or state.global_step >= state.max_steps:
            self._last_line = now
            self._console.print(self._line(state, now), markup=False, highlight=False, soft_wrap=True)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write the curve so far, then, once every device has written its part, say that the checkpoint is whole."""
        args.distributed_state.wait_for_everyone()
        if state.is_world_process_zero:
            self._events.flush()
            write_curve(self._folder.out, points_of(state.log_history))
            self._folder.mark_whole(state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Close the events."""
        if self._events is not None:
            self._events.close()

    def _line(self, state: Any, now: float) -> str:
        began_step, began = self._began
        rate = (state.global_step - began_step) / max(now - began, 1e-9)
        left = clock((state.max_steps - state.global_step) / rate) if rate else "?"
        shown = {"loss": "loss", "held_out_loss": "held out"}
        losses = "  ".join(f"{word} {self._latest[name]:.3f}" for name, word in shown.items() if name in self._latest)
        return f"step {state.global_step:,} of {state.max_steps:,}  {losses}  {rate:.2f} steps/s  {left} left"

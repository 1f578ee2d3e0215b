"""What transformers 5 took out of its base class and pyiqa's Q-Align still calls: without it no score comes out.

pyiqa 0.1.16 carries Q-Align's network as it was written for transformers 4.
"""

from __future__ import annotations

from typing import Any

import torch


def give_back_removed_method() -> None:
    """Add `invert_attention_mask` to Q-Align's visual abstractor, unless the installed transformers still has it."""
    from pyiqa.archs.q_align.visual_encoder import MplugOwlVisualAbstractorModel

    if not hasattr(MplugOwlVisualAbstractorModel, "invert_attention_mask"):
        MplugOwlVisualAbstractorModel.invert_attention_mask = _invert_attention_mask


def _invert_attention_mask(self: Any, mask: torch.Tensor) -> torch.Tensor:
    """What is added to the logits for a mask [batch, keys] or [batch, queries, keys] of 1 to attend and 0 not to."""
    broad = (mask[:, None, None, :] if mask.dim() == 2 else mask[:, None]).to(self.dtype)
    return (1 - broad) * torch.finfo(self.dtype).min

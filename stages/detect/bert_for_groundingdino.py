"""What keeps groundingdino-py running with transformers 5.

The package wraps BERT in a class of its own, because its attention masks are three-dimensional: a phrase of a caption
must not see its neighbours. The wrapper takes three methods from `BertModel` that transformers 5 no longer has
(`get_extended_attention_mask`, `invert_attention_mask`, `get_head_mask`) and so fails when the model is built. This
wrapper does the same with what is left: embeddings, then the encoder with an additive mask, then the pooler. Its
parameters have the same names, so that published checkpoints fit.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import BertModel
from transformers.modeling_outputs import BaseModelOutputWithPooling


class BertWithPhraseMasks(nn.Module):  # type: ignore[misc, unused-ignore]
    """BERT whose tokens attend to what a mask [batch, from, to] allows, or a padding mask [batch, to]."""

    def __init__(self, bert_model: Any) -> None:
        super().__init__()
        self.config = bert_model.config
        self.embeddings = bert_model.embeddings
        self.encoder = bert_model.encoder
        self.pooler = bert_model.pooler

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        **_: object,
    ) -> BaseModelOutputWithPooling:
        """Hidden states of the last layer, and the pooled first token."""
        embedded = self.embeddings(input_ids=input_ids, token_type_ids=token_type_ids, position_ids=position_ids)
        allowed = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        for_heads = allowed[:, None, None, :] if allowed.dim() == 2 else allowed[:, None, :, :]
        bias = torch.zeros_like(for_heads, dtype=embedded.dtype)
        bias = bias.masked_fill(~for_heads.bool(), torch.finfo(embedded.dtype).min)
        hidden = self.encoder(embedded, attention_mask=bias).last_hidden_state
        pooled = self.pooler(hidden) if self.pooler is not None else None
        return BaseModelOutputWithPooling(last_hidden_state=hidden, pooler_output=pooled)


def install() -> None:
    """Put the wrapper in the place of the package's own, where transformers has left that one behind."""
    if hasattr(BertModel, "get_head_mask"):
        return
    from groundingdino.models.GroundingDINO import groundingdino

    groundingdino.BertModelWarper = BertWithPhraseMasks

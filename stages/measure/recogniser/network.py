"""The network that is trained: a small U over the feature maps. Needs torch; the exported file does not."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import conv2d, pixel_shuffle

from manifests.vocabulary import FAMILIES

_WIDTHS = (48, 64, 88, 104)
"""Channels at strides 8, 16, 32 and 64."""
_SEAM_WIDTHS = (16, 24)
"""Channels of the seam planes at strides 4 and 8."""


class Recogniser(nn.Module):  # type: ignore[misc, unused-ignore]
    """Feature maps [n, maps, h, w] and seam planes [n, 3, 4h, 4w] to [n, 2 * families, h / 2, w / 2].

    The answer holds the logits of the families, then severity / 5.
    """

    def __init__(self, mean: Any, spread: Any) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean).reshape(1, -1, 1, 1))
        self.register_buffer("scale", 1 / torch.as_tensor(spread).reshape(1, -1, 1, 1))
        fine, half, quarter, eighth = _WIDTHS
        near, far = _SEAM_WIDTHS
        self.seam = nn.Sequential(_block(3, near, stride=2), _block(near, near), _block(near, far, stride=2))
        self.first = _block(len(mean) + far, fine)
        self.down_half = nn.Sequential(_block(fine, half, stride=2), _block(half, half))
        self.down_quarter = nn.Sequential(_block(half, quarter, stride=2), _block(quarter, quarter))
        self.down_eighth = nn.Sequential(_block(quarter, eighth, stride=2), _block(eighth, eighth))
        self.whole = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(eighth, eighth, 1))
        self.up_eighth = _Doubled(eighth, quarter)
        self.quarter_again = _block(quarter, quarter)
        self.up_quarter = _Doubled(quarter, half)
        self.half_again = _block(half, half)
        self.last = nn.Conv2d(half, 2 * len(FAMILIES), 1)

    def forward(self, maps: Any, seams: Any) -> Any:
        """See the class."""
        cells = torch.cat([(maps - self.mean) * self.scale, self.seam(seams)], dim=1)
        half = self.down_half(self.first(cells))
        quarter = self.down_quarter(half)
        eighth = self.down_eighth(quarter)
        eighth = 2 * eighth * torch.sigmoid(self.whole(eighth))
        quarter = self.quarter_again(quarter + self.up_eighth(eighth))
        half = self.half_again(half + self.up_quarter(quarter))
        return self.last(half)


class Verifier(nn.Module):  # type: ignore[misc, unused-ignore]
    """Descriptions of candidates [n, facts] to logits [n, 1] that the candidate is a planted region."""

    def __init__(self, mean: Any, spread: Any) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean).reshape(1, -1))
        self.register_buffer("scale", 1 / torch.as_tensor(spread).reshape(1, -1))
        self.layers = nn.Sequential(
            nn.Dropout(0.1), nn.Linear(len(mean), 48), nn.ReLU(), nn.Dropout(0.3), nn.Linear(48, 1)
        )

    def forward(self, facts: Any) -> Any:
        """See the class."""
        return self.layers(torch.clamp((facts - self.mean) * self.scale, -4, 4))


class Panel(nn.Module):  # type: ignore[misc, unused-ignore]
    """Several verifiers as one: the mean of their logits."""

    def __init__(self, verifiers: Sequence[Any]) -> None:
        super().__init__()
        self.verifiers = nn.ModuleList(verifiers)

    def forward(self, facts: Any) -> Any:
        """See `Verifier`."""
        return torch.stack([verifier(facts) for verifier in self.verifiers]).mean(dim=0)


def export(network: Any, examples: tuple[Any, ...], path: Path, *, inputs: tuple[str, ...], dynamic: bool) -> None:
    """Write a network as ONNX; with `dynamic` height and width of its maps may have any length."""
    network.eval()
    axes = {name: {2: f"{name} height", 3: f"{name} width"} for name in (*inputs, "output")} if dynamic else {}
    with warnings.catch_warnings():
        # The exporter that needs no further package calls itself deprecated; its successor writes other operators.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            examples,
            str(path),
            input_names=list(inputs),
            output_names=["output"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )


class _Doubled(nn.Module):  # type: ignore[misc, unused-ignore]
    """A transposed convolution of 2x2 at stride 2, done as a convolution of 1x1 whose channels become the four pixels.

    OpenCV takes more time for two transposed convolutions than for all other layers of the network.
    """

    def __init__(self, channels: int, fewer: int) -> None:
        super().__init__()
        self.transposed = nn.ConvTranspose2d(channels, fewer, 2, stride=2)

    def forward(self, plane: Any) -> Any:
        """[n, channels, h, w] to [n, fewer, 2h, 2w]."""
        layer: Any = self.transposed
        weight, bias = layer.weight, layer.bias
        pointwise = weight.permute(1, 2, 3, 0).reshape(-1, len(weight), 1, 1)
        return pixel_shuffle(conv2d(plane, pointwise, torch.stack([bias] * 4, dim=1).reshape(-1)), 2)


def _block(channels: int, wider: int, stride: int = 1) -> Any:
    return nn.Sequential(
        nn.Conv2d(channels, wider, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()
    )

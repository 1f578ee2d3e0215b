"""The 35 distortions of DQ-495K with the parameters of their five severities: the one place where both stand.

Names, families and the order of magnitude of most parameters follow DQ-495K (DepictQA-Wild, arXiv 2405.18842;
github.com/XPixelGroup/DepictQA, build_datasets/x_distortion); where its steps are not distinguishable or its formula
moves the brightness with the contrast, the values are our own. Parameters that end in `_px` are lengths for an image
whose shorter side has up to `REFERENCE_SIDE_PX` pixels, and grow with larger images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from manifests.vocabulary import DISTORTIONS, Family
from stages.distort import blur, detail, noise, quantise, tone
from stages.distort.pixels import Pixels

REFERENCE_SIDE_PX = 384
"""Shorter side of KADID-10k's images, the size at which lengths are taken as they stand."""

SEVERITIES = (1, 2, 3, 4, 5)

Steps = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Variant:
    """One distortion: its function and, for each parameter of the function, the values of severity 1 to 5."""

    name: str
    function: Callable[..., Pixels]
    parameters: Mapping[str, Steps]

    @property
    def family(self) -> Family:
        """The family that the vocabulary gives the name."""
        return FAMILY_OF[self.name]

    def at(self, severity: int, scale: float = 1.0) -> dict[str, float]:
        """Arguments of the function at a severity of 1-5, lengths times `scale`. Raises ValueError for another."""
        if severity not in SEVERITIES:
            raise ValueError(f"{self.name}: severity {severity!r} is not one of 1, 2, 3, 4, 5")
        return {
            name: steps[severity - 1] * (scale if name.endswith("_px") else 1)
            for name, steps in self.parameters.items()
        }


FAMILY_OF: dict[str, Family] = {name: family for family, names in DISTORTIONS.items() for name in names}

VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant("blur-gaussian", blur.gaussian, {"sigma_px": (1, 2, 3, 4, 5)}),
        Variant("blur-motion", blur.motion, {"length_px": (5, 9, 14, 20, 28)}),
        Variant("blur-glass", blur.glass, {"sigma_px": (0.7, 0.9, 1.2, 1.4, 1.6), "shift_px": (1, 2, 3, 4, 6)}),
        Variant("blur-lens", blur.lens, {"radius_px": (2, 3, 4, 6, 8)}),
        Variant("blur-zoom", blur.zoom, {"zoom": (1.03, 1.06, 1.1, 1.15, 1.21)}),
        Variant("blur-jitter", blur.jitter, {"shift_px": (1, 2, 3, 4, 5)}),
        Variant("noise-gaussian-rgb", noise.gaussian_rgb, {"sigma": (0.05, 0.1, 0.15, 0.2, 0.25)}),
        Variant(
            "noise-gaussian-ycrcb",
            noise.gaussian_ycrcb,
            {"sigma_luma": (0.05, 0.06, 0.07, 0.08, 0.09), "sigma_chroma": (0.05, 0.087, 0.133, 0.188, 0.252)},
        ),
        Variant("noise-speckle", noise.speckle, {"sigma": (0.14, 0.21, 0.28, 0.35, 0.42)}),
        Variant(
            "noise-spatially-correlated",
            noise.spatially_correlated,
            {"sigma": (0.12, 0.18, 0.26, 0.36, 0.5), "grain": (3, 3, 3, 3, 3)},
        ),
        Variant("noise-poisson", noise.poisson, {"photons": (80, 60, 40, 25, 15)}),
        Variant("noise-impulse", noise.impulse, {"amount": (0.01, 0.03, 0.05, 0.07, 0.1)}),
        Variant("compression-jpeg", detail.jpeg, {"quality": (25, 18, 12, 8, 5)}),
        Variant("compression-jpeg-2000", detail.jpeg_2000, {"ratio": (40, 70, 110, 170, 260)}),
        Variant("brighten-shift-hsv", tone.shift_hsv, {"shift": (0.1, 0.2, 0.3, 0.4, 0.5)}),
        Variant("brighten-shift-rgb", tone.shift_rgb, {"shift": (0.1, 0.15, 0.2, 0.27, 0.35)}),
        Variant("brighten-gamma-hsv", tone.gamma_hsv, {"gamma": (0.7, 0.58, 0.47, 0.36, 0.25)}),
        Variant("brighten-gamma-rgb", tone.gamma_rgb, {"gamma": (0.8, 0.7, 0.6, 0.45, 0.3)}),
        Variant("darken-shift-hsv", tone.shift_hsv, {"shift": (-0.1, -0.2, -0.3, -0.4, -0.5)}),
        Variant("darken-shift-rgb", tone.shift_rgb, {"shift": (-0.1, -0.15, -0.2, -0.27, -0.35)}),
        Variant("darken-gamma-hsv", tone.gamma_hsv, {"gamma": (1.5, 1.8, 2.2, 2.7, 3.5)}),
        Variant("darken-gamma-rgb", tone.gamma_rgb, {"gamma": (1.4, 1.7, 2.1, 2.6, 3.2)}),
        Variant("contrast-weaken-scale", tone.contrast_scale, {"factor": (0.75, 0.6, 0.45, 0.3, 0.2)}),
        Variant("contrast-weaken-stretch", tone.contrast_stretch, {"slope": (0.75, 0.6, 0.45, 0.3, 0.2)}),
        Variant("contrast-strengthen-scale", tone.contrast_scale, {"factor": (1.4, 1.7, 2.1, 2.6, 4)}),
        Variant("contrast-strengthen-stretch", tone.contrast_stretch, {"slope": (1.5, 2, 3, 4.5, 7)}),
        Variant("saturation-weaken-hsv", tone.saturation_hsv, {"factor": (0.7, 0.55, 0.4, 0.2, 0)}),
        Variant("saturation-weaken-ycrcb", tone.saturation_ycrcb, {"factor": (0.6, 0.4, 0.2, 0.1, 0)}),
        Variant("saturation-strengthen-hsv", tone.saturation_hsv, {"factor": (1.6, 2.2, 3, 5, 10)}),
        Variant("saturation-strengthen-ycrcb", tone.saturation_ycrcb, {"factor": (1.6, 2.2, 3, 5, 8)}),
        Variant(
            "oversharpen",
            detail.oversharpen,
            {"amount": (2, 2.8, 4, 6, 8), "sigma_px": (1.1, 1.1, 1.1, 1.1, 1.1)},
        ),
        Variant("pixelate", detail.pixelate, {"block_px": (2, 3, 4, 6, 8)}),
        Variant("quantise-otsu", quantise.otsu, {"levels": (15, 11, 8, 5, 3)}),
        Variant("quantise-median-cut", quantise.median_cut, {"colours": (24, 16, 10, 6, 3)}),
        Variant("quantise-histogram", quantise.histogram, {"levels": (24, 16, 10, 6, 3)}),
    )
}


def length_scale(width: int, height: int) -> float:
    """How much longer lengths are in an image of this size: shorter side / REFERENCE_SIDE_PX, at least 1."""
    return max(1.0, min(width, height) / REFERENCE_SIDE_PX)


def distort(rgb: Pixels, name: str, severity: int, rng: np.random.Generator, *, scale: float = 1.0) -> Pixels:
    """A distorted copy of uint8 RGB [height, width, 3]: same shape and type, same result for the same generator.

    `scale` is the `length_scale` of the image that the pixels belong to. Raises ValueError for a name that is not in
    `VARIANTS`, a severity that is not 1-5, or pixels of another shape or type.
    """
    if name not in VARIANTS:
        raise ValueError(f"there is no distortion {name!r}; the names are {', '.join(VARIANTS)}")
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"{name}: pixels must be uint8 [height, width, 3], got {rgb.dtype} {list(rgb.shape)}")
    variant = VARIANTS[name]
    return variant.function(rgb, rng, **variant.at(severity, scale))

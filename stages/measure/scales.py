"""Named thresholds of the measured `Attributes`: what a number means in words.

Authors (`describe`, `check`, `question`) import these, so that "sharp" means the same in every sentence. All values
hold for whole images and for regions alike and are in the units of `manifests.records.Attributes`. The typical
ranges were read off about sixty ordinary photographs (packages scikit-image, scikit-learn, opencv-doc and
mate-backgrounds) and their copies with one planted distortion.

| attribute    | typical photograph | meaning of low and high                                        |
| ------------ | ------------------ | -------------------------------------------------------------- |
| sharpness    | 0.50 - 0.85        | 0 = every edge is wide, 1 = every edge is one pixel wide, in focus |
| noise        | 0 - 3              | standard deviation in 8-bit grey levels; visible from about 5   |
| compression  | 0 - 0.15           | relative excess of steps on the 8-pixel block grid              |
| luminance    | 0.25 - 0.65        | mean luma, 0 = black, 1 = white                                 |
| contrast     | 0.4 - 0.9          | 95th minus 5th percentile of luma                               |
| saturation   | 0.08 - 0.35        | mean CIELAB chroma / 100; 0 = grey                              |
| texture      | 0.2 - 0.9          | share of the area that holds detail                             |
| overexposed  | 0 - 0.02           | share of pixels with every channel clipped at white             |
| underexposed | 0 - 0.05           | share of pixels with every channel clipped at black             |
| pixelation   | 0                  | share of the area made of constant blocks                       |

An attribute that is null could not be judged (for instance the sharpness of a clear sky): say nothing about it.
"""

from __future__ import annotations

CRISP = 0.70
"""sharpness at or above: crisp, razor-sharp."""
SHARP = 0.56
"""sharpness at or above: sharp, in focus. Between SOFT and SHARP lies ordinary sharpness, not worth a word."""
SOFT = 0.42
"""sharpness below: soft, slightly out of focus."""
BLURRED = 0.26
"""sharpness below: clearly blurred."""

CLEAN = 2.0
"""noise below: clean, free of visible noise."""
NOISY = 6.0
"""noise at or above: noise that a person sees."""
VERY_NOISY = 14.0
"""noise at or above: strong noise."""

BLOCKY = 0.35
"""compression at or above: visible blocks."""

DARK = 0.22
"""luminance below: dark."""
DIM = 0.32
"""luminance below: rather dark."""
BRIGHT = 0.62
"""luminance at or above: bright."""
VERY_BRIGHT = 0.78
"""luminance at or above: very bright."""

LOW_CONTRAST = 0.30
"""contrast below: flat, low in contrast."""
HIGH_CONTRAST = 0.72
"""contrast at or above: strong contrast."""

GREY = 0.02
"""saturation below: without colour (monochrome)."""
MUTED = 0.09
"""saturation below: muted colours."""
COLOURFUL = 0.26
"""saturation at or above: rich in colour."""
VIVID = 0.40
"""saturation at or above: vivid colours."""

PLAIN = 0.15
"""texture below: a plain surface, little to judge."""
DETAILED = 0.60
"""texture at or above: full of detail."""

CLIPPED = 0.05
"""overexposed or underexposed at or above: a visible part of the area has lost its detail."""
WELL_EXPOSED_CLIPPED = 0.01
"""overexposed and underexposed both below, with luminance between DIM and BRIGHT: well exposed."""

PIXELATED = 0.30
"""pixelation at or above: visibly made of blocks."""

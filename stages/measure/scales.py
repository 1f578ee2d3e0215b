"""Named thresholds of the measured `Attributes`: what a number means in words.

Authors (`describe`, `check`, `question`) import these, so that "sharp" means the same in every sentence. All values
hold for whole images and for regions alike and are in the units of `manifests.records.Attributes`. The typical
ranges were read off 58 ordinary photographs (of the packages scikit-image, scikit-learn, opencv-doc and
mate-backgrounds) and their copies with one distortion.

| attribute    | 5th, 50th, 95th percentile of photographs | meaning                                           |
| ------------ | ------------------ | -------------------------------------------------------------------------- |
| sharpness    | 0.47  0.75  0.86   | of what is in focus: 1 minus the re-blur metric; 0.1-0.25 after a blur of 2.5 px |
| focus        | 0.06  0.85  1.00   | share of what can be judged that is at least not soft (of 45 photographs)  |
| noise        | 0  0.7  1.8        | standard deviation per channel in 8-bit grey levels; visible from about 5   |
| compression  | 0  0  0.29         | relative excess of steps on the 8-pixel block grid; 0.5-1.5 at JPEG quality 11 |
| luminance    | 0.23  0.45  0.58   | mean luma, 0 = black, 1 = white                                             |
| contrast     | 0.31  0.60  0.86   | 95th minus 5th percentile of luma                                           |
| saturation   | 0  0.17  0.59      | mean CIELAB chroma / 100; 0 = grey                                          |
| texture      | 0.25  0.77  1      | share of the area that holds detail                                         |
| overexposed  | 0  0  0.01         | share of pixels with every channel clipped at white                         |
| underexposed | 0  0  0.12         | share of pixels with every channel clipped at black                         |
| pixelation   | 0  0  0            | share of the area made of constant blocks                                   |

An attribute that is null could not be judged (for instance the sharpness of a clear sky): say nothing about it.
"""

from __future__ import annotations

CRISP = 0.74
"""sharpness at or above: crisp, razor-sharp."""
SHARP = 0.60
"""sharpness at or above: sharp, in focus. Between SOFT and SHARP lies ordinary sharpness, not worth a word."""
SOFT = 0.45
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
BRIGHT = 0.60
"""luminance at or above: bright."""
VERY_BRIGHT = 0.78
"""luminance at or above: very bright."""

LOW_CONTRAST = 0.30
"""contrast below: flat, low in contrast."""
HIGH_CONTRAST = 0.75
"""contrast at or above: strong contrast."""

GREY = 0.02
"""saturation below: without colour (monochrome)."""
MUTED = 0.07
"""saturation below: muted colours."""
COLOURFUL = 0.28
"""saturation at or above: rich in colour."""
VIVID = 0.42
"""saturation at or above: vivid colours."""

PLAIN = 0.25
"""texture below: a plain surface, little to judge."""
DETAILED = 0.70
"""texture at or above: full of detail."""

CLIPPED = 0.05
"""overexposed or underexposed at or above: a visible part of the area has lost its detail."""
WELL_EXPOSED_CLIPPED = 0.01
"""overexposed and underexposed both below, with luminance between DIM and BRIGHT: well exposed."""

PIXELATED = 0.30
"""pixelation at or above: visibly made of blocks."""

"""Two distortions of one region: which families may follow which, and how strong each may be.

The pairs are the printed list of visually distinguishable combinations and orders of IQA-Spider (arXiv 2605.24553,
Table 8), which takes DQ-495K's combinations without those of similar or opposing effect. Its entry "contrast weaken
after contrast weaken" is left out: one family twice is one distortion. As in DQ-495K each of two distortions has one
of three severities, the first three of five: slight 1, obvious 2, serious 3.
"""

from __future__ import annotations

from collections.abc import Collection

from manifests.vocabulary import Family

FOLLOWERS: dict[Family, tuple[Family, ...]] = {
    "blur": ("compression", "noise"),
    "compression": ("blur", "noise"),
    "contrast-weaken": ("noise", "blur", "compression", "pixelate", "saturation-weaken"),
    "pixelate": ("noise",),
    "saturation-weaken": ("noise",),
}
"""First family applied, and the families that may be applied after it."""

PAIR_SEVERITIES = {"slight": 1, "obvious": 2, "serious": 3}


def allowed_pairs(families: Collection[Family]) -> list[tuple[Family, Family]]:
    """Pairs (applied first, applied second) of the given families, in the order of the printed list."""
    return [
        (first, second)
        for first, followers in FOLLOWERS.items()
        for second in followers
        if first in families and second in families
    ]

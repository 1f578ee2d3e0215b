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


def allowed_followers(families: Collection[Family]) -> dict[Family, list[Family]]:
    """`FOLLOWERS` of the given families alone; a first family that none of them may follow is left out."""
    followers = {
        first: [second for second in seconds if second in families]
        for first, seconds in FOLLOWERS.items()
        if first in families
    }
    return {first: seconds for first, seconds in followers.items() if seconds}

"""Two distortions: only the combinations and orders that IQA-Spider prints, three severities."""

from manifests.vocabulary import FAMILIES
from stages.distort.pairs import PAIR_SEVERITIES, allowed_followers

PRINTED = {
    "blur": {"compression", "noise"},
    "compression": {"blur", "noise"},
    "contrast-weaken": {"noise", "blur", "compression", "contrast-weaken", "pixelate", "saturation-weaken"},
    "pixelate": {"noise"},
    "saturation-weaken": {"noise"},
}
"""IQA-Spider (arXiv 2605.24553), Table 8."""


def test_the_pairs_are_those_printed_without_a_family_after_itself() -> None:
    printed = {first: followers - {first} for first, followers in PRINTED.items()}
    assert {first: set(followers) for first, followers in allowed_followers(FAMILIES).items()} == printed


def test_only_families_that_are_allowed_are_paired() -> None:
    assert allowed_followers(["noise", "pixelate", "blur", "brighten"]) == {"blur": ["noise"], "pixelate": ["noise"]}
    assert allowed_followers(["brighten", "blur"]) == {}


def test_each_of_two_has_one_of_the_first_three_severities() -> None:
    assert PAIR_SEVERITIES == {"slight": 1, "obvious": 2, "serious": 3}

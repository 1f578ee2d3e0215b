from __future__ import annotations

import pytest

from annotate.evaluate.referring import families_named
from manifests.records import Distortion
from manifests.vocabulary import DISTORTIONS, FAMILIES, Family
from stages.language.distortions import FAMILY_WORDS
from stages.language.planted import graded


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_that_a_label_uses_is_read_as_its_family_and_no_other(family: Family) -> None:
    planted = [graded(Distortion(family=family, name=name, severity=4)) for name in DISTORTIONS[family]]
    for said in (*planted, FAMILY_WORDS[family].name, FAMILY_WORDS[family].plain_state):
        assert families_named(f"{said.capitalize()}.") == {family}, said


def test_the_effects_of_a_long_answer_are_not_read() -> None:
    said = "Severe noise, which makes edges blurry and dark; mild desaturation, which leaves the colours pale."
    assert families_named(said) == {"noise", "saturation-weaken"}

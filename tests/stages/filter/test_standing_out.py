"""Which regions the labels may use, and why the others may not."""

from __future__ import annotations

from typing import Any

import pytest

from manifests.records import Distortion, ImageRecord, Region, Score
from stages.filter import Filter, FilterConfig, salience


def region(number: int, box: tuple[float, float, float, float], **fields: Any) -> Region:
    said = {"label": "dog", "source": "detector", "detector_score": 0.9, "iqa_score": 0.8, **fields}
    return Region(region_id=number, phrase=f"{said['label']} {number}", box_xyxy_px=box, **said)


def flaw(severity: int) -> list[Distortion]:
    return [Distortion(family="noise", name="noise", severity=severity)]


def filtered(*regions: Region, score: float = 0.8, metric: str = "evidence", **options: Any) -> list[Region]:
    row = ImageRecord(image_id="a", uri="a", width=1000, height=1000, regions=list(regions))
    row.scores = [Score(metric=metric, value=score, lower_better=metric == "piqe")]
    return Filter(FilterConfig(**options))([row])[0].regions


def fates(regions: list[Region]) -> list[str]:
    assert all(each.kept == (each.drop_reason is None) for each in regions)
    return [each.drop_reason or "kept" for each in regions]


def test_an_image_with_nothing_wrong_keeps_its_most_salient_objects_only():
    boxes = [(40.0 * n, 40.0 * n, 40.0 * n + 200, 40.0 * n + 200) for n in range(6)]
    regions = filtered(*(region(n, box) for n, box in enumerate(boxes, 1)))
    assert fates(regions) == ["not-salient", "not-salient", "kept", "kept", "kept", "kept"]
    assert {each.effect for each in regions} == {"no impact"}


def test_a_distortion_keeps_a_region_whatever_its_salience():
    regions = filtered(
        region(1, (0, 0, 100, 100), distortions=flaw(2), label="area", source="quality-map", detector_score=None),
        region(2, (0, 0, 100, 100), label="area", source="quality-map", detector_score=None),
        max_salient=0,
    )
    assert fates(regions) == ["kept", "not-salient"]
    assert regions[0].effect == "negative"


def test_a_distortion_below_the_smallest_severity_does_not_count():
    assert fates(filtered(region(1, (0, 0, 300, 300), distortions=flaw(1)), min_severity=2, max_salient=0)) == [
        "not-salient"
    ]


@pytest.mark.parametrize(("metric", "image", "better", "worse"), [("evidence", 0.6, 0.9, 0.3), ("piqe", 50, 20, 80)])
def test_standing_out_honours_the_direction_of_the_metric(metric: str, image: float, better: float, worse: float):
    regions = filtered(
        region(1, (0, 0, 300, 300), iqa_score=better),
        region(2, (400, 400, 700, 700), iqa_score=worse),
        region(3, (700, 700, 990, 990), iqa_score=image),
        score=image,
        metric=metric,
        max_salient=0,
    )
    assert [each.effect for each in regions] == ["positive", "negative", "no impact"]
    assert fates(regions) == ["kept", "kept", "not-salient"]


def test_unfit_regions_are_dropped_with_the_reason():
    regions = filtered(
        region(1, (0, 0, 300, 300), detector_score=0.2),
        region(2, (0, 0, 300, 8)),
        region(3, (0, 0, 30, 30)),
        region(4, (0, 0, 1000, 980)),
    )
    assert fates(regions) == ["low-detector-score", "too-small", "too-small", "whole-image"]


def test_what_an_earlier_stage_dropped_stays_dropped_for_its_reason():
    assert fates(filtered(region(1, (0, 0, 300, 300), kept=False, drop_reason="merged"))) == ["merged"]


def test_of_two_names_for_one_object_the_surer_one_stays():
    box = (100.0, 100.0, 500.0, 500.0)
    near = (105.0, 100.0, 500.0, 500.0)
    two_names = filtered(region(1, box, detector_score=0.6), region(2, near, label="cat"))
    assert fates(two_names) == ["overlaps-better", "kept"]
    one_name = filtered(region(1, box, detector_score=0.6), region(2, near))
    assert fates(one_name) == ["kept", "kept"]


def test_the_limit_drops_the_least_telling_regions():
    worst = region(3, (700, 700, 900, 900), distortions=flaw(5))
    mild = region(2, (400, 400, 600, 600), distortions=flaw(1))
    fine = region(1, (300, 300, 700, 700))
    assert fates(filtered(fine, mild, worst, max_regions=2)) == ["over-limit", "kept", "kept"]
    assert fates(filtered(fine, mild, worst, max_regions=1)) == ["over-limit", "over-limit", "kept"]


def test_every_scored_region_gets_a_word():
    regions = filtered(region(1, (0, 0, 300, 300), iqa_score=0.1), region(2, (0, 0, 300, 300), iqa_score=None))
    assert [each.quality for each in regions] == ["bad", None]


def test_salience_grows_with_size_confidence_and_centrality():
    small, large = region(1, (450, 450, 550, 550)), region(2, (300, 300, 700, 700))
    aside, unsure = region(3, (0, 0, 400, 400)), region(4, (300, 300, 700, 700), detector_score=0.5)
    values = [salience(each, 1000, 1000) for each in (small, aside, unsure, large)]
    assert max(values) == values[3]
    assert all(0 < value < 1 for value in values)


def test_deciding_twice_changes_nothing():
    row = ImageRecord(image_id="a", uri="a", width=1000, height=1000)
    row.regions = [region(n, (10.0 * n, 0, 10.0 * n + 300, 300), distortions=flaw(n % 5 + 1)) for n in range(1, 13)]
    row.scores = [Score(metric="evidence", value=0.8, lower_better=False)]
    once = Filter()([row.model_copy(deep=True)])[0]
    twice = Filter()([once.model_copy(deep=True)])[0]
    assert once == twice
    assert sum(each.kept for each in once.regions) == 8


def test_an_image_without_a_score_is_a_clear_error():
    with pytest.raises(ValueError, match="needs the size and the score"):
        Filter()([ImageRecord(image_id="a", uri="a", width=10, height=10)])


def test_a_metric_for_which_the_recipe_names_no_margin_has_one_that_follows_its_scale():
    near, far = region(1, (0, 0, 200, 200), iqa_score=0.56), region(2, (500, 500, 700, 700), iqa_score=0.54)
    assert [each.effect for each in filtered(near, far, score=0.7, metric="topiq_nr")] == ["no impact", "negative"]
    assert [each.quality for each in filtered(near, score=0.7, metric="topiq_nr")] == ["fair"]

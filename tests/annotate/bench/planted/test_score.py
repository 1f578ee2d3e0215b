"""A small benchmark of four images whose every figure can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotate.bench.planted.baseline import Constant
from annotate.bench.planted.figures import Item, Pair
from annotate.bench.planted.honesty import Honesty
from annotate.bench.planted.matching import claims_of
from annotate.bench.planted.report import headline_rows, write_report
from annotate.bench.planted.score import observe_image, planted_places
from annotate.bench.planted.sheet import verdict
from annotate.bench.planted.summary import Summary, summarise, summarise_scorer
from annotate.bench.planted.truth import Truth, TruthImage, read_truth, write_truth
from manifests.errors import InputError
from manifests.masks import encode_mask, mask_of_box
from manifests.records import BoxXYXYPx, Distortion, ImageRecord, Point, PointLabel, Question, Region
from manifests.vocabulary import Family

SIDE = 20
SETTINGS = {"seed": 0, "folder": "photos", "photos": 3, "count": 5, "untouched": 0.4, "megapixels": 1.0}


def distortion(family: Family, severity: int) -> Distortion:
    return Distortion(family=family, name=family, severity=severity)


def truth_of(image_id: str, photo: str, planted: Distortion | None = None) -> TruthImage:
    """The left half is planted, if anything is."""
    box = (0.0, 0.0, 10.0, 20.0)
    region = Region(
        region_id=1, label="area", phrase="area", box_xyxy_px=box, mask=encode_mask(mask_of_box(box, SIDE, SIDE)),
        source="planted", distortions=[planted] if planted else [],
    )  # fmt: skip
    return TruthImage(
        image_id=image_id, file=f"{image_id}.png", photo=photo, width=SIDE, height=SIDE,
        regions=[region] if planted else [],
    )  # fmt: skip


def claim(number: int, box: BoxXYXYPx, *distortions: Distortion) -> Region:
    return Region(
        region_id=number, label="dog", phrase="dog", box_xyxy_px=box, source="quality-map",
        distortions=list(distortions),
    )  # fmt: skip


def record(image_id: str, *regions: Region, **fields: object) -> ImageRecord:
    return ImageRecord.model_validate(
        {"image_id": image_id, "uri": f"{image_id}.png", "width": SIDE, "height": SIDE, "outcome": "ok",
         "regions": [region.model_dump() for region in regions], **fields}
    )  # fmt: skip


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Noise 5, blur 3 and blur 1 on the left half; two untouched photos."""
    images = [
        truth_of("a", "beach", distortion("noise", 5)),
        truth_of("b", "forest", distortion("blur", 3)),
        truth_of("c", "beach", distortion("blur", 1)),
        truth_of("d", "forest"),
        truth_of("e", "town"),
    ]
    return read_truth(write_truth(tmp_path_factory.mktemp("truth"), images, SETTINGS))


@pytest.fixture(scope="module")
def records() -> dict[str, ImageRecord]:
    """Found and named; found and misnamed; missed; a false alarm; quiet."""
    points = [
        Point(x=0.2, y=0.5, positive=True), Point(x=0.7, y=0.5, positive=True), Point(x=0.9, y=0.5, positive=False),
    ]  # fmt: skip
    label = PointLabel(
        id="p", region_id=1, label="dog", box_xyxy_px=(0, 0, 10, 16), points=points, position_horizontal="left",
        position_vertical="top", whole_image=False,
    )  # fmt: skip
    noisy = Question(
        id="q", question="Is the dog noisy?", answer="Yes.", question_plain="Is the dog noisy?", answer_plain="Yes.",
        family="yes-no", spatial="none", region_ids=[1], author="evidence templates",
    )  # fmt: skip
    harmed = noisy.model_copy(
        update={"question_plain": "What degrades the dog?", "answer_plain": "Noise.", "family": "what"}
    )
    found = [
        record(
            "a", claim(1, (0, 0, 10, 16), distortion("noise", 4)), points=[label.model_dump()],
            questions=[noisy.model_dump(), harmed.model_dump()],
        ),
        record("b", claim(1, (0, 0, 10, 20), distortion("noise", 2)), claim(2, (12, 0, 20, 20), distortion("blur", 2))),
        record("c", claim(1, (0, 0, 5, 5))),
        record("d", claim(1, (0, 0, 5, 5), distortion("darken", 3))),
        record("e", claim(1, (0, 0, 5, 5))),
    ]  # fmt: skip
    return {each.image_id: each for each in found}


@pytest.fixture(scope="module")
def summary(truth: Truth, records: dict[str, ImageRecord]) -> Summary:
    return summarise(truth, records, [], {"piqe": "it is not here"})


def test_every_figure_is_what_a_hand_count_gives(summary: Summary) -> None:
    values = {metric: figure.value for metric, figure in summary.overall.items()}
    assert values == {
        "recall": 0.6667,
        "box_iou": 0.6,
        "mask_iou": 0.6,
        "tag_recall": 0.3333,
        "family": 0.5,
        "severity_rank": None,
        "points": 0.5,
        "precision": 0.5,
        "precision_named": 0.25,
        "alarm": 0.5,
        "any_claim": 0.5,
        "yes_no": 1.0,
        "what": 1.0,
    }


def test_clear_figures_leave_slight_distortions_out(summary: Summary) -> None:
    assert (summary.clear["recall"].value, summary.clear["recall"].n) == (1.0, 2)
    assert summary.clear["box_iou"].value == 0.9


def test_figures_stand_by_family_and_by_severity(summary: Summary) -> None:
    assert summary.by_family["blur"]["recall"].value == 0.5
    assert summary.by_family["noise"]["precision"].value == 1.0, "both claims of noise lie on something planted"
    assert summary.by_family["blur"]["precision"].value == 0.0
    assert summary.by_severity["1"]["recall"].value == 0.0
    assert summary.alarms_by_family == {"darken": 0.5}


def test_counts_say_what_was_compared(summary: Summary) -> None:
    counts = summary.counts
    assert (counts.images, counts.annotated, counts.planted, counts.untouched, counts.photos) == (5, 5, 3, 2, 3)


def test_a_run_of_some_images_is_compared_on_those(truth: Truth, records: dict[str, ImageRecord]) -> None:
    part = summarise(truth, {"a": records["a"]}, [], {})
    assert (part.counts.images, part.counts.annotated) == (5, 1)
    assert part.overall["recall"].value == 1.0
    assert part.overall["alarm"].n == 0


def test_an_image_that_failed_found_nothing(truth: Truth) -> None:
    failed = record("a", claim(1, (0, 0, 10, 20), distortion("noise", 4)), outcome="failed")
    found = {item.metric: item.value for item in observe_image(truth.images["a"], failed).items}
    assert found == {"recall": 0, "box_iou": 0, "mask_iou": 0, "tag_recall": 0}


def test_a_claim_on_the_whole_image_is_an_alarm_and_no_region(truth: Truth) -> None:
    whole = record("d", distortions=[distortion("blur", 4).model_dump()])
    found = {item.metric: item.value for item in observe_image(truth.images["d"], whole).items}
    assert found["alarm"] == found["any_claim"] == 1
    assert "precision" not in found


def test_severities_are_paired_where_place_and_family_are_right(truth: Truth, records: dict[str, ImageRecord]) -> None:
    assert observe_image(truth.images["a"], records["a"]).severities == [Pair("beach", 5, 4, "noise")]
    assert observe_image(truth.images["b"], records["b"]).severities == []


def test_the_constant_run_claims_the_most_common_family_in_a_box_of_the_mean_size(
    truth: Truth, summary: Summary
) -> None:
    constant = Constant.of(truth)
    assert constant == Constant(0.5, 1.0, "blur", 3)
    assert constant.box(SIDE, SIDE) == (5, 0, 15, 20)
    assert summary.constant["recall"].value == 0.0
    assert summary.constant["box_iou"].value == 0.3333
    assert summary.constant["precision"].value == 0.6
    assert summary.constant["alarm"].value == 1.0
    assert summary.constant["what"].value == 0.0
    assert (summary.always_yes.value, summary.always_no.value) == (1.0, 0.0)


def test_a_truth_that_plants_nothing_still_counts_alarms(tmp_path: Path, records: dict[str, ImageRecord]) -> None:
    path = write_truth(tmp_path, [truth_of("d", "forest")], SETTINGS)
    nothing = summarise(read_truth(path), records, [], {})
    assert nothing.overall["alarm"].value == 1.0
    assert nothing.overall["recall"].n == nothing.constant["recall"].n == 0


def test_verdicts_say_what_became_of_an_image(truth: Truth, records: dict[str, ImageRecord]) -> None:
    said = {
        image_id: verdict(planted_places(truth.images[image_id]), claims_of(each, SIDE, SIDE)).splitlines()[1]
        for image_id, each in records.items()
    }
    assert said == {
        "a": "found: noise 4, IoU 0.80",
        "b": "misnamed: noise 2, IoU 1.00",
        "c": "missed (IoU 0.00), claims nothing",
        "d": "false alarm: darken 3",
        "e": "claims nothing",
    }


def test_a_scorer_is_honest_if_badness_rises_with_severity() -> None:
    pairs = [Pair(f"{number}", severity, severity * 10.0, "blur") for number, severity in enumerate((1, 3, 2, 5, 4))]
    worse = [Item("worse", pair.photo, 1.0) for pair in pairs]
    found = summarise_scorer(Honesty("perfect", severity=pairs, rise=pairs, worse=worse, untouched=[]), seed=0)
    assert found["severity"].value == found["rise"].value == 1.0
    assert found["by_family"]["blur"] == 1.0
    assert found["by_family"]["noise"] is None
    assert found["untouched"].value is None


def test_the_page_names_photos_seed_and_what_was_left_out(truth: Truth, summary: Summary, tmp_path: Path) -> None:
    facts = {"recipe": "embedded", "version": "1", "fingerprint": "f" * 64}
    write_report(tmp_path, summary, truth, facts, None)
    page = (tmp_path / "planted.md").read_text()
    assert "5 images of 3 photos from `photos` (seed 0): 3 planted regions, 2 untouched photos" in page
    assert "Left out: piqe, because it is not here." in page
    assert all(len(row) == 6 for row in headline_rows(summary))


def test_a_table_of_something_else_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "truth.parquet").write_text("no table")
    with pytest.raises(InputError, match=r"--truth .*truth\.parquet: cannot be read"):
        read_truth(tmp_path / "truth.parquet")

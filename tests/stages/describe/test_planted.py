"""The truth author says what was planted, in its order, and nothing else."""

from manifests.records import Distortion, ImageRecord, Region
from stages.describe import Describe, DescribeConfig


def described(*regions: Region) -> list[str]:
    record = ImageRecord(image_id="b" * 32, uri="b.png", width=400, height=300, regions=list(regions))
    (row,) = Describe(DescribeConfig(backend="truth"))([record])
    assert row.report is not None
    return [passage.text for passage in row.report.passages]


def region(number: int, label: str, *distortions: Distortion, x: float = 0) -> Region:
    return Region(
        region_id=number,
        label=label,
        phrase=label,
        box_xyxy_px=(x, 0, x + 100, 100),
        source="planted" if distortions else "detector",
        distortions=list(distortions),
    )


CONTRAST = Distortion(family="contrast-weaken", name="contrast-weaken-scale", severity=3)
NOISE = Distortion(family="noise", name="noise-poisson", severity=1)


def test_two_distortions_are_told_in_the_order_of_application() -> None:
    whole, local = described(region(1, "dog", CONTRAST, NOISE))
    for text in (whole, local):
        assert text.index("moderate contrast weakening") < text.index("slight shot noise")
    assert "[dog](#1) in the upper left" in local


def test_an_untouched_image_says_that_nothing_was_degraded() -> None:
    whole = described()
    assert len(whole) == 1
    assert "degrad" in whole[0]


def test_an_untouched_object_is_called_untouched() -> None:
    whole, _, untouched = described(region(1, "dog", NOISE), region(2, "cat", x=300))
    assert "cat" in whole
    assert not any(word in untouched for word in ("noise", "slight"))


def test_the_whole_image_is_one_region_without_a_passage_of_its_own() -> None:
    record = region(1, "image", NOISE)
    record.box_xyxy_px = (0, 0, 400, 300)
    (text,) = described(record)
    assert "whole image" in text
    assert "slight shot noise" in text
    assert "rest" not in text


def test_the_truth_needs_no_measurements() -> None:
    assert "attributes" in Describe().needed()
    assert Describe(DescribeConfig(backend="truth")).needed() == {"regions", "width", "height"}


def test_a_wavelet_codec_is_not_said_to_make_blocks() -> None:
    wavelet = Distortion(family="compression", name="compression-jpeg-2000", severity=4)
    text = " ".join(described(region(1, "dog", wavelet)))
    assert "JPEG 2000" in text
    assert not any(word in text for word in ("block", "square"))

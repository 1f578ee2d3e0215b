from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotate.ground.segmenters import DISC_SHARE, DiscSegmenter, SamSegmenter, SegmentsSegmenter, segmenter_of
from manifests.errors import AnnotateError, InputError


@pytest.fixture
def two_boxes() -> np.ndarray:
    """Dark, with a bright box at the left and a grey one at the right, each somewhat smaller than a disc."""
    pixels = np.full((120, 160, 3), 30, np.uint8)
    pixels[40:80, 15:50] = 220
    pixels[35:75, 105:145] = 120
    return pixels


def overlap(mask: np.ndarray, true: np.ndarray) -> float:
    return float((mask & true[..., 0]).sum() / (mask | true[..., 0]).sum())


def test_segments_are_those_around_the_points(two_boxes: np.ndarray) -> None:
    left, right, ground = SegmentsSegmenter()(two_boxes, [(30.0, 62.0), (122.0, 58.0), (0.0, 119.5)])
    assert overlap(left, two_boxes == 220) > 0.7
    assert overlap(right, two_boxes == 120) > 0.7
    assert ground[119, 0]


def test_a_disc_has_its_share_wherever_there_is_room() -> None:
    (mask,) = DiscSegmenter()(np.zeros((200, 300, 3), np.uint8), [(150.0, 100.0)])
    assert mask.mean() == pytest.approx(DISC_SHARE, rel=0.02)
    assert mask[100, 150]


@pytest.mark.filterwarnings("ignore")
def test_sam_gives_a_mask_of_the_images_size_for_each_point(two_boxes: np.ndarray, tiny_sam: Path) -> None:
    segmenter = SamSegmenter(str(tiny_sam), device="cpu")
    together = segmenter(two_boxes, [(30.0, 60.0), (120.0, 60.0)])
    assert [mask.shape for mask in together] == [(120, 160)] * 2
    assert all(mask.dtype == np.bool_ for mask in together)
    (alone,) = segmenter(two_boxes, [(120.0, 60.0)])
    assert (alone == together[1]).mean() > 0.99
    assert segmenter.identity()["sam_sha256"]


def test_sam_is_the_choice_where_it_is_given(tiny_sam: Path) -> None:
    assert isinstance(segmenter_of("auto", str(tiny_sam), "cpu"), SamSegmenter)
    assert isinstance(segmenter_of("auto", None), SegmentsSegmenter)
    assert isinstance(segmenter_of("segments", str(tiny_sam)), SegmentsSegmenter)


def test_sam_without_weights_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name its weights with --sam"):
        segmenter_of("sam", None)
    with pytest.raises(AnnotateError, match="no-such"):
        segmenter_of("auto", str(tmp_path / "no-such"))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="no SAM"):
        segmenter_of("auto", str(tmp_path))

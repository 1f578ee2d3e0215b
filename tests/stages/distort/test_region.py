"""Distortions of a part: outside nothing changes, edges are as hard or soft as asked for."""

import numpy as np
import numpy.typing as npt
import pytest

from stages.distort.region import distort_region, edge_share
from stages.distort.table import VARIANTS

Photos = dict[str, npt.NDArray[np.uint8]]


def disc(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - shape[0] / 2) ** 2 + (columns - shape[1] / 2) ** 2 < 40**2


@pytest.mark.parametrize("feather_px", [0.0, 8.0])
@pytest.mark.parametrize("name", VARIANTS)
def test_pixels_outside_the_mask_are_equal_byte_for_byte(name: str, feather_px: float, small_photos: Photos) -> None:
    rgb = small_photos["honey-bee.jpg"]
    inside = disc(rgb.shape)
    distorted = distort_region(rgb, inside, [(name, 5)], np.random.default_rng(0), feather_px=feather_px)
    np.testing.assert_array_equal(distorted[~inside], rgb[~inside])
    assert (distorted[inside] != rgb[inside]).any()


def test_a_soft_edge_rises_inwards_and_reaches_the_whole_distortion() -> None:
    inside = disc((160, 160))
    share = edge_share(inside, 10.0)
    assert share[~inside].max() == 0
    assert share[80, 80] == 1
    profile = share[80, :81]
    assert (np.diff(profile) >= 0).all()
    assert ((profile > 0) & (profile < 1)).sum() == pytest.approx(10, abs=1)


def test_a_wide_feather_leaves_the_middle_of_a_narrow_region_fully_distorted() -> None:
    inside = np.zeros((60, 60), np.bool_)
    inside[28:33, 5:55] = True
    assert edge_share(inside, 30.0).max() == 1


def test_the_border_of_the_image_is_no_edge() -> None:
    inside = np.zeros((60, 60), np.bool_)
    inside[:, :30] = True
    share = edge_share(inside, 8.0)
    assert (share[:, 0] == 1).all()
    assert (share[0] == share[30]).all()
    assert (edge_share(np.ones((9, 9), np.bool_), 4.0) == 1).all()


def test_the_order_of_two_distortions_matters(small_photos: Photos) -> None:
    rgb = small_photos["cat.png"]
    steps = [("blur-gaussian", 3), ("noise-gaussian-rgb", 3)]
    one, other = (
        distort_region(rgb, disc(rgb.shape), order, np.random.default_rng(0)) for order in (steps, steps[::-1])
    )
    assert one.std() > other.std()  # noise that came last was not blurred


def test_a_mask_without_pixels_or_of_another_size_is_refused(small_photos: Photos) -> None:
    rgb = small_photos["cat.png"]
    for mask in (np.zeros(rgb.shape[:2], np.bool_), np.ones((4, 4), np.bool_)):
        with pytest.raises(ValueError, match="must have pixels inside and the image's size"):
            distort_region(rgb, mask, [("pixelate", 1)], np.random.default_rng(0))

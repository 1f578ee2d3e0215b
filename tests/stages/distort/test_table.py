"""The 35 distortions: named once, worse with each severity, the same again for the same generator."""

import numpy as np
import numpy.typing as npt
import pytest
from skimage.metrics import peak_signal_noise_ratio

from manifests.vocabulary import DISTORTIONS, FAMILIES
from stages.distort.table import FAMILY_OF, REFERENCE_SIDE_PX, SEVERITIES, VARIANTS, distort, length_scale

Photos = dict[str, npt.NDArray[np.uint8]]
LEAST_STEP_DB = 0.2


def test_the_table_holds_the_35_names_of_the_vocabulary_in_its_order() -> None:
    assert list(VARIANTS) == [name for names in DISTORTIONS.values() for name in names]
    assert len(VARIANTS) == len(FAMILY_OF) == 35
    assert tuple(DISTORTIONS) == FAMILIES
    assert [len(names) for names in DISTORTIONS.values()] == [6, 6, 2, 4, 4, 2, 2, 2, 2, 1, 1, 3]


@pytest.mark.parametrize("name", VARIANTS)
def test_each_severity_is_worse_than_the_one_before(name: str, small_photos: Photos) -> None:
    for photo, rgb in small_photos.items():
        distorted = [distort(rgb, name, severity, np.random.default_rng(3)) for severity in SEVERITIES]
        assert {(each.shape, each.dtype) for each in distorted} == {(rgb.shape, rgb.dtype)}
        fidelity_db = [peak_signal_noise_ratio(rgb, each) for each in distorted]
        assert np.diff(fidelity_db).max() < -LEAST_STEP_DB, (photo, fidelity_db)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_generator_decides_the_result_and_the_input_is_left_alone(name: str, small_photos: Photos) -> None:
    rgb = small_photos["cat.png"].copy()
    rgb.setflags(write=False)
    first, again = (distort(rgb, name, 3, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(rgb, small_photos["cat.png"])


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("size", [(1, 1), (5, 40), (33, 17)])
def test_pieces_of_any_size_come_back_in_their_size(name: str, size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert distort(rgb, name, 5, np.random.default_rng(0), scale=2.0).shape == rgb.shape


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("level", [0, 255])
def test_plain_black_and_white_are_distorted_without_a_warning(name: str, level: int) -> None:
    distort(np.full((32, 32, 3), level, np.uint8), name, 5, np.random.default_rng(0))


@pytest.mark.parametrize("severity", [0, 6, -1, 2.5])
def test_a_severity_that_is_none_is_refused(severity: float, small_photos: Photos) -> None:
    with pytest.raises(ValueError, match="is not one of 1, 2, 3, 4, 5"):
        distort(small_photos["cat.png"], "pixelate", severity, np.random.default_rng(0))  # type: ignore[arg-type]


def test_a_name_or_pixels_of_another_kind_are_refused(small_photos: Photos) -> None:
    rgb, rng = small_photos["cat.png"], np.random.default_rng(0)
    with pytest.raises(ValueError, match="there is no distortion 'blur'; the names are blur-gaussian"):
        distort(rgb, "blur", 1, rng)
    for wrong in (rgb[..., 0], rgb.astype(np.float32)):
        with pytest.raises(ValueError, match=r"pixels must be uint8 \[height, width, 3\]"):
            distort(wrong, "pixelate", 1, rng)


def test_lengths_grow_with_images_larger_than_the_reference_and_nothing_else_does() -> None:
    assert length_scale(200, 150) == length_scale(900, REFERENCE_SIDE_PX) == 1
    assert length_scale(2 * REFERENCE_SIDE_PX, 4000) == 2
    assert VARIANTS["blur-gaussian"].at(2, scale=3) == {"sigma_px": 6}
    assert VARIANTS["noise-impulse"].at(2, scale=3) == {"amount": 0.03}


def test_contrast_does_not_move_the_brightness(small_photos: Photos) -> None:
    rgb = small_photos["lunch-plate.jpg"]
    weakened = distort(rgb, "contrast-weaken-scale", 5, np.random.default_rng(0))
    luma = np.array([0.299, 0.587, 0.114])
    assert abs(float((weakened @ luma).mean() - (rgb @ luma).mean())) < 1


def test_many_levels_by_otsu_are_placed_as_scikit_image_places_them(small_photos: Photos) -> None:
    from skimage.filters import threshold_multiotsu

    channel = small_photos["astronaut.jpg"][..., 1]
    grey = np.repeat(channel[..., None], 3, axis=2)
    ours = distort(grey, "quantise-otsu", 5, np.random.default_rng(0))[..., 1]
    edges = threshold_multiotsu(channel, classes=3, nbins=256)
    classes = np.digitize(channel, edges, right=True)
    within = [channel[classes == number].astype(float).var() * (classes == number).sum() for number in range(3)]
    levels = np.unique(ours)
    mine = [channel[ours == level].astype(float).var() * (ours == level).sum() for level in levels]
    assert len(levels) == 3
    assert sum(mine) <= sum(within) * 1.0001

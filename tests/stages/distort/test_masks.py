"""Where is planted: masks of the right size that lie apart, from every source, decided by the generator."""

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from manifests.masks import mask_of_box
from manifests.records import Region
from stages.distort.masks import MaskConfig, PlantedMask, Scene, ShapeMix, propose_masks

Photos = dict[str, npt.NDArray[np.uint8]]
NOTHING = dict.fromkeys(ShapeMix.model_fields, 0.0)


def only(shape: str) -> ShapeMix:
    return ShapeMix.model_validate({**NOTHING, shape: 1.0})


def detected(*, kept: bool = True) -> Region:
    return Region(
        region_id=1, label="cat", phrase="cat", box_xyxy_px=(40, 20, 200, 150), source="detector", kept=kept
    )  # fmt: skip


@pytest.mark.parametrize("shape", ShapeMix.model_fields)
def test_masks_of_every_shape_keep_the_limits(shape: str, small_photos: Photos) -> None:
    config = MaskConfig(shapes=only(shape), regions_min=2, regions_max=3, min_area=0.03, max_area=0.6)
    found = 0
    for seed in range(6):
        masks = propose_masks(small_photos["cat.png"], [detected()], np.random.default_rng(seed), config)
        found += len(masks)
        assert len(masks) <= 3
        for mask in masks:
            assert mask.shape == shape
            assert mask.inside.shape == small_photos["cat.png"].shape[:2]
            assert 0.03 <= mask.inside.mean() <= 0.6
        assert sum((mask.inside.sum() for mask in masks), 0) == np.any([mask.inside for mask in masks], axis=0).sum()
    assert found >= 4


def test_regions_that_may_not_overlap_keep_a_distance(small_photos: Photos) -> None:
    rgb = small_photos["lunch-plate.jpg"]
    config = MaskConfig(regions_min=3, regions_max=3, gap=0.1, max_area=0.15)
    reach = 0.1 * min(rgb.shape[:2])
    for seed in range(5):
        first, *others = propose_masks(rgb, [], np.random.default_rng(seed), config)
        places = np.argwhere(first.inside)
        for other in others:
            distance = np.abs(np.argwhere(other.inside)[::7, None] - places[None, ::7]).max(axis=2).min()
            assert distance > reach - 8


def test_overlap_is_allowed_up_to_the_limit(small_photos: Photos) -> None:
    config = MaskConfig(
        shapes=only("ellipse"), regions_min=6, regions_max=6, min_area=0.2, max_area=0.3, max_overlap=0.5
    )
    masks = [
        mask for seed in range(4)
        for mask in propose_masks(small_photos["cat.png"], [], np.random.default_rng(seed), config)
    ]  # fmt: skip
    assert len(masks) > 12  # more than fit side by side


def test_the_same_generator_gives_the_same_masks(small_photos: Photos) -> None:
    rgb = small_photos["honey-bee.jpg"]
    first, again = (propose_masks(rgb, [detected()], np.random.default_rng(5), MaskConfig()) for _ in range(2))
    assert [mask.shape for mask in first] == [mask.shape for mask in again]
    assert all((one.inside == other.inside).all() for one, other in zip(first, again, strict=True))


def test_an_object_lies_in_its_box_and_carries_its_region(small_photos: Photos) -> None:
    rgb, config = small_photos["cat.png"], MaskConfig(shapes=only("object"), min_area=0.01, max_area=0.9)
    region = detected()
    box = mask_of_box(region.box_xyxy_px, rgb.shape[1], rgb.shape[0])
    masks = [mask for seed in range(5) for mask in propose_masks(rgb, [region], np.random.default_rng(seed), config)]
    assert masks
    assert all(mask.found == region and not (mask.inside & ~box).any() for mask in masks)


def test_rejected_boxes_are_no_objects(small_photos: Photos) -> None:
    config = MaskConfig(shapes=only("box"))
    assert propose_masks(small_photos["cat.png"], [detected(kept=False)], np.random.default_rng(0), config) == []


def test_a_segmenter_with_a_model_is_one_more_source(small_photos: Photos) -> None:
    rgb = small_photos["cat.png"]
    left_half = mask_of_box((0, 0, rgb.shape[1] / 2, rgb.shape[0]), rgb.shape[1], rgb.shape[0])

    def segmenter(scene: Scene, rng: np.random.Generator) -> PlantedMask:
        assert scene.size == rgb.shape[:2]
        return PlantedMask(left_half, "segment")

    config = MaskConfig(shapes=only("segment"), regions_max=1, max_area=0.6)
    (mask,) = propose_masks(rgb, [], np.random.default_rng(0), config, sources={"segment": segmenter})
    assert (mask.inside == left_half).all()


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"regions_min": 3, "regions_max": 2}, "regions_min 3 is above regions_max 2"),
        ({"min_area": 0.5, "max_area": 0.2}, "min_area 0.5 is above max_area 0.2"),
        ({"shapes": NOTHING}, "the weights of all shapes are 0"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(options: dict[str, object], fact: str) -> None:
    with pytest.raises(ValidationError, match=fact):
        MaskConfig.model_validate(options)

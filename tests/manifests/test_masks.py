"""Masks keep their pixels through RLE, and their polygons keep the area and the place."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from manifests.masks import (
    box_of_mask,
    decode_mask,
    encode_mask,
    mask_area_px,
    mask_of_box,
    polygon_of_mask,
    union_of_masks,
)
from manifests.records import Mask

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))
ARRAYS = SHAPES.flatmap(lambda shape: arrays(np.bool_, shape))
FILLED_ARRAYS = ARRAYS.filter(lambda inside: bool(inside.any()))


@given(ARRAYS)
def test_a_mask_survives_encoding_and_decoding(inside: np.ndarray) -> None:
    mask = encode_mask(inside)
    assert mask.size == inside.shape
    assert np.array_equal(decode_mask(mask), inside)
    assert mask_area_px(mask) == int(inside.sum())


@given(FILLED_ARRAYS)
def test_the_polygon_of_a_mask_has_its_area_and_its_box(inside: np.ndarray) -> None:
    mask = encode_mask(inside)
    polygon = polygon_of_mask(mask)
    rows, columns = np.nonzero(inside)
    assert polygon.is_valid
    assert polygon.area == pytest.approx(int(inside.sum()))
    assert polygon.bounds == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert box_of_mask(mask) == polygon.bounds


@given(FILLED_ARRAYS)
def test_pixel_centres_are_inside_the_polygon_exactly_where_the_mask_is_set(inside: np.ndarray) -> None:
    polygon = polygon_of_mask(encode_mask(inside))
    rows, columns = np.mgrid[: inside.shape[0], : inside.shape[1]]
    assert np.array_equal(shapely.contains_xy(polygon, columns + 0.5, rows + 0.5), inside)


@given(SHAPES.flatmap(lambda shape: st.lists(arrays(np.bool_, shape), min_size=1, max_size=4)))
def test_a_union_holds_the_pixels_of_every_member(members: list[np.ndarray]) -> None:
    union = union_of_masks([encode_mask(member) for member in members])
    assert np.array_equal(decode_mask(union), np.logical_or.reduce(members))


def test_masks_of_different_images_do_not_unite() -> None:
    small, large = encode_mask(np.ones((2, 2), dtype=bool)), encode_mask(np.ones((3, 3), dtype=bool))
    with pytest.raises(ValueError, match="share one"):
        union_of_masks([small, large])


def test_a_mask_that_is_not_boolean_is_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        encode_mask(np.ones((2, 2), dtype=np.uint8))


def test_an_empty_mask_has_neither_polygon_nor_box() -> None:
    empty: Mask = encode_mask(np.zeros((3, 4), dtype=bool))
    with pytest.raises(ValueError, match="4x3 pixels is empty"):
        polygon_of_mask(empty)
    with pytest.raises(ValueError, match="4x3 pixels is empty"):
        box_of_mask(empty)


def test_a_box_fills_the_pixels_whose_centre_it_holds() -> None:
    inside = mask_of_box((0.6, 1.0, 2.6, 3.0), width=4, height=4)
    assert inside.sum() == 4
    assert inside[1:3, 1:3].all()


def test_a_hole_stays_a_hole() -> None:
    ring = np.ones((5, 5), dtype=bool)
    ring[2, 2] = False
    polygon = polygon_of_mask(encode_mask(ring))
    assert polygon.area == 24
    assert not polygon.contains(polygon.centroid)

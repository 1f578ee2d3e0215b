"""Which rows of a plan a shard holds. Every version of a plan begins a new shard, so that old shards never change."""

from __future__ import annotations

from collections.abc import Sequence


def shard_count(versions: Sequence[int], shard_size: int) -> int:
    """Number of shards of a plan whose versions added so many images each."""
    return sum(-(-images // shard_size) for images in versions)


def shard_slice(versions: Sequence[int], shard_size: int, shard: int) -> tuple[int, int]:
    """First row and number of rows of one shard. Raises IndexError for a shard that the plan does not have."""
    row, number = 0, shard
    for images in versions:
        shards = shard_count([images], shard_size)
        if number < shards:
            return row + number * shard_size, min(shard_size, images - number * shard_size)
        row, number = row + images, number - shards
    raise IndexError(f"the plan has {shard_count(versions, shard_size)} shards, and shard {shard} is asked for")

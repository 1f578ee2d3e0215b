"""From a recipe to pools of workers: what is fused, how many there are, where the bytes are dropped."""

import pytest

from annotate.dag import Pool, last_fact, last_reader_of_content, pools_of, worker_count
from manifests.errors import RecipeError
from manifests.recipe import load_recipe
from stages.registry import build_chain


def pools(*overrides: str) -> list[Pool]:
    recipe = load_recipe("embedded", overrides)
    return pools_of(recipe, build_chain(recipe))


def names(found: list[Pool]) -> list[list[str]]:
    return [[stage.name for stage in pool.stages] for pool in found]


def test_stages_with_equal_resources_share_one_pool() -> None:
    assert len(pools()) == 1


def test_a_stage_with_other_resources_stands_in_a_pool_of_its_own() -> None:
    found = pools("execution.describe.gpus=1", "execution.describe.batch_size=16")
    assert names(found) == [
        ["load", "detect", "measure", "score", "filter", "merge"],
        ["describe"],
        ["check", "fuse", "question", "point"],
    ]


def test_there_is_a_worker_for_each_core_or_gpu_and_never_more_than_shards() -> None:
    (cpu,) = pools()
    assert worker_count(cpu, cores=8, gpus=0, shards=100) == 8
    assert worker_count(cpu, cores=8, gpus=0, shards=3) == 3
    _, gpu, _ = pools("execution.describe.gpus=1")
    assert worker_count(gpu, cores=64, gpus=2, shards=100) == 2
    _, fixed, _ = pools("execution.describe.workers=5")
    assert worker_count(fixed, cores=2, gpus=0, shards=100) == 5


def test_bytes_are_dropped_behind_the_last_stage_that_reads_them() -> None:
    recipe = load_recipe("embedded")
    assert last_reader_of_content(build_chain(recipe)) == "score"


MODEL = ("describe.backend=mllm", "describe.endpoint=http://127.0.0.1:9/v1", "describe.served_model=tiny")


def test_a_stage_that_asks_a_model_may_have_several_shards_in_hands_in_a_pool_of_its_own() -> None:
    found = pools(*MODEL, "execution.describe.shards_at_once=4")
    assert [pool.execution.shards_at_once for pool in found] == [1, 4, 1]
    assert names(found)[1] == ["describe"]


@pytest.mark.parametrize("stage", ["detect", "describe"])
def test_a_stage_that_takes_one_shard_at_a_time_is_not_given_more(stage: str) -> None:
    with pytest.raises(RecipeError, match=f"{stage} takes one shard at a time"):
        pools(f"execution.{stage}.shards_at_once=4")


def test_what_ended_a_worker_is_the_last_exception_that_is_not_rays_own() -> None:
    trace = """Traceback (most recent call last):
      File "commit.py", line 76, in write_file
    OSError: [Errno 30] Read-only file system: 'part'

    The above exception was the direct cause of the following exception:

    ray.exceptions.UserCodeException: UDF failed to process a data block.
    To change retry attempts, configure `ray.data.DataContext`"""
    assert last_fact(trace) == "OSError: [Errno 30] Read-only file system: 'part'"
    assert last_fact("something odd") == "something odd"

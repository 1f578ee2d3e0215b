"""Start and stop Ray: a quiet local instance, or a running cluster by address."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

SPARE_CPUS = 2
"""Logical CPUs beyond the workers' own: Ray Data's small bookkeeping tasks would wait for ever without any."""


def local_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def ray_engine(address: str | None, *, workers: int, dashboard: bool = False) -> Iterator[None]:
    """Ray for the length of a `with` block, its chatter kept off the terminal.

    A local instance declares a CPU for each worker and a few to spare; with an address the cluster is used as it is.
    Token authentication stays as Ray sets it by default.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    import ray
    from ray.data import DataContext

    shared = {"logging_level": logging.ERROR, "log_to_driver": False, "include_dashboard": dashboard}
    if address:
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    else:
        ray.init(num_cpus=workers + SPARE_CPUS, **shared)
    _quiet_ray_data(DataContext.get_current())
    try:
        yield
    finally:
        ray.shutdown()


def _quiet_ray_data(context: object) -> None:
    for option in ("enable_progress_bars", "print_on_execution_start", "enable_operator_progress_bars"):
        if hasattr(context, option):
            setattr(context, option, False)
    for name in ("ray", "ray.data"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]

"""Start and stop Ray: a quiet local instance, or a running cluster by address."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SPARE_CPUS = 2
"""Logical CPUs beyond the workers' own: Ray Data's small bookkeeping tasks would wait for ever without any."""


def local_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Capacity:
    """CPUs and GPUs that Ray may give out."""

    cpus: float
    gpus: float


@contextmanager
def ray_engine(address: str | None, *, workers: int) -> Iterator[Capacity]:
    """Ray for the length of a `with` block, its chatter kept off the terminal.

    A local instance declares a CPU for each worker and a few to spare; with an address the cluster is used as it is.
    Token authentication stays as Ray sets it by default.
    """
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
        os.environ.setdefault(name, "0")
    import ray
    from ray.data import DataContext

    terminate = signal.getsignal(signal.SIGTERM)
    if address:
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    else:
        ray.init(
            num_cpus=workers + SPARE_CPUS, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False
        )
    # Ray puts its own handler in place of ours, which would end the process without a word.
    signal.signal(signal.SIGTERM, terminate)
    _quiet_ray_data(DataContext.get_current())
    try:
        resources = ray.cluster_resources()
        yield Capacity(cpus=resources.get("CPU", 0.0), gpus=resources.get("GPU", 0.0))
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

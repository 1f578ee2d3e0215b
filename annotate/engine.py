"""Start and stop Ray: a quiet local instance, or a running cluster by address."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from manifests.errors import InputError
from manifests.weights import WEIGHTS_FOLDER

CONNECT_S = 5.0
SPARE_CPUS = 2
"""Logical CPUs beyond the workers' own: Ray Data's small bookkeeping tasks would wait for ever without any."""

RAY_LISTENS_OUTSIDE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Ray reads it when it is imported: without clusters, its servers listen on the loopback interface, on Linux too."""


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

    A local instance declares a CPU for each worker and a few to spare, and is not to be reached from other machines;
    with an address the cluster is used as it is. Token authentication stays as Ray sets it by default. Raises
    InputError when no cluster answers at the address.
    """
    silenced = ("RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO")
    for name in silenced if address else (*silenced, RAY_LISTENS_OUTSIDE):
        os.environ.setdefault(name, "0")
    import ray
    from ray.data import DataContext

    offline = offline_environment()
    if address:
        _check_address(address)
        try:
            with _own_terminate():
                ray.init(
                    address=address,
                    logging_level=logging.ERROR,
                    log_to_driver=False,
                    runtime_env={"env_vars": offline},
                )
        except (ConnectionError, RuntimeError) as error:
            raise InputError(f"--address {address}: {_first_sentence(error)}; check it with `ray status`") from error
    else:
        # "local", because Ray would otherwise join any cluster that happens to run on this machine.
        with _environment(offline), _own_terminate():
            ray.init(
                address="local",
                num_cpus=workers + SPARE_CPUS,
                include_dashboard=False,
                logging_level=logging.ERROR,
                log_to_driver=False,
            )
    _quiet_ray_data(DataContext.get_current())
    try:
        resources = ray.cluster_resources()
        yield Capacity(cpus=resources.get("CPU", 0.0), gpus=resources.get("GPU", 0.0))
    finally:
        ray.shutdown()


def offline_environment() -> dict[str, str]:
    """Environment of workers: libraries that would look for weights on the network are told not to."""
    weights = os.environ.get(WEIGHTS_FOLDER)
    return {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        **({WEIGHTS_FOLDER: weights} if weights else {}),
    }


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables set for the processes that start meanwhile, and for their own children; not for the driver."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _own_terminate() -> Iterator[None]:
    """Keep our handler of SIGTERM: Ray puts its own in place, which ends the process without a word, with code 15."""
    ours = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit as ended:
        if ended.code == signal.SIGTERM:
            raise KeyboardInterrupt from ended
        raise
    finally:
        signal.signal(signal.SIGTERM, ours)


def _check_address(address: str) -> None:
    """Raise InputError if nothing listens at a HOST:PORT: Ray itself would try for a minute."""
    found = re.fullmatch(r"(?:ray://)?([^/:]+):(\d+)", address)
    if found is None:
        return
    try:
        socket.create_connection((found[1], int(found[2])), timeout=CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"--address {address}: nothing answers there ({error}); start a cluster with `ray start --head`, "
            "or leave --address out to use this machine"
        ) from error


def _first_sentence(error: Exception) -> str:
    return " ".join(str(error).split()).partition(". ")[0][:200]


def _quiet_ray_data(context: object) -> None:
    for option in ("enable_progress_bars", "print_on_execution_start", "enable_operator_progress_bars"):
        if hasattr(context, option):
            setattr(context, option, False)
    for name in ("ray", "ray.data"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]

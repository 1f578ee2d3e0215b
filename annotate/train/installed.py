"""Which packages training needs, checked before anything else happens."""

from __future__ import annotations

from importlib.util import find_spec

from manifests.errors import InputError

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tensorboard")


def check_installed() -> None:
    """Raise InputError for the first package that is not installed, with the command that installs it."""
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise InputError(f"annotate train needs {missing[0]}, which is not installed; pip install 'annotate[train]'")

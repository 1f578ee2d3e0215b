"""Prompts as versioned files: `prompts/*.md` beside the stage that uses them, in Jinja, part of its identity."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape


def render(package: str, name: str, **values: object) -> str:
    """The prompt `prompts/NAME.md` of a stage's package with its values filled in.

    Raises jinja2.UndefinedError for a value that the prompt needs and that is not given.
    """
    return _template(package, name).render(values).strip()


def prompt_texts(package: str) -> Mapping[str, str]:
    """All prompts of a stage's package as they stand in their files, by `PACKAGE/prompts/NAME.md`, sorted."""
    folder = files(package) / "prompts"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".md"))
    return {f"{package}/prompts/{name}": (folder / name).read_text(encoding="utf-8") for name in names}


@cache
def _template(package: str, name: str) -> Template:
    environment = Environment(
        loader=PackageLoader(package, "prompts"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html",)),
        trim_blocks=True,
    )
    return environment.get_template(f"{name}.md")

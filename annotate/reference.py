"""Reference pages written from the code: commands, tables, stages. `make docs` writes them, a test compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import typer
from pydantic import BaseModel

from annotate.cli import app
from manifests.recipe import load_recipe, recipe_names
from manifests.tables import SCHEMA_VERSION, TABLES
from stages.registry import STAGES, stage_class

HELP_COLUMNS = 100
NOTE = "<!-- Written by `make docs` from the code: change it there. -->\n"


def pages() -> dict[str, str]:
    """File name and text of every reference page."""
    return {"commands.md": _commands_page(), "tables.md": _tables_page(), "stages.md": _stages_page()}


def write_pages(folder: Path) -> list[Path]:
    """Write the pages into a folder, which is made if it is missing. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written


def _commands_page() -> str:
    root: Any = typer.main.get_command(app)
    blocks = [f"## {name}\n\n```\n{_help(command, name)}\n```" for name, command in _subcommands(root, "annotate")]
    return f"{NOTE}# Commands\n\n```\n{_help(root, 'annotate')}\n```\n\n" + "\n\n".join(blocks) + "\n"


def _subcommands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command below a group with its whole name, groups before their own commands."""
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if hasattr(command, "commands"):
            yield from _subcommands(command, f"{path} {name}")


def _help(command: Any, name: str) -> str:
    """Help of a click command (typer carries its own click, hence Any) as a terminal of fixed width shows it."""
    context = command.context_class(
        command, info_name=name, terminal_width=HELP_COLUMNS, max_content_width=HELP_COLUMNS
    )
    return str(command.get_help(context)).rstrip()


def _tables_page() -> str:
    blocks = [
        f"## {table.name}\n\n{table.meaning}.\n\n| column | type | meaning |\n| --- | --- | --- |\n"
        + "\n".join(f"| {column.name} | `{_type_name(column.type)}` | {column.meaning} |" for column in table.columns)
        for table in TABLES
    ]
    return f"{NOTE}# Tables\n\nSchema version {SCHEMA_VERSION}.\n\n" + "\n\n".join(blocks) + "\n"


def _type_name(kind: pa.DataType) -> str:
    """A type as a person would write it: lists in brackets, structs in braces."""
    if pa.types.is_struct(kind):
        return "{" + ", ".join(f"{field.name}: {_type_name(field.type)}" for field in kind) + "}"
    if pa.types.is_fixed_size_list(kind):
        return f"[{_type_name(kind.value_type)} x {kind.list_size}]"
    if pa.types.is_list(kind):
        return f"[{_type_name(kind.value_type)}]"
    return str(kind)


def _stages_page() -> str:
    recipes = [(name, load_recipe(name).summary) for name in recipe_names()]
    chains = "| recipe | what it makes |\n| --- | --- |\n" + "\n".join(f"| {name} | {what} |" for name, what in recipes)
    blocks = "\n\n".join("\n".join(_stage_lines(name)) for name in STAGES)
    return f"{NOTE}# Recipes and stages\n\n{chains}\n\n{blocks}\n"


def _stage_lines(name: str) -> Iterator[str]:
    stage = stage_class(name)
    summary = (stage.__doc__ or "").strip().partition("\n\n")[0]
    yield f"## {name}"
    yield ""
    yield " ".join(summary.split())
    yield ""
    yield f"Needs {_words(stage.needs)}; adds {_words(stage.adds)}."
    if stage.Config.model_fields:
        yield ""
        yield "| option | default | meaning |"
        yield "| --- | --- | --- |"
        yield from _option_lines(name, stage.Config)


def _option_lines(prefix: str, config: type[BaseModel]) -> Iterator[str]:
    """One row per option, by the dotted key that `--set` takes."""
    for option, field in config.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        group = type(default) if isinstance(default, BaseModel) else None
        shown = "" if field.is_required() or group else f"`{default!r}`"
        yield f"| {prefix}.{option} | {shown} | {' '.join((field.description or '').split())} |"
        if group:
            yield from _option_lines(f"{prefix}.{option}", group)


def _words(columns: frozenset[str]) -> str:
    return ", ".join(f"`{column}`" for column in sorted(columns)) or "nothing"


if __name__ == "__main__":
    for path in write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")):
        sys.stdout.write(f"{path}\n")

"""`annotate stages`: the chain of a recipe, with every option, its value and its meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from annotate.prepare import prepare


def print_stages(recipe: str, overrides: Sequence[str], console: Console) -> None:
    """Print what each stage reads and fills, and one row per option. Raises RecipeError."""
    prepared = prepare(recipe, overrides, None)
    table = Table("option", "value", title=f"{prepared.recipe.recipe}: {prepared.recipe.summary}")
    for stage in prepared.stages:
        reads = f"{', '.join(sorted(stage.needed()))} -> {', '.join(sorted(stage.adds))}"
        table.add_section()
        table.add_row(f"[bold]{stage.name}[/bold]", f"[dim]{reads}[/dim]")
        for option, value in _flat(stage.config.model_dump(mode="json")):
            table.add_row(f"{stage.name}.{option}", escape(str(value)))
    console.print(table)
    console.print(f"fingerprint {prepared.fingerprint}", soft_wrap=True)


def _flat(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Options by the dotted key that `--set` takes."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value

"""`annotate stages`: the chain of a recipe, with every option, its value and its meaning."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from annotate.prepare import prepare


def print_stages(recipe: str, overrides: Sequence[str], console: Console) -> None:
    """Print one table row per stage and option. Raises RecipeError."""
    prepared = prepare(recipe, overrides, None)
    table = Table(
        "stage", "needs", "adds", "option", "value", title=f"{prepared.recipe.recipe}: {prepared.recipe.summary}"
    )
    for stage in prepared.stages:
        options = stage.config.model_dump(mode="json") or {"": ""}
        for row, (option, value) in enumerate(options.items()):
            heads = (
                (stage.name, ", ".join(sorted(stage.needs)), ", ".join(sorted(stage.adds))) if row == 0 else ("",) * 3
            )
            table.add_row(*heads, option, escape(str(value)), end_section=row == len(options) - 1)
    console.print(table)
    console.print(f"fingerprint {prepared.fingerprint}", soft_wrap=True)

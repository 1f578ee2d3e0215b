"""What `annotate run` and `plan` read: the inputs, and with `--descriptions` those of them that are described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annotate.console import console as messages
from manifests.descriptions import Described, Descriptions, described, read_descriptions
from manifests.errors import RecipeError
from manifests.sources import Inputs, list_inputs
from stages.stage import Stage

MOST_MISSING_NAMED = 10


@dataclass(frozen=True)
class Given:
    """The inputs, and in a line the descriptions that came with them."""

    inputs: Inputs
    descriptions: str | None


def given_inputs(images: str, descriptions: Path | None, stages: Sequence[Stage], recipe: str) -> Given:
    """List the inputs and match them with their descriptions.

    Raises InputError, and RecipeError if the recipe has no use for descriptions or does nothing without.
    """
    reading = next((stage.name for stage in stages if "texts" in stage.needed()), None)
    if descriptions is None:
        if reading is not None:
            raise RecipeError(f"recipe {recipe}: {reading!r} reads given texts; add --descriptions FILE")
        return Given(list_inputs(images), None)
    if reading is None:
        raise RecipeError(
            f"--descriptions {descriptions}: recipe {recipe} has no stage that reads them; "
            "choose one that begins with `extract`, such as giqa-embedded"
        )
    said = read_descriptions(descriptions)
    found = described(list_inputs(images), said)
    _report(said, found)
    return Given(found.inputs, said.said())


def _report(said: Descriptions, found: Described) -> None:
    """Say what the file held beyond descriptions of images that are there."""
    counts = [f"{count:,} x {what} left out" for what, count in said.left_out.items()]
    if found.undescribed:
        counts.append(f"{found.undescribed:,} images have no description and are left out")
    if found.missing:
        named = ", ".join(found.missing[:MOST_MISSING_NAMED])
        more = (
            f" and {len(found.missing) - MOST_MISSING_NAMED:,} more" if len(found.missing) > MOST_MISSING_NAMED else ""
        )
        counts.append(f"{len(found.missing):,} described images are not there: {named}{more}")
    for line in counts:
        messages.print(f"descriptions: {line}", markup=False, soft_wrap=True)

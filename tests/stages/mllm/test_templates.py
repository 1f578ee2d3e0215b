"""Prompts as versioned files."""

import pytest
from jinja2 import UndefinedError

from stages.mllm.templates import prompt_texts, render


def test_every_prompt_of_a_package_is_part_of_what_is_hashed() -> None:
    assert list(prompt_texts("stages.describe")) == [
        "stages.describe/prompts/report.md",
        "stages.describe/prompts/system.md",
    ]


def test_a_value_that_a_prompt_needs_and_does_not_get_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("stages.describe", "report", image="no flaw found")

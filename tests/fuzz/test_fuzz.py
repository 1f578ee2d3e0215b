"""Whatever bytes or texts come, the gate refuses or gives a picture, and links are read or refused."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

IMAGES = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(["[", "]", "(", ")", "](", "#", "#1", "#12", "<", ">", "<1, 2>", "<0,399>", ", ", " ", "bus"])


@cache
def targets() -> dict[str, Any]:
    """What `targets.py` defines."""
    return runpy.run_path(str(Path(__file__).parent / "targets.py"))


@cache
def images() -> list[bytes]:
    return list(targets()["small_images"]())


@st.composite
def damaged_images(draw: st.DrawFn) -> bytes:
    """A small image file after some bytes were changed, cut out, repeated, or taken from another file."""
    content = bytearray(draw(st.sampled_from(images())))
    for kind in draw(st.lists(st.sampled_from(["change", "number", "cut", "repeat", "end", "splice"]), max_size=4)):
        if len(content) < 2:
            break
        place = draw(st.integers(0, len(content) - 1))
        length = draw(st.integers(1, 64))
        if kind == "change":
            content[place : place + 1] = draw(st.binary(min_size=1, max_size=4))
        elif kind == "number":
            content[place : place + 4] = draw(
                st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\x80"])
            )
        elif kind == "cut":
            del content[place : place + length]
        elif kind == "repeat":
            content[place:place] = content[place : place + length]
        elif kind == "end":
            del content[place + 1 :]
        else:
            other = draw(st.sampled_from(images()))
            content[place : place + length] = other[place : place + length]
    return bytes(content)


@IMAGES
@given(damaged_images())
def test_the_gate_refuses_damaged_files_or_gives_what_their_header_says(content: bytes) -> None:
    targets()["fuzz_gate"](content)


@IMAGES
@given(damaged_images().filter(lambda content: content.startswith(b"\x89PNG")))
def test_the_gate_holds_where_checksums_fit_what_was_damaged(content: bytes) -> None:
    targets()["fuzz_png"](content)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(PIECES | st.text(max_size=6), max_size=14).map("".join))
def test_texts_have_links_or_an_error_that_says_where(text: str) -> None:
    targets()["fuzz_markup"](text)


@pytest.mark.parametrize("link", ["[bus](#{})", "[bus](<{}, 1>)", "[bus](<1, {}>)"])
def test_numbers_too_long_to_be_numbers_are_errors_of_the_text(link: str) -> None:
    check: Callable[[str], None] = targets()["fuzz_markup"]
    check(link.format("7" * 5000))


@pytest.mark.parametrize("text", ["<6,\x1f399>", "<6, #399>", "<#1, #2>"])
def test_cleaning_a_text_makes_no_box_of_what_was_none(text: str) -> None:
    """Found by atheris: U+001F became a space, and `#` vanished, after boxes had been looked for."""
    targets()["fuzz_markup"](text)

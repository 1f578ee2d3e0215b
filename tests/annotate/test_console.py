"""What a run says while it works."""

import re

import pytest

from annotate.console import clock, native_chatter_hidden, run_progress


def test_without_a_terminal_progress_is_plain_lines(capfd: pytest.CaptureFixture[str]) -> None:
    with run_progress(4) as progress:
        progress.advance({"ok": 2}, began=0.0)
        progress.advance({"ok": 1, "failed": 1}, began=0.0)
    lines = capfd.readouterr().err.splitlines()
    assert lines[0].startswith("2 of 4 images  2 ok  ")
    assert re.fullmatch(r"4 of 4 images  1 failed  3 ok  [\d.]+ images/s  0:00 left", lines[-1])


def test_what_native_code_writes_is_hidden_and_our_messages_pass(capfd: pytest.CaptureFixture[str]) -> None:
    import os

    from annotate.console import console

    with native_chatter_hidden():
        os.write(2, b"noise from a C++ library\n")
        console.print("a message of ours")
    assert capfd.readouterr().err == "a message of ours\n"


def test_times_read_like_a_clock() -> None:
    assert [clock(seconds) for seconds in (5, 65, 7400)] == ["0:05", "1:05", "2:03:20"]

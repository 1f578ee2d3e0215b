"""What a command costs is its own cost, not that of whoever asks."""

from __future__ import annotations

import sys

from annotate.bench.usage import usage_of

MIB = 2**20


def test_the_memory_of_whoever_asks_is_not_the_commands() -> None:
    held = b"x" * (300 * MIB)
    usage = usage_of([sys.executable, "-c", "print('done')"])
    assert usage.peak_bytes < 100 * MIB < len(held)
    assert usage.said.strip() == "done"


def test_the_commands_own_memory_exit_code_and_last_words_are_told() -> None:
    script = f"import sys; held = b'x' * ({200 * MIB}); print('sorry', file=sys.stderr); sys.exit(3)"
    usage = usage_of([sys.executable, "-c", script])
    assert usage.peak_bytes > 200 * MIB
    assert usage.code == 3
    assert usage.said.strip() == "sorry"
    assert usage.seconds > 0

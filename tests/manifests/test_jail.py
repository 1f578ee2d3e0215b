"""The jail gives what the gate gives, and what it kills costs one image."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from manifests.gate import Limits, Refusal, check_header, decode_upright
from manifests.jail import Jail, JailLimits

Encode = Callable[..., bytes]


@pytest.fixture(scope="module")
def large() -> bytes:
    """A picture in a small file that needs some 180 MiB and the better part of a second to decode."""
    buffer = io.BytesIO()
    Image.new("RGBA", (4000, 4000), (90, 60, 30, 128)).save(buffer, "PNG", compress_level=9)
    return buffer.getvalue()


def children() -> set[int]:
    """Processes that this one has started and that still run."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_jail_sees_what_the_gate_sees(encode: Encode, form: str) -> None:
    content = encode(3, form)
    with Jail() as jail:
        assert jail.check_header(content, Limits()) == check_header(content)
        inside, outside = jail.decode_upright(content, 100), decode_upright(content)
    assert np.array_equal(inside.pixels, outside.pixels)
    assert (inside.width, inside.frames, inside.format) == (outside.width, outside.frames, outside.format)


def test_a_jail_refuses_what_the_gate_refuses_and_in_its_words(encode: Encode) -> None:
    with Jail() as jail:
        for content in (b"", b"not a picture", encode(0)[:500]):
            with pytest.raises(Refusal) as expected:
                decode_upright(content)
            with pytest.raises(Refusal) as said:
                jail.decode_upright(content, 100)
            assert str(said.value) == str(expected.value)
        with pytest.raises(Refusal, match="megapixels, limit 0.001"):
            jail.check_header(encode(0), Limits(max_megapixels=0.001))


def test_one_process_serves_one_image_after_another_and_ends_with_the_jail(encode: Encode) -> None:
    before = children()
    with Jail() as jail:
        seen = set()
        for seed in range(4):
            jail.decode_upright(encode(seed), 100)
            seen |= children() - before
        assert len(seen) == 1
    assert children() == before


def test_what_needs_too_much_memory_is_refused_and_the_next_image_is_not(encode: Encode, large: bytes) -> None:
    with Jail(JailLimits(memory_mib=64)) as jail:
        with pytest.raises(Refusal, match=r"^needs more than 64 MiB of memory to decode$"):
            jail.decode_upright(large, 100)
        assert jail.decode_upright(encode(0), 100).width == 64


def test_what_takes_too_long_is_refused_and_its_process_is_gone(encode: Encode, large: bytes) -> None:
    before = children()
    with Jail(JailLimits(seconds=0.05)) as jail:
        with pytest.raises(Refusal, match=r"^takes longer to decode than 0.05 s$"):
            jail.decode_upright(large, 100)
        assert children() == before


def test_a_decoder_that_is_killed_costs_its_image_only(encode: Encode, large: bytes) -> None:
    before = children()
    with Jail() as jail, ThreadPoolExecutor(1) as thread:
        jail.decode_upright(encode(0), 100)
        (pid,) = children() - before
        os.kill(pid, signal.SIGSTOP)
        waiting = thread.submit(jail.decode_upright, large, 100)
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(Refusal, match=r"^kills the decoder \(SIGKILL\)$"):
            waiting.result(20)
        assert jail.decode_upright(encode(1), 100).width == 64


def test_a_process_that_died_while_it_waited_is_replaced_without_a_word(encode: Encode) -> None:
    before = children()
    with Jail() as jail:
        jail.decode_upright(encode(0), 100)
        (pid,) = children() - before
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert jail.decode_upright(encode(1), 100).width == 64


def test_threads_share_a_jail(encode: Encode) -> None:
    contents = [encode(seed) for seed in range(12)]
    with Jail() as jail, ThreadPoolExecutor(3) as threads:
        decoded = list(threads.map(lambda content: jail.decode_upright(content, 100), contents))
    for content, inside in zip(contents, decoded, strict=True):
        assert np.array_equal(inside.pixels, decode_upright(content).pixels)


def test_a_decoder_knows_no_secrets(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    before = children()
    with Jail() as jail:
        jail.decode_upright(encode(0), 100)
        (pid,) = children() - before
        assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()

"""The decode gate in processes of their own: for folders of strangers (recipe option `load.untrusted`).

A decoder that is made to eat memory, to run for ever or to crash costs its image and nothing else: the image is
refused with the fact, and the next one finds a fresh process. A process is used again between images. It inherits no
environment (and so no keys), opens nothing but its pipes, dumps no core, and ends with whoever started it. What it
answers is read as sizes and pixels and checked; nothing of it is ever executed.

Between the two: a line of JSON and, behind it, `bytes` bytes of content or of pixels.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from manifests.gate import Decoded, Header, Limits, Refusal, check_header, decode_upright

T = TypeVar("T")

_MIB = 1 << 20
_START_S = 60.0
_READ_AT_ONCE = 1 << 16
_LONGEST_LINE = 1 << 14


@dataclass(frozen=True)
class JailLimits:
    """What decoding one image may take, beyond what an idle decoder has."""

    memory_mib: int = 2048
    seconds: float = 30.0


@dataclass(frozen=True)
class _Answer:
    """What a decoder said, and the pixels behind it: uint8, flat."""

    said: dict[str, Any]
    pixels: npt.NDArray[np.uint8]


class JailBroken(Exception):
    """The process of a decoder does not start: a fault of the machine, not of an image."""


class Jail:
    """`check_header` and `decode_upright` of the gate, behind walls. Threads may share it: a call has its process."""

    def __init__(self, limits: JailLimits | None = None) -> None:
        self._limits = limits or JailLimits()
        self._idle: list[_Prisoner] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        while self._idle:
            self._idle.pop().end()

    def check_header(self, content: bytes, limits: Limits) -> Header:
        """`manifests.gate.check_header` of a file's bytes. Raises `Refusal`, JailBroken."""
        return self._ask("header", content, limits.max_megapixels, _header)

    def decode_upright(self, content: bytes, max_megapixels: float) -> Decoded:
        """`manifests.gate.decode_upright`. Raises `Refusal`, JailBroken."""
        return self._ask("decode", content, max_megapixels, _decoded)

    def _ask(self, question: str, content: bytes, max_megapixels: float, read: Callable[[_Answer], T]) -> T:
        """One question to a process that waits, or to a new one; a process that gives trouble is ended."""
        prisoner = self._prisoner()
        try:
            answer = prisoner.ask({"question": question, "max_megapixels": max_megapixels}, content)
            understood = None if "refusal" in answer.said else read(answer)
        except (ValueError, TypeError, LookupError) as error:
            prisoner.end()
            raise Refusal("makes the decoder answer nonsense") from error
        except BaseException:
            prisoner.end()
            raise
        self._idle.append(prisoner)
        if understood is None:
            raise Refusal(str(answer.said["refusal"]))
        return understood

    def _prisoner(self) -> _Prisoner:
        """A process that waits, if it has not been killed meanwhile, or a new one."""
        while True:
            try:
                prisoner = self._idle.pop()
            except IndexError:
                return _Prisoner(self._limits)
            if prisoner.alive():
                return prisoner
            prisoner.end()


def _header(answer: _Answer) -> Header:
    width, height, frames, orientation = (
        int(answer.said[name]) for name in ("width", "height", "frames", "orientation")
    )
    return Header(width, height, frames, str(answer.said["format"]), orientation)


def _decoded(answer: _Answer) -> Decoded:
    width, height, frames = (int(answer.said[name]) for name in ("width", "height", "frames"))
    return Decoded(answer.pixels.reshape(height, width, 3), width, height, frames, str(answer.said["format"]))


@contextlib.contextmanager
def header_gate(untrusted: JailLimits | None) -> Iterator[Callable[[bytes, Limits], Header]]:
    """The cheap part of the decode gate, in a jail where limits are given."""
    if untrusted is None:
        yield check_header
        return
    with Jail(untrusted) as jail:
        yield jail.check_header


class _Prisoner:
    """One process with a decoder in it, from the side of who asks."""

    def __init__(self, limits: JailLimits) -> None:
        self._limits = limits
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PATH") if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "manifests.jail", json.dumps(asdict(limits))],
            env={**kept, "PYTHONPATH": str(Path(__file__).parents[1]), "OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        self._end = weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        try:
            self._receive(time.monotonic() + _START_S)
        except (Refusal, ValueError) as refusal:
            self.end()
            raise JailBroken(f"the process of the decoder does not start ({refusal})") from refusal

    def ask(self, question: dict[str, Any], content: bytes) -> _Answer:
        """The answer and the bytes behind it. Raises `Refusal` where the process dies of the question."""
        deadline = time.monotonic() + self._limits.seconds
        self._send(json.dumps({**question, "bytes": len(content)}).encode() + b"\n", deadline)
        self._send(content, deadline)
        most = int(question["max_megapixels"] * 3e6) if question["question"] == "decode" else 0
        return self._receive(deadline, most)

    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process, whatever it does; so does its going out of use."""
        self._end()

    def _send(self, content: bytes, deadline: float) -> None:
        rest = memoryview(content)
        while rest:
            self._wait(self._to, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._to, rest) :]
            except BrokenPipeError:
                raise self._death() from None

    def _receive(self, deadline: float, most_bytes: int = 0) -> _Answer:
        """A line of JSON and what it announces. Who was told to make at most so many bytes cannot send more."""
        line = b""
        while b"\n" not in line:
            self._wait(self._from, select.POLLIN, deadline)
            piece = os.read(self._from, _READ_AT_ONCE)
            line += piece
            if not piece or len(line) > _LONGEST_LINE + _READ_AT_ONCE:
                raise self._death()
        head, _, begun = line.partition(b"\n")
        answer = json.loads(head)
        size = int(answer.pop("bytes", 0))
        if not len(begun) <= size <= most_bytes:
            raise ValueError(f"{len(begun)} of {size} bytes, at most {most_bytes}")
        body = np.empty(size, np.uint8)
        body[: len(begun)] = np.frombuffer(begun, np.uint8)
        rest = body.data[len(begun) :]
        while rest:
            self._wait(self._from, select.POLLIN, deadline)
            count = os.readv(self._from, [rest])
            if not count:
                raise self._death()
            rest = rest[count:]
        return _Answer(answer, body)

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise Refusal(f"takes longer to decode than {self._limits.seconds:g} s")

    def _death(self) -> Refusal:
        """What the process died of, in words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        code = self._process.returncode
        if code == _OUT_OF_MEMORY:
            return Refusal(_too_much(self._limits))
        how = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        return Refusal(f"kills the decoder ({how})")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


_OUT_OF_MEMORY = 86


def _too_much(limits: JailLimits) -> str:
    return f"needs more than {limits.memory_mib:,} MiB of memory to decode"


def _serve(limits: JailLimits, questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until nobody asks any more. The alarm ends a decoder whose master has died meanwhile."""
    _answer(answers, {})
    while line := questions.readline():
        asked = json.loads(line)
        signal.alarm(int(limits.seconds) + 2)
        try:
            content = questions.read(asked["bytes"])
            if asked["question"] == "header":
                header = check_header(content, replace(Limits(), max_megapixels=asked["max_megapixels"]))
                _answer(answers, asdict(header))
            else:
                decoded = decode_upright(content, asked["max_megapixels"])
                said = {"width": decoded.width, "height": decoded.height, "frames": decoded.frames}
                pixels = np.ascontiguousarray(decoded.pixels).data.cast("B")
                _answer(answers, {**said, "format": decoded.format}, pixels)
        except Refusal as refusal:
            _answer(answers, {"refusal": str(refusal)[: _LONGEST_LINE // 8]})
        except MemoryError:
            # What is left of the heap is anybody's guess: a fresh process goes on.
            os._exit(_OUT_OF_MEMORY)
        signal.alarm(0)


def _answer(answers: IO[bytes], said: dict[str, Any], body: bytes | memoryview = b"") -> None:
    answers.write(json.dumps({**said, "bytes": len(body)}).encode() + b"\n")
    answers.write(body)
    answers.flush()


def _confine(limits: JailLimits) -> None:
    """Memory beyond what is in use now, no core dumps, no file that grows."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + limits.memory_mib * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    _limits = JailLimits(**json.loads(sys.argv[1]))
    _confine(_limits)
    _serve(_limits, sys.stdin.buffer, sys.stdout.buffer)

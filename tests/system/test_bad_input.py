"""What goes wrong gets one clear line or an outcome with a reason; nothing hangs and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

Annotate = Callable[..., Any]
USAGE_ERROR, FAILED_ROWS, LOCKED, INTERRUPTED = 2, 3, 4, 130


def one_line(said: Any) -> str:
    """What an error says, checked to be one line that begins with the program's name."""
    lines = said.stderr.strip().splitlines()
    assert len(lines) == 1, said.stderr
    assert lines[0].startswith("annotate: ")
    return str(lines[0])


def png_header(width: int, height: int) -> bytes:
    """A PNG whose header promises a size and that holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def test_a_folder_of_bad_files_is_finished_with_a_reason_for_each(
    annotate: Annotate, photos: Path, tmp_path: Path
) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    (images / "deep").mkdir(parents=True)
    shutil.copy(photos / "cat.png", images / "cat.png")
    shutil.copy(photos / "cat.png", images / "deep" / "the same cat.png")
    (images / "truncated.jpg").write_bytes((photos / "beach.jpg").read_bytes()[:20_000])
    (images / "text.jpg").write_text("not a photograph")
    (images / "empty.png").touch()
    (images / "huge.png").write_bytes(png_header(30_000, 30_000))
    os.mkfifo(images / "pipe.jpg")
    (images / "folder.jpg").mkdir()
    (images / "notes.txt").write_text("ignored")
    (images / "outside.png").symlink_to(photos / "citrus.jpg")

    said = annotate("run", "--images", images, "--out", out, code=FAILED_ROWS)

    success = json.loads((out / "_SUCCESS").read_text())
    assert success["inputs"] == 8
    assert success["outcomes"] == {"ok": 1, "failed": 6, "duplicate": 1}
    plan = {row["uri"]: row for row in pq.read_table(out / "plan.parquet").to_pylist()}
    assert plan["deep/the same cat.png"]["duplicate_of"] == "cat.png"
    for name, fact in {
        "text.jpg": "is text",
        "empty.png": "empty",
        "huge.png": "30000x30000",
        "pipe.jpg": "not a regular file",
        "outside.png": "link out of the input folder",
    }.items():
        assert fact in plan[name]["reason"]
    (part,) = [
        row
        for path in (out / "annotations").iterdir()
        for row in pq.read_table(path).to_pylist()
        if row["outcome"] != "ok"
    ]
    assert (part["uri"], part["outcome"]) == ("truncated.jpg", "failed")
    assert "truncated" in part["reason"]
    assert "--retry-failed" in said.stdout

    again = annotate("run", "--images", images, "--out", out, "--retry-failed", code=FAILED_ROWS)
    assert json.loads((out / "_SUCCESS").read_text())["outcomes"] == success["outcomes"]
    assert "nothing to do" not in again.stdout


def test_unusable_options_are_refused_in_one_line_before_anything_starts(
    annotate: Annotate, finished_run: Path, photos: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.md").touch()
    out = tmp_path / "out"
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "thesis.tex").touch()
    for arguments, fact in [
        (["--images", tmp_path / "nowhere", "--out", out], "no such file or folder"),
        (["--images", empty, "--out", out], "no image files under"),
        (["--images", photos / "README.md", "--out", out], "give a folder of images"),
        (["--images", photos, "--out", photos / "out"], "lies inside the input folder"),
        (["--images", photos, "--out", out, "--recipe", "nothing"], "no such recipe"),
        (["--images", photos, "--out", out, "--set", "score.metric=taste"], "no such metric"),
        (["--images", photos, "--out", out, "--take", "many"], "--take"),
        (["--images", photos, "--out", stranger], "thesis.tex"),
    ]:
        assert fact in one_line(annotate("run", *arguments, code=USAGE_ERROR))
    assert not (photos / "out").exists()
    said = annotate("run", "--images", photos, "--out", finished_run, "--seed", 9, code=USAGE_ERROR)
    assert "holds another run" in said.stderr
    assert "seed: 0 -> 9" in said.stderr
    assert "no run here" in one_line(annotate("status", empty, code=USAGE_ERROR))


def first_manifest(out: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a run has committed something."""
    deadline = time.monotonic() + 120
    while not list((out / "ledger").glob("0*.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_ends_soon_and_goes_on_to_the_same_bytes(
    annotate: Annotate,
    start: Callable[..., subprocess.Popen[str]],
    finished_run: Path,
    photos: Path,
    tmp_path: Path,
    stop: signal.Signals,
) -> None:
    out = tmp_path / "out"
    command = ["run", "--images", photos, "--out", out, "--shard-size", 4]
    process = start(*command, "--workers", 1)
    first_manifest(out, process)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == INTERRUPTED
    assert "goes on from here" in errors
    assert not (out / "_SUCCESS").exists()
    assert not (out / "run.lock").exists()

    annotate(*command)
    for part in sorted(finished_run.glob("*/*.parquet")):
        assert (out / part.relative_to(finished_run)).read_bytes() == part.read_bytes()


def test_a_second_driver_is_turned_away_and_does_no_harm(
    annotate: Annotate, start: Callable[..., subprocess.Popen[str]], photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ["run", "--images", photos, "--out", out, "--take", 8, "--shard-size", 2]
    first = start(*command)
    first_manifest(out, first)
    message = one_line(annotate(*command, code=LOCKED))
    assert f"process {first.pid}" in message
    assert "not finished" not in annotate("status", out).stdout
    first.communicate(timeout=120)
    assert first.returncode == 0


def on_a_disk_of_its_own(environment: dict[str, str], script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount what it likes, seen by nobody else."""
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_full_disk_is_said_in_one_line(environment: dict[str, str], photos: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    said = on_a_disk_of_its_own(
        environment,
        f"mount -t tmpfs -o size=200k tmpfs '{small}' && "
        f"exec '{sys.executable}' -m annotate run --images '{photos}' --out '{small}/run' --shard-size 3",
    )
    assert said.returncode == USAGE_ERROR, said.stderr
    assert "the disk is full; free some space and run the same command again" in said.stderr
    assert "Traceback" not in said.stderr


def test_an_output_that_turns_read_only_is_said_in_one_line_and_gone_on_with_later(
    environment: dict[str, str], photos: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    run = f"'{sys.executable}' -m annotate run --images '{photos}' --take 6 --shard-size 2 --out '{disk}/run'"
    said = on_a_disk_of_its_own(
        environment,
        f"mount -t tmpfs tmpfs '{disk}' && {{ {run} --fresh & }} && "
        f"until ls '{disk}'/run/ledger/0*.json 2> /dev/null; do sleep 0.05; done && "
        f"mount -o remount,ro '{disk}' && {{ wait $!; echo \"ended with $?\"; }} && "
        f"mount -o remount,rw '{disk}' && {run} && ls '{disk}/run/_SUCCESS'",
    )
    assert said.returncode == 0, said.stderr
    assert f"ended with {USAGE_ERROR}" in said.stdout
    assert "the file system is read-only; choose another --out" in said.stderr
    assert "Traceback" not in said.stderr

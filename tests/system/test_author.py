"""The author in vLLM, in the middle of a whole run: what becomes of the run when the engine is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotate.journal import Hands, in_flight

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(900)]

LONGEST_S = 600


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in listed.stdout.split()]


def engine_of(worker: int) -> int:
    """The engine's process below a worker, as soon as it shows its name."""
    for _ in range(LONGEST_S * 10):
        named = [pid for pid in children(worker) if "EngineCore" in Path(f"/proc/{pid}/cmdline").read_text()]
        if named:
            (engine,) = named
            return engine
        time.sleep(0.1)
    raise AssertionError("no engine below the worker")


def wait_for_the_author(out: Path, run: subprocess.Popen[str]) -> Hands:
    """What the worker of `describe` has in hands, as soon as it has anything."""
    for _ in range(LONGEST_S * 10):
        for hands in in_flight(out) if out.joinpath("ledger").is_dir() else []:
            if hands.stage == "describe":
                return hands
        assert run.poll() is None, run.communicate()
        time.sleep(0.1)
    raise AssertionError("describe never began")


def test_a_killed_engine_costs_no_row_and_doubles_none(
    start: Callable[..., subprocess.Popen[str]], photos: Path, tiny_vlm: Callable[[str], Path], tmp_path: Path
) -> None:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    out = tmp_path / "run"
    author = {
        "describe.backend": "mllm",
        "describe.model": tiny_vlm("qwen3-vl"),
        "describe.dtype": "float32",
        "describe.max_model_len": 4096,
        "describe.max_images": 1,
        "describe.max_tokens": 1500,
        "describe.region_sentences": 1,
        "describe.local_passages": 1,
        "describe.engine_args": "{enforce_eager: true, max_num_seqs: 16}",
        "execution.describe.batch_size": 4,
        "execution.describe.shards_at_once": 3,
        "execution.describe.workers": 1,
    }
    settings = [word for option, value in author.items() for word in ("--set", f"{option}={value}")]
    run = start("run", "--images", photos, "--out", out, "--workers", 2, "--take", 10, "--shard-size", 4, *settings)
    worker = wait_for_the_author(out, run).pid
    os.kill(engine_of(worker), signal.SIGKILL)
    said, complained = run.communicate(timeout=LONGEST_S)
    assert run.returncode in {0, 3}, said + complained
    rows = pq.read_table(out / "annotations").to_pylist()
    planned = [row for row in pq.read_table(out / "plan.parquet").to_pylist() if row["shard"] is not None]
    assert len(rows) == len({row["image_id"] for row in rows}) == len(planned)
    failed = [row["reason"] for row in rows if row["outcome"] != "ok"]
    assert all(reason.startswith(("the reply ended by", "the reply is not valid")) for reason in failed)
    assert len(failed) < len(rows)
    assert {row["report"]["author"] for row in rows if row["report"]} == {"tiny-qwen3-vl"}
    assert not Path(f"/proc/{worker}").exists()


def test_an_endpoint_that_does_not_answer_is_one_line_before_anything_is_spent(
    annotate: Callable[..., subprocess.CompletedProcess[str]], photos: Path, tmp_path: Path
) -> None:
    served = ("describe.backend=mllm", "describe.endpoint=http://127.0.0.1:9/v1", "describe.served_model=tiny")
    settings = [word for option in served for word in ("--set", option)]
    said = annotate("run", "--images", photos, "--out", tmp_path / "run", *settings, code=2)
    assert "stage 'describe': http://127.0.0.1:9/v1: nothing answers there" in said.stderr
    assert not (tmp_path / "run").exists()

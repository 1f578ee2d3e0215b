"""`annotate train` on a real run with a tiny vision-language model: it learns, survives a kill, and its result answers.

The trainings run side by side, each in a process of its own with one thread, because their sums must not depend on how
many threads there are.
"""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from annotate.evaluate.models import ModelChoice, open_model
from annotate.train.request import TrainRequest
from annotate.train.trainer import train
from manifests.errors import OutputError
from stages.mllm.ask import Ask, Reply

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(900)]

LONGEST_S = 600
PHOTOS = ("astronaut.jpg", "canyon-dusk.jpg", "cat.png", "espresso.png")
SETTINGS = {
    "batch": 8, "device_batch": 4, "learning_rate": 5e-3, "held_out": 0.25, "max_pixels": 16384,
    "evaluate_every": 4, "checkpoint_every": 4, "log_every": 2,
}  # fmt: skip
STEPS, KILLED_AFTER = 8, 4


@dataclass(frozen=True)
class Trainings:
    """Folders of the trainings, and what the one that was killed said when it was done."""

    whole: Path
    killed: Path
    adapters: Path
    headline: dict[str, Any]


@pytest.fixture(scope="module")
def run(annotate: Callable[..., Any], photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos-to-learn")
    for name in PHOTOS:
        shutil.copy(photos / name, folder)
    out = tmp_path_factory.mktemp("runs") / "spider"
    annotate("run", "--recipe", "spider-synthetic", "--images", folder, "--out", out, "--shard-size", 2)
    return out


@pytest.fixture(scope="module")
def begin(run: Path, environment: dict[str, str], tiny_vlm: Callable[[str], Path]) -> Callable[..., Any]:
    """Start `annotate train` on the run with a recipe, and do not wait for it."""

    def start(out: Path, recipe: str, *more: str) -> subprocess.Popen[str]:
        options = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
        options += ["--data", str(run), "--model", str(tiny_vlm("qwen3-vl")), "--max-steps", str(STEPS)]
        return subprocess.Popen(
            [sys.executable, "-m", "annotate", "train", "--out", str(out), "--recipe", recipe, *options, *more],
            env={**environment, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="module")
def trainings(begin: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    folder = tmp_path_factory.mktemp("trainings")
    whole, killed, adapters = (folder / name for name in ("whole", "killed", "adapters"))
    victim = begin(killed, "train-small")
    undisturbed = begin(whole, "train-small")
    kill_after(victim, killed / "checkpoints" / f"checkpoint-{KILLED_AFTER}" / "whole.json")
    lora = begin(adapters, "train-lora", "--set", "lora.rank=4", "--set", "loaders=0", "--merge")
    headline = finished(begin(killed, "train-small"))
    finished(undisturbed)
    finished(lora)
    return Trainings(whole, killed, adapters, headline)


def kill_after(victim: subprocess.Popen[str], sign: Path) -> None:
    """SIGKILL as soon as a file is there."""
    for _ in range(LONGEST_S * 50):
        if sign.exists():
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
            assert victim.returncode == -signal.SIGKILL
            return
        assert victim.poll() is None, victim.communicate()
        time.sleep(0.02)
    raise AssertionError(f"{sign} never came")


def finished(training: subprocess.Popen[str]) -> dict[str, Any]:
    """The headline of a training that ended well."""
    said, told = training.communicate(timeout=LONGEST_S)
    assert training.returncode == 0, told
    headline: dict[str, Any] = json.loads(said.splitlines()[-1])
    return headline


def test_the_held_out_loss_falls(trainings: Trainings) -> None:
    points = [json.loads(line) for line in (trainings.whole / "curve.jsonl").read_text().splitlines()]
    held_out = [point["held_out_loss"] for point in points if "held_out_loss" in point]
    assert len(held_out) == 1 + STEPS // SETTINGS["evaluate_every"]
    assert held_out[-1] < 0.85 * held_out[0]
    assert (trainings.whole / "curve.csv").read_text().count("\n") == len(points) + 1
    assert (trainings.whole / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert list((trainings.whole / "tensorboard").glob("events.out.tfevents.*"))


def test_a_training_that_was_killed_ends_with_the_same_weights(trainings: Trainings) -> None:
    assert trainings.headline["resumed_from"] == KILLED_AFTER
    for name in ("model/model.safetensors", "curve.jsonl"):
        assert (trainings.killed / name).read_bytes() == (trainings.whole / name).read_bytes(), name
    assert not (trainings.killed / "checkpoints").exists()


def test_the_card_names_data_settings_and_losses_and_no_folder_of_this_machine(trainings: Trainings, run: Path) -> None:
    card = (trainings.whole / "model" / "README.md").read_text(encoding="utf-8")
    fingerprint = json.loads((run / "run.json").read_text())["run"]["fingerprint"]
    for fact in (fingerprint, "held out", '"learning_rate": 0.005', "seed 0", "transformers", "Licences"):
        assert fact in card
    assert str(run.parent) not in card
    assert str(trainings.whole.parent) not in "".join(
        path.read_text(encoding="utf-8") for path in trainings.adapters.rglob("*.json") if path.stat().st_size < 1e6
    )


def test_a_finished_training_is_not_done_again_and_another_one_is_refused(
    trainings: Trainings, run: Path, tiny_vlm: Callable[[str], Path]
) -> None:
    overrides = tuple(f"{key}={value}" for key, value in SETTINGS.items())
    model = str(tiny_vlm("qwen3-vl"))
    request = TrainRequest((run,), model, trainings.whole, recipe="train-small", overrides=overrides, max_steps=STEPS)
    began = (trainings.whole / "result.json").stat().st_mtime_ns
    assert train(request).steps == STEPS
    assert (trainings.whole / "result.json").stat().st_mtime_ns == began
    with pytest.raises(OutputError, match=r"holds another training \(recipe.seed: 0 -> 1\); choose another folder"):
        train(replace(request, seed=1))
    with pytest.raises(OutputError, match=r"data.tasks"):
        train(replace(request, tasks="vqa"))


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (128, 96), "grey").save(written, "PNG")
    return written.getvalue()


VLLM = """
import sys
from PIL import Image
from vllm import LLM, SamplingParams

images = {"image": 1, "video": 0}
model = LLM(sys.argv[1], dtype="float32", enforce_eager=True, max_model_len=1024, limit_mm_per_prompt=images)
image, asked = Image.new("RGB", (128, 96), "grey"), {"type": "text", "text": "Is it sharp?"}
turn = {"role": "user", "content": [{"type": "image_pil", "image_pil": image}, asked]}
(said,) = model.chat([turn], SamplingParams(max_tokens=8, temperature=0), use_tqdm=False)
print(len(said.outputs[0].token_ids))
"""


def test_vllm_loads_the_model_and_answers(trainings: Trainings, environment: dict[str, str]) -> None:
    alone = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", VLLM, str(trainings.whole / "model")]
    said = subprocess.run(
        command, env={**environment, **alone}, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert said.returncode == 0, said.stderr
    assert int(said.stdout.split()[-1]) > 0


def test_the_model_with_its_adapters_merged_answers(trainings: Trainings) -> None:
    model = open_model(ModelChoice(model=str(trainings.adapters / "model"), engine="transformers", device="cpu"))
    try:
        (reply,) = model([Ask("", "Is it sharp?", (picture(),), max_tokens=8)])
    finally:
        model.close()
    assert isinstance(reply, Reply)


def test_peft_loads_the_adapters_onto_the_model_they_were_trained_on(
    trainings: Trainings, tiny_vlm: Callable[[str], Path]
) -> None:
    import torch
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForImageTextToText

    base = AutoModelForImageTextToText.from_pretrained(tiny_vlm("qwen3-vl"), dtype=torch.float32)
    merged = PeftModel.from_pretrained(base, trainings.adapters / "adapter").merge_and_unload().state_dict()
    written = load_file(trainings.adapters / "model" / "model.safetensors")
    assert all(torch.equal(merged[name], weights) for name, weights in written.items())

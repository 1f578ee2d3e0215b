"""pyiqa's networks, for real, with random weights in the files that pyiqa expects: no pretrained ones are here."""

from __future__ import annotations

import contextlib
import os
import string
from pathlib import Path

import numpy as np
import pytest
import torch
from pyiqa.archs.cnniqa_arch import CNNIQA
from pyiqa.archs.topiq_arch import CFANet
from transformers import CLIPImageProcessor, LlamaTokenizer

from manifests.records import ImageRecord
from stages.score import ScoreConfig, ScoreStage
from stages.score.pyiqa_metric import PyiqaMetric

CNNIQA_FILE = "CNNIQA_koniq10k-e6f14c91.pth"
TOPIQ_FILE = "cfanet_nr_koniq_res50-9a73138b.pth"


def pictures(*shape: int, count: int = 3) -> list[np.ndarray]:
    return [np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8) for seed in range(count)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of CNNIQA and TOPIQ."""
    folder = tmp_path_factory.mktemp("pyiqa")
    torch.manual_seed(0)
    torch.save({"params": CNNIQA(pretrained=None).state_dict()}, folder / CNNIQA_FILE)
    topiq = CFANet(
        semantic_model_name="resnet50", model_name="cfanet_nr_koniq_res50", use_ref=False, pretrained=False,
        backbone_pretrain=False,
    )  # fmt: skip
    torch.save({"params": topiq.state_dict()}, folder / TOPIQ_FILE)
    return folder


def test_a_metric_is_built_from_its_file_and_scores_a_batch_as_one_by_one(weights: Path):
    metric = PyiqaMetric("cnniqa", {CNNIQA_FILE: weights / CNNIQA_FILE})
    batch = pictures(128, 96)
    assert metric.score(batch) == pytest.approx([metric.score([picture])[0] for picture in batch], abs=2e-4)
    assert len(set(metric.score(batch))) == 3
    assert metric.lower_better is False


def test_a_metric_with_a_pretrained_backbone_takes_it_from_its_own_checkpoint(weights: Path):
    metric = PyiqaMetric("topiq_nr", {TOPIQ_FILE: weights / TOPIQ_FILE})
    batch = pictures(96, 96)
    assert metric.score(batch) == pytest.approx([metric.score([picture])[0] for picture in batch], abs=2e-4)


def test_building_a_metric_leaves_the_process_as_it_was(weights: Path):
    before = (Path.cwd(), torch.hub.get_dir(), dict(os.environ))
    PyiqaMetric("cnniqa", {CNNIQA_FILE: weights / CNNIQA_FILE})
    with pytest.raises(RuntimeError):
        PyiqaMetric("cnniqa")
    assert (Path.cwd(), torch.hub.get_dir(), dict(os.environ)) == before


def test_nothing_is_downloaded():
    with pytest.raises(RuntimeError, match=f"the metric wants {CNNIQA_FILE}, which is not among its files"):
        PyiqaMetric("cnniqa")


def test_a_checkpoint_that_leaves_the_backbone_empty_is_refused(weights: Path, tmp_path: Path):
    params = torch.load(weights / TOPIQ_FILE, weights_only=True)["params"]
    hollow = {name: tensor.fill_(torch.nan) if name.endswith("layer4.2.conv3.weight") else tensor
              for name, tensor in params.items()}  # fmt: skip
    torch.save({"params": hollow}, tmp_path / TOPIQ_FILE)
    with pytest.raises(RuntimeError, match=r"layer4\.2\.conv3\.weight without weights"):
        PyiqaMetric("topiq_nr", {TOPIQ_FILE: tmp_path / TOPIQ_FILE})


class Payload:
    """What a hostile checkpoint could hold: code that runs when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.trace,))


def test_a_checkpoint_that_holds_code_is_not_run_unless_pickles_are_trusted(weights: Path, tmp_path: Path):
    trace, file = tmp_path / "it-ran", tmp_path / CNNIQA_FILE
    torch.save({**torch.load(weights / CNNIQA_FILE, weights_only=True), "more": Payload(trace)}, file)
    with pytest.raises(RuntimeError, match="holds more than weights; score.trust_pickles=true"):
        PyiqaMetric("cnniqa", {CNNIQA_FILE: file})
    assert not trace.exists()
    PyiqaMetric("cnniqa", {CNNIQA_FILE: file}, trust_pickles=True)
    assert trace.exists()


def test_the_stage_finds_the_files_in_a_local_folder_and_their_digests_decide_who_it_is(
    weights: Path, photo_row: ImageRecord
):
    stage = ScoreStage(ScoreConfig(metric="cnniqa", weights=str(weights), crop_size=64, image_size=256))
    stage.open()
    stage([photo_row])
    assert photo_row.scores[0].metric == "cnniqa"
    assert all(region.iqa_score is not None for region in photo_row.regions)
    assert list(stage.weights()) == [f"{weights}/{CNNIQA_FILE}"]
    assert stage.identity() != ScoreStage(ScoreConfig(metric="cnniqa", crop_size=64, image_size=256)).identity()


@pytest.fixture(scope="module")
def q_align(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Q-Align's own classes at a few thousand weights, in a folder like the one at the hub."""
    # Imported here, because pyiqa asks for icecream there.
    from pyiqa.archs.q_align.configuration_mplug_owl2 import (
        MPLUGOwl2Config,
        MplugOwlVisionConfig,
        MplugOwlVisualAbstractorConfig,
    )
    from pyiqa.archs.q_align.modeling_mplug_owl2 import MPLUGOwl2LlamaForCausalLM

    home = tmp_path_factory.mktemp("hub")
    folder = home / "q-future" / "one-align"
    letters = ["<unk>", "<s>", "</s>", "\u2581", *string.ascii_letters, ":", "?", "<", "|", ">", "\n"]
    LlamaTokenizer(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}).save_pretrained(folder)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    eye = MplugOwlVisionConfig(**sizes, projection_dim=16, num_hidden_layers=2, image_size=56).to_dict()
    abstractor = MplugOwlVisualAbstractorConfig(
        **sizes, num_learnable_queries=4, num_hidden_layers=1, encoder_hidden_size=32, grid_size=4
    ).to_dict()
    config = MPLUGOwl2Config(
        **sizes, visual_config={"visual_model": eye, "visual_abstractor": abstractor}, num_hidden_layers=2,
        num_key_value_heads=2, vocab_size=128,
    )  # fmt: skip
    with contextlib.chdir(home):
        torch.manual_seed(0)
        MPLUGOwl2LlamaForCausalLM(config).half().save_pretrained(folder)
    return folder


@pytest.mark.filterwarnings("ignore")
def test_q_align_runs_from_a_folder_under_the_name_that_stands_in_pyiqas_sources(q_align: Path):
    metric = PyiqaMetric("qalign", models={"q-future/one-align": q_align})
    assert 1 <= metric.score(pictures(100, 80, count=1))[0] <= 5

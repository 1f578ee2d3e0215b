"""groundingdino-py: real forward passes of a small network, and what keeps it running with transformers 5."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from manifests.errors import RecipeError
from manifests.records import ImageRecord
from stages.detect import Detect, DetectConfig
from stages.detect.bert_for_groundingdino import BertWithPhraseMasks
from stages.detect.groundingdino_detector import GroundingDinoPy
from stages.detect.options import GroundingDinoPyOptions

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.cuda.amp.autocast:FutureWarning")

Make = Callable[..., Path]
Noise = Callable[..., np.ndarray]
Alike = Callable[..., None]


@pytest.fixture(scope="module")
def options(checkpoint: Make) -> GroundingDinoPyOptions:
    """Options of the small network."""
    folder = checkpoint("tiny_groundingdino_py")
    return GroundingDinoPyOptions(
        config=str(folder / "config.py"),
        checkpoint=str(folder / "checkpoint.pth"),
        bert=str(folder / "bert"),
        shortest_px=96,
        longest_px=160,
        text_threshold=0.4,
        device="cpu",
    )


@pytest.fixture(scope="module")
def network(options: GroundingDinoPyOptions) -> GroundingDinoPy:
    """The small network, open."""
    found = GroundingDinoPy(options, "tiny", 0.0, None)
    found.open()
    return found


def test_a_batch_of_any_images_and_prompts_gives_what_each_gives_alone(
    network: GroundingDinoPy, noise: Noise, assert_alike: Alike
) -> None:
    images = [noise(120, 160), noise(120, 160, 1), noise(120, 160, 2), noise(160, 120), noise(1, 1), noise(33, 300)]
    prompts = [["cat", "red traffic light", "old man"], ["dog"], ["dog"], ["tree"], ["cat"], []]
    together = network(images, prompts)
    assert_alike(together, [network([image], [asked])[0] for image, asked in zip(images, prompts, strict=True)])
    assert together[0]
    assert together[-1] == []


def test_boxes_lie_inside_the_image(network: GroundingDinoPy, noise: Noise) -> None:
    (found,) = network([noise(90, 140)], [["cat", "dog"]])
    assert found
    for x1, y1, x2, y2 in (one.box_xyxy_px for one in found):
        assert 0 <= x1 < x2 <= 140
        assert 0 <= y1 < y2 <= 90


def test_the_stage_makes_regions(
    options: GroundingDinoPyOptions, noise: Noise, row_of: Callable[..., ImageRecord]
) -> None:
    stage = Detect(DetectConfig(backend="groundingdino-py", vocabulary=["Cat", "dog"], groundingdino_py=options))
    stage.open()
    (row,) = stage([row_of(noise(120, 160))])
    assert row.regions
    assert {region.label for region in row.kept_regions()} <= {"Cat", "dog"}
    assert {region.detector for region in row.regions} == {"checkpoint.pth"}
    assert stage.weights().keys() >= {options.checkpoint}


def test_a_checkpoint_of_another_configuration_is_refused_in_one_line(
    options: GroundingDinoPyOptions, tmp_path: Path
) -> None:
    weights = torch.load(options.checkpoint, weights_only=True)["model"]
    weights.pop("feat_map.weight")
    torch.save({"model": weights}, tmp_path / "other.pth")
    other = options.model_copy(update={"checkpoint": str(tmp_path / "other.pth")})
    with pytest.raises(RecipeError, match="holds no feat_map.weight .* detect.groundingdino_py.config"):
        GroundingDinoPy(other, "tiny", 0.0, None).open()


def test_a_configuration_that_the_package_does_not_have_is_named_with_those_it_has(
    options: GroundingDinoPyOptions,
) -> None:
    other = options.model_copy(update={"config": "swin-z"})
    with pytest.raises(RecipeError, match="there are GroundingDINO_SwinB_cfg, GroundingDINO_SwinT_OGC"):
        GroundingDinoPy(other, "tiny", 0.0, None).open()


@pytest.fixture(scope="module")
def bert() -> BertModel:
    """A small BERT."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return BertModel(BertConfig(vocab_size=50, **sizes)).eval()


def test_the_wrapped_bert_is_bert_where_a_padding_mask_is_given(bert: BertModel) -> None:
    tokens = torch.arange(12).reshape(2, 6)
    padding = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
    with torch.no_grad():
        plain, wrapped = bert(tokens, padding), BertWithPhraseMasks(bert)(tokens, padding)
    assert torch.allclose(plain.last_hidden_state[0], wrapped.last_hidden_state[0], atol=1e-5)
    assert torch.allclose(plain.last_hidden_state[1, :4], wrapped.last_hidden_state[1, :4], atol=1e-5)
    assert torch.allclose(plain.pooler_output, wrapped.pooler_output, atol=1e-5)


def test_in_the_wrapped_bert_a_phrase_does_not_see_its_neighbour(bert: BertModel) -> None:
    mask = torch.block_diag(torch.ones(3, 3), torch.ones(3, 3))[None]
    first, second = torch.tensor([[1, 2, 3, 4, 5, 6]]), torch.tensor([[1, 2, 3, 40, 41, 42]])
    with torch.no_grad():
        one, other = (BertWithPhraseMasks(bert)(tokens, mask).last_hidden_state for tokens in (first, second))
    assert torch.equal(one[0, :3], other[0, :3])
    assert not torch.equal(one[0, 3:], other[0, 3:])


def test_the_wrapped_bert_takes_the_weights_of_a_published_checkpoint(bert: BertModel) -> None:
    assert BertWithPhraseMasks(bert).state_dict().keys() == bert.state_dict().keys()

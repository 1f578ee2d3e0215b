"""YOLO, YOLO-World and YOLOE: real forward passes of untrained networks through the stage."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from manifests.errors import RecipeError
from manifests.records import ImageRecord
from stages.detect import Detect, DetectConfig
from stages.detect.options import UltralyticsOptions
from stages.detect.ultralytics_detector import ClosedYolo, OpenYolo

Noise = Callable[..., np.ndarray]
Alike = Callable[..., None]

WORDS = ["cat", "red car", "tree", "dog"]
SHAPES = (120, 160), (120, 160), (160, 120), (33, 300), (1, 1)


@pytest.fixture(scope="module")
def embeddings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings of four words, as YOLOE writes them."""
    file = tmp_path_factory.mktemp("embeddings") / "words.npz"
    vectors = np.random.default_rng(0).normal(size=(1, len(WORDS), 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    np.savez(file, names=np.array(WORDS), embeddings=vectors)
    return file


def options(model: str, **more: object) -> UltralyticsOptions:
    return UltralyticsOptions(model=model, image_size=160, device="cpu", **more)


@pytest.mark.parametrize("model", ["yolo11n.yaml", "yolo26n.yaml", "yolo11n-seg.yaml"])
def test_a_closed_yolo_gives_for_a_batch_what_it_gives_for_each(model: str, noise: Noise, assert_alike: Alike) -> None:
    network = ClosedYolo(options(model), model, 0.0)
    network.open()
    images = [noise(*shape, seed=seed) for seed, shape in enumerate(SHAPES)]
    together = network(images)
    assert_alike(together, [network([image])[0] for image in images])
    assert together[0]
    for found, (height, width) in zip(together, SHAPES, strict=True):
        for x1, y1, x2, y2 in (one.box_xyxy_px for one in found):
            assert 0 <= x1 < x2 <= width
            assert 0 <= y1 < y2 <= height


@pytest.mark.parametrize("model", ["yolov8s-worldv2.yaml", "yoloe-11s.yaml", "yoloe-11s-seg.yaml"])
def test_an_open_yolo_is_asked_for_other_words_image_by_image(
    model: str, noise: Noise, embeddings: Path, assert_alike: Alike
) -> None:
    network = OpenYolo(options(model, embeddings=str(embeddings)), model, 0.0)
    network.open()
    images = [noise(*shape, seed=seed) for seed, shape in enumerate(SHAPES)]
    prompts = [["cat", "red car"], ["dog"], ["tree", "cat", "dog"], [], ["cat", "red car"]]
    together = network(images, prompts)
    assert_alike(together, [network([image], [asked])[0] for image, asked in zip(images, prompts, strict=True)])
    assert together[0]
    assert together[3] == []
    for found, asked in zip(together, prompts, strict=True):
        assert all(one.label == asked[one.prompt or 0] for one in found)


@pytest.fixture(scope="module")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random CLIP in TorchScript, as the published ones are: YOLO-World's text encoder."""
    from clip.model import CLIP

    torch.manual_seed(0)
    image, text = (224, 1, 64, 32), (77, 49408, 64, 1, 1)
    file = tmp_path_factory.mktemp("clip") / "ViT-small.pt"
    examples = torch.zeros(1, 3, 224, 224), torch.zeros(1, 77, dtype=torch.long)
    with warnings.catch_warnings(action="ignore"):  # of the tracer, which follows one path through the network
        torch.jit.trace(CLIP(512, *image, *text).eval(), examples, check_trace=False).save(str(file))
    return file


@pytest.fixture(scope="module")
def mobileclip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TorchScript module from CLIP's tokens to unit vectors, as YOLOE's text encoder."""

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(49408, 512)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.normalize(self.words(tokens).sum(dim=1), dim=-1)

    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("mobileclip") / "mobileclip_small.ts"
    torch.jit.trace(Encoder(), torch.zeros(2, 77, dtype=torch.long)).save(str(file))
    return file


@pytest.mark.filterwarnings("ignore:.*pkg_resources:DeprecationWarning", "ignore:.*pkg_resources:UserWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning", "ignore:.*torch.jit:FutureWarning")
@pytest.mark.parametrize("model", ["yolov8s-worldv2.yaml", "yoloe-11s.yaml"])
def test_words_that_no_file_holds_are_embedded_by_the_text_encoder(
    model: str, noise: Noise, request: pytest.FixtureRequest, assert_alike: Alike
) -> None:
    encoder = request.getfixturevalue("clip_file" if "world" in model else "mobileclip_file")
    network = OpenYolo(options(model, text_encoder=str(encoder)), model, 0.0)
    network.open()
    together = network([noise(120, 160), noise(120, 160, 1)], [["zebra", "old boat"], ["old boat"]])
    assert all(together)
    assert_alike(together[1:], network([noise(120, 160, 1)], [["old boat"]]))
    assert [tuple(vector.shape) for vector in network._known.values()] == [(512,), (512,)]


def test_the_stage_makes_regions_and_says_what_was_not_sure_enough(
    noise: Noise, row_of: Callable[..., ImageRecord], embeddings: Path
) -> None:
    group = options("yoloe-11s.yaml", embeddings=str(embeddings), box_threshold=0.9)
    stage = Detect(
        DetectConfig(
            backend="ultralytics", vocabulary=["Red car", "Dog"], min_score=0.0, ultralytics=group, max_boxes=9
        )
    )
    stage.open()
    (row,) = stage([row_of(noise(120, 160))])
    assert 0 < len(row.regions) <= 9
    assert {region.label for region in row.regions} <= {"Red car", "Dog"}
    assert {region.drop_reason for region in row.regions} == {"low-detector-score"}


def test_a_checkpoint_is_read_as_mere_weights_and_gives_what_the_network_gave(tmp_path: Path, noise: Noise) -> None:
    original = ClosedYolo(options("yolo11n.yaml"), "yolo11n.yaml", 0.0)
    original.open()
    torch.save({"model": original._network, "train_args": {}}, tmp_path / "yolo11n.pt")
    network = ClosedYolo(options(str(tmp_path / "yolo11n.pt")), "yolo11n.pt", 0.0)
    network.open()
    assert network([noise(120, 160)]) == original([noise(120, 160)])


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"model": Bomb(tmp_path / "went-off")}, tmp_path / "bomb.pt")
    network = ClosedYolo(options(str(tmp_path / "bomb.pt")), "bomb.pt", 0.0)
    with pytest.raises(RecipeError, match="trust_pickles=true if you trust the file"):
        network.open()
    assert not (tmp_path / "went-off").exists()


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def test_an_open_network_without_its_text_side_says_what_to_set() -> None:
    with pytest.raises(RecipeError, match="detect.ultralytics.embeddings or detect.ultralytics.text_encoder"):
        ClosedYolo(options("yoloe-11s.yaml"), "yoloe-11s.yaml", 0.0).open()


def test_a_closed_network_takes_no_words(embeddings: Path) -> None:
    with pytest.raises(RecipeError, match="its labels are fixed"):
        OpenYolo(options("yolo11n.yaml", embeddings=str(embeddings)), "yolo11n.yaml", 0.0).open()


def test_a_yolo_of_another_task_is_refused() -> None:
    with pytest.raises(RecipeError, match="a YOLO for the task classify finds no boxes"):
        ClosedYolo(options("yolo11n-cls.yaml"), "yolo11n-cls.yaml", 0.0).open()


def test_a_word_without_an_embedding_is_named(noise: Noise, embeddings: Path) -> None:
    network = OpenYolo(options("yoloe-11s.yaml", embeddings=str(embeddings)), "yoloe-11s.yaml", 0.0)
    network.open()
    with pytest.raises(LookupError, match="holds no embedding of 'zebra'"):
        network([noise(120, 160)], [["cat", "zebra"]])


def test_a_file_that_holds_no_embeddings_is_refused_in_one_line(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", names=np.array(["cat"]), embeddings=np.zeros((2, 5), np.float32))
    network = OpenYolo(options("yoloe-11s.yaml", embeddings=str(tmp_path / "other.npz")), "yoloe-11s.yaml", 0.0)
    with pytest.raises(RecipeError, match=r"embeddings should be finite and \[1, 1, dimensions\]"):
        network.open()


def test_embeddings_and_an_encoder_together_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot both be given"):
        options("yoloe-11s.yaml", embeddings="a.npz", text_encoder="b.ts")

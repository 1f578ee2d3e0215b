"""A training in miniature: photographs in, weights out, the same again for the same seed."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from manifests.errors import InputError, OutputError
from stages.measure.recogniser.course import Course, taught_networks
from stages.measure.recogniser.features import NAMES
from stages.measure.recogniser.infer import CARD, MAPS, NETWORK, SEAMS, VERIFIER, Recogniser, load_network
from stages.measure.recogniser.learning import teach
from stages.measure.recogniser.samples import make_sample, read_photo
from stages.measure.recogniser.shelf import plant
from stages.measure.recogniser.training import TrainingPlan, photos_in, series_of, split, train
from stages.measure.recogniser.verifying import FOLDS, folds_of


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As in a training, where each network has one core."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def paths(photos: Path) -> list[Path]:
    return photos_in([photos])


@pytest.fixture(scope="module")
def more(paths: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The sample photographs and their mirror images, small."""
    folder = tmp_path_factory.mktemp("photographs")
    for path in paths:
        image = cv2.resize(cv2.imread(str(path)), (480, 400), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"{path.stem}.png"), image)
        cv2.imwrite(str(folder / f"{path.stem}-mirrored.png"), image[:, ::-1])
    return photos_in([folder])


def test_a_sample_is_the_same_for_the_same_seed_and_number(paths: list[Path]):
    first, again, other = (make_sample(paths, [0] * len(paths), 3, number) for number in (5, 5, 6))
    assert np.array_equal(first.features, again.features)
    assert np.array_equal(first.severities, again.severities)
    assert not np.array_equal(first.features, other.features)


def test_labels_are_cells_of_sixteen_pixels_with_severities_of_what_was_planted(paths: list[Path]):
    for number in range(12):
        sample = make_sample(paths, [0] * len(paths), 1, number, untouched=0)
        _, height, width = sample.features.shape
        assert sample.severities.shape[1:] == sample.counts.shape == (height // 2, width // 2)
        assert sample.seams.shape == (3, 4 * height, 4 * width)
        assert sample.severities.max() <= 5
        assert sample.counts.mean() > 0.5


def test_learning_lowers_the_loss_and_the_same_seed_gives_the_same_network(paths: list[Path]):
    samples = list(map(partial(make_sample, paths, [0] * len(paths), 2), range(16)))
    first, losses = teach(samples, passes=10, seed=4)
    again, losses_again = teach(samples, passes=10, seed=4)
    assert losses == losses_again
    for name, values in first.state_dict().items():
        assert values.equal(again.state_dict()[name]), name
    assert losses[-1] < 0.8 * losses[0]


def test_the_written_network_answers_in_opencv_as_in_torch(tmp_path: Path):
    import torch

    from stages.measure.recogniser.network import Recogniser as Network
    from stages.measure.recogniser.network import export

    torch.manual_seed(3)
    network = Network(np.full(len(NAMES), 0.5, np.float32), np.full(len(NAMES), 2, np.float32))
    small, large = ((torch.randn(1, len(NAMES), 8 * n, 16), torch.rand(1, 3, 32 * n, 64)) for n in (1, 3))
    export(network, small, tmp_path / NETWORK, inputs=(MAPS, SEAMS), dynamic=True)
    loaded = load_network(tmp_path / NETWORK)
    for maps, seams in (small, large):
        loaded.setInput(maps.numpy(), MAPS)
        loaded.setInput(seams.numpy(), SEAMS)
        with torch.no_grad():
            assert np.allclose(loaded.forward(), network(maps, seams).numpy(), atol=1e-5)


def test_a_photograph_keeps_its_part_when_others_join(more: list[Path]):
    whole, fewer = split(more), split(more[:-2])
    assert sum(len(part) for part in whole.values()) == len(more)
    for part, kept in fewer.items():
        assert set(kept) <= set(whole[part])


@pytest.fixture(scope="module")
def plan(more: list[Path], tmp_path_factory: pytest.TempPathFactory) -> TrainingPlan:
    """A training that was done."""
    out = tmp_path_factory.mktemp("trained")
    plan = TrainingPlan(more, out, seed=1, samples=16, passes=2, views=16, folds=2, workers=1)
    train(plan)
    return plan


def test_a_whole_training_writes_weights_that_run_without_torch(plan: TrainingPlan):
    assert json.loads((plan.out / "report.json").read_text())["views"] == 4
    assert "Confusion" in (plan.out / "report.md").read_text()
    assert Recogniser(plan.out).claims(read_photo(plan.photos[0])) is not None


def test_a_training_that_was_interrupted_goes_on_with_the_networks_it_had(plan: TrainingPlan, tmp_path: Path):
    out = tmp_path / "again"
    shutil.copytree(plan.out, out)
    (out / "networks" / "network-without-fold-2.onnx").unlink()
    said: list[str] = []
    train(replace(plan, out=out, say=said.append))
    assert any("2 of 3 networks found" in line for line in said)
    assert next(line for line in said if "passes" in line).startswith("network-without-fold-2:")
    for name in (CARD, NETWORK, VERIFIER, "networks/network-without-fold-2.onnx", "report.md"):
        assert (out / name).read_bytes() == (plan.out / name).read_bytes(), name


def test_networks_of_another_course_are_not_taken(more: list[Path], tmp_path: Path):
    course = Course(more, [0] * len(more), seed=1, samples=8, passes=1, bfloat16=False)
    said: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        whole, _ = taught_networks(pool, replace(course, folds=[0, 1] * (len(more) // 2)), tmp_path, said.append)
        first = whole.network.read_bytes()
        again, _ = taught_networks(
            pool, replace(course, folds=[0, 1] * (len(more) // 2), seed=2), tmp_path, said.append
        )
    assert not any("found" in line for line in said)
    assert again.network.read_bytes() != first


def test_a_network_of_a_fold_learns_from_the_other_folds_alone(more: list[Path], tmp_path: Path):
    """Negatives of the photographs that it is taught without leave it the same, pasted parts of them included."""
    folds = [number // (len(more) // 2) for number in range(len(more))]
    others = list(more)
    for number in (number for number, fold in enumerate(folds) if fold == 1):
        others[number] = tmp_path / more[number].name
        cv2.imwrite(str(others[number]), 255 - cv2.imread(str(more[number])))
    networks = []
    with ThreadPoolExecutor(1) as pool:
        for name, photos in (("first", more), ("second", others)):
            course = Course(photos, folds, seed=3, samples=len(more), passes=1, bfloat16=False)
            networks.append(taught_networks(pool, course, tmp_path / name, lambda line: None))
    (whole, without), (other_whole, other_without) = networks
    assert without[1].network.read_bytes() == other_without[1].network.read_bytes()
    assert without[0].network.read_bytes() != other_without[0].network.read_bytes()
    assert whole.network.read_bytes() != other_whole.network.read_bytes()


def test_samples_that_do_not_fit_the_disk_are_one_line(tmp_path: Path):
    with ThreadPoolExecutor(1) as pool, pytest.raises(OutputError, match="lower --samples"):
        plant(pool, partial(make_sample, [], [], 0), 10**9, tmp_path)


def test_learning_in_bfloat16_loses_little(paths: list[Path]):
    samples = list(map(partial(make_sample, paths, [0] * len(paths), 2), range(16)))
    _, exact = teach(samples, passes=6, seed=4)
    network, rounded = teach(samples, passes=6, seed=4, bfloat16=True)
    assert all(values.dtype.itemsize >= 4 for values in network.state_dict().values())
    assert rounded != exact
    assert rounded[-1] == pytest.approx(exact[-1], rel=0.1)


def test_photographs_of_one_series_are_judged_by_a_verifier_that_saw_none_of_them():
    names = [*(f"rooms__{number}.jpg" for number in range(7)), *(f"{name}__1.jpg" for name in "abcdefgh")]
    series = [series_of(Path("photos") / name) for name in names]
    assert series[:8] == ["rooms"] * 7 + ["a"]
    folds = folds_of(series)
    assert set(folds) == set(range(FOLDS))
    assert len({fold for fold, name in zip(folds, series, strict=True) if name == "rooms"}) == 1
    assert max(folds.count(fold) for fold in range(FOLDS)) == 7


def test_of_few_series_each_photograph_stands_for_itself():
    assert series_of(Path("holiday/one.jpg")) == "holiday"
    assert set(folds_of(["holiday"] * 10)) == set(range(FOLDS))


def test_too_few_photographs_are_one_line(paths: list[Path], tmp_path: Path):
    with pytest.raises(InputError, match="too few"):
        split(paths[:5])
    with pytest.raises(InputError, match="no photograph"):
        photos_in([tmp_path])
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(InputError, match="take it out"):
        photos_in([broken])


def test_weights_for_other_families_are_refused(tmp_path: Path):
    for name in (CARD, NETWORK):
        (tmp_path / name).write_bytes(b"{}")
    (tmp_path / CARD).write_text('{"families": [], "maps": []}')
    with pytest.raises(InputError, match="train the recogniser again"):
        Recogniser(tmp_path)

import pytest
import yaml

from manifests.card import dataset_card
from manifests.commit import PartFile, ReasonCount, ShardManifest
from manifests.ledger import Status
from manifests.run import PlanFacts, RunFile, RunInfo, StageIdentity
from manifests.tables import TABLES


@pytest.fixture
def file() -> RunFile:
    run = RunInfo(
        recipe={"recipe": "embedded", "summary": "Measured on a CPU.", "seed": 3, "stages": [{"name": "load"}]},
        fingerprint="ab" * 32,
        stages=[StageIdentity(name="load", identity="cd" * 32)],
        seed=3,
        take="10%",
        images="/home/alice/photos",
        root="/home/alice/photos",
        ignored={".txt": 2},
        versions={"pillow": "13.0.0"},
        weights={"ssd.onnx": "ef" * 32},
        licences={"pyiqa": "PolyForm-Noncommercial-1.0.0"},
        started="2026-11-22T23:00:00+00:00",
    )
    plan = PlanFacts(
        inputs=40,
        images=4,
        versions=[4],
        not_taken=30,
        duplicate=2,
        failed=4,
        shards=1,
        shard_size=4,
        sha256="00" * 32,
        refusals=[("is empty (0 bytes)", 4)],
    )
    return RunFile(run=run, plan=plan)


@pytest.fixture
def status() -> Status:
    return Status(
        inputs=40,
        not_taken=30,
        outcomes={"ok": 3, "failed": 5, "duplicate": 2},
        reasons=[
            ReasonCount(outcome="failed", stage="plan", reason="is empty (0 bytes)", count=4),
            ReasonCount(outcome="failed", stage="detect", reason="bad | <b>file</b>\nname", count=1),
        ],
        shards=1,
        shards_done=1,
        rows={"annotations": 4, "descriptions": 6, "vqa": 12, "points": 5, "regions": 9},
        seconds={"load": 1.0},
        finished=True,
    )


@pytest.fixture
def manifest() -> ShardManifest:
    part = PartFile(path="annotations/part-00000-abababab.parquet", rows=4, bytes=10, sha256="00" * 32)
    return ShardManifest(
        shard=0,
        fingerprint="ab" * 32,
        attempt=0,
        outcomes={"ok": 3, "failed": 1},
        reasons=[],
        not_embedded={"metadata cannot be cut out of BMP without encoding it again": 2},
        files={"annotations": part},
        seconds={"load": 1.0},
        host="somewhere",
    )


def test_the_head_lets_datasets_find_every_table_by_name(file, status, manifest):
    _, head, _ = dataset_card(file, status, [manifest]).split("---\n", 2)
    said = yaml.safe_load(head)
    assert said["license"] == "other"
    assert said["size_categories"] == ["n<1K"]
    assert [config["config_name"] for config in said["configs"]] == [table.name for table in TABLES]
    for config in said["configs"]:
        assert config["data_files"] == [{"split": "train", "path": f"{config['config_name']}/*.parquet"}]


def test_the_card_accounts_for_every_input_and_says_why(file, status, manifest):
    card = dataset_card(file, status, [manifest])
    for line in (
        "| ok | 3 |",
        "| failed | 5 |",
        "| duplicate | 2 |",
        "| not in this run (`--take 10%`) | 30 |",
        "| **inputs** | **40** |",
        "| failed | plan | is empty (0 bytes) | 4 |",
        "| failed | detect | bad \\| &lt;b>file&lt;/b> name | 1 |",
        "| `vqa` | 12 | ",
        "| metadata cannot be cut out of BMP without encoding it again | 2 |",
        "| pyiqa | PolyForm-Noncommercial-1.0.0 |",
        "| pillow | 13.0.0 |",
        f"| ssd.onnx | `{'ef' * 32}` |",
        "Files beside the images that were not looked at: 2 .txt.",
    ):
        assert line in card


def test_the_card_follows_from_the_run_alone_and_tells_no_folder_and_no_host(file, status, manifest):
    card = dataset_card(file, status, [manifest])
    assert card == dataset_card(file, status, [manifest])
    assert "alice" not in card
    assert "somewhere" not in card

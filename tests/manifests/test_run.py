import json

import pytest

from manifests.errors import OutputError
from manifests.run import RunInfo, StageIdentity, difference, read_run


def run_of(**changes):
    known = {
        "recipe": {"recipe": "embedded", "stages": [{"name": "load", "options": {}}, {"name": "detect"}]},
        "fingerprint": "ab" * 32,
        "stages": [StageIdentity(name="load", identity="1" * 64), StageIdentity(name="detect", identity="2" * 64)],
        "seed": 0,
        "images": "/photos",
        "root": "/photos",
    }
    return RunInfo.model_validate({**known, **changes})


def test_equal_runs_do_not_differ_whatever_machine_and_hour():
    assert difference(run_of(), run_of(started="later", versions={"ray": "3"}, ignored={".txt": 1})) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"take": "8"}, "take: none -> 8"),
        ({"seed": 1}, "seed: 0 -> 1"),
        ({"images": "/other"}, "images: /photos -> /other"),
        ({"embed_images": True}, "embed_images: false -> true"),
        ({"fingerprint": "cd" * 32}, f"fingerprint: {'ab' * 28}a... -> {'cd' * 28}c..."),
    ],
)
def test_each_difference_is_one_line(changes, line):
    assert difference(run_of(), run_of(**changes)) == [line]


def test_an_added_stage_is_named():
    stages = [*run_of().stages, StageIdentity(name="describe", identity="3" * 64)]
    assert difference(run_of(), run_of(stages=stages))[0] == (
        'stages: ["load", "detect"] -> ["load", "detect", "describe"]'
    )


def test_a_folder_without_a_run_is_none_and_a_strange_run_json_is_refused(tmp_path):
    assert read_run(tmp_path) is None
    for strange, words in (
        ("{", "not a run of this tool"),
        ("[]", "not a run of this tool"),
        ('{"scripts": {}}', "not a run of this tool"),
        (json.dumps({"layout": 99}), "layout 99"),
    ):
        (tmp_path / "run.json").write_text(strange)
        with pytest.raises(OutputError, match=words):
            read_run(tmp_path)

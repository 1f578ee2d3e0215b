"""What annotate says of pyiqa's metrics is what the installed pyiqa says."""

from __future__ import annotations

import re
from pathlib import Path

import pyiqa
import pytest
from pyiqa.default_model_configs import DEFAULT_CONFIGS

from stages.score.metrics import CLIP_ADDRESSES, METRICS

SOURCES = "\n".join(path.read_text() for path in (Path(pyiqa.__file__).parent / "archs").rglob("*.py"))


def test_every_no_reference_metric_of_pyiqa_is_known_and_no_other():
    assert sorted(METRICS) == sorted(pyiqa.list_models(metric_mode="NR"))


@pytest.mark.parametrize("name", METRICS)
def test_scale_and_direction_are_pyiqas(name: str):
    documented = DEFAULT_CONFIGS[name]
    assert METRICS[name].lower_better == documented.get("lower_better", False)
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", documented["score_range"])]
    if len(numbers) == 2:
        assert (METRICS[name].low, METRICS[name].high) == tuple(numbers)


def test_files_and_models_have_the_names_that_stand_in_pyiqas_sources():
    names = {name for metric in METRICS.values() for name in (*metric.files, *metric.models)}
    assert [name for name in sorted(names) if f"'{name}'" not in SOURCES and f'"{name}"' not in SOURCES] == []
    assert all(f"{digest}/{name}" in SOURCES for name, digest in CLIP_ADDRESSES.items())

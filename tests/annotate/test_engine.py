"""Ray as a run starts it."""

from __future__ import annotations

import os

import pytest

from annotate.engine import offline_environment, ray_engine


# Ray warns of its own options while it starts.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_workers_are_told_to_stay_off_the_network_and_where_the_weights_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOTATE_WEIGHTS", "/somewhere/weights")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    wanted = offline_environment()
    with ray_engine(None, workers=1):
        import ray

        seen = ray.get(ray.remote(lambda: dict(os.environ)).remote())
    assert {name: seen.get(name) for name in wanted} == wanted
    assert wanted["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in os.environ

from __future__ import annotations

from pathlib import Path

import pytest

from annotate.evaluate.prediction_log import PredictionLog
from manifests.errors import InputError, OutputError

IDS = ["a", "b", "c"]
ASKED = {"model": "m", "max_tokens": 9}


def test_a_log_goes_on_where_it_stopped(tmp_path: Path) -> None:
    PredictionLog(tmp_path, ASKED, IDS).append([{"id": "b", "prediction": "Zwölf", "more": [1]}])
    again = PredictionLog(tmp_path, ASKED, IDS)
    assert again.missing(IDS) == ["a", "c"]
    assert again.done["b"].prediction == "Zwölf"
    again.append([{"id": "a"}])
    assert [line["id"] for line in again.lines()] == ["b", "a"]
    assert again.lines()[0]["more"] == [1]


def test_a_line_that_was_cut_off_is_thrown_away(tmp_path: Path) -> None:
    PredictionLog(tmp_path, ASKED, IDS).append([{"id": "a"}, {"id": "b"}])
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(path.read_bytes()[:-4])
    again = PredictionLog(tmp_path, ASKED, IDS)
    assert again.missing(IDS) == ["b", "c"]
    again.append([{"id": "b"}])
    assert list(PredictionLog(tmp_path, ASKED, IDS).done) == ["a", "b"]


def test_another_models_predictions_are_not_gone_on_with(tmp_path: Path) -> None:
    PredictionLog(tmp_path, ASKED, IDS).append([{"id": "a"}])
    with pytest.raises(OutputError, match="model = 'm', and now it is 'n'; give --fresh"):
        PredictionLog(tmp_path, {**ASKED, "model": "n"}, IDS)
    assert PredictionLog(tmp_path, {**ASKED, "model": "n"}, IDS, fresh=True).missing(IDS) == IDS


def test_what_is_derived_is_thrown_away_when_its_setting_changes(tmp_path: Path) -> None:
    PredictionLog(tmp_path, ASKED, IDS).append([{"id": "a"}])
    again = PredictionLog(tmp_path, {**ASKED, "max_tokens": 8}, IDS, lasting={"model"})
    assert again.missing(IDS) == IDS
    with pytest.raises(OutputError, match="model = 'm'"):
        PredictionLog(tmp_path, {"model": "n", "max_tokens": 7}, IDS, lasting={"model"})


def test_two_logs_of_one_folder_do_not_mix(tmp_path: Path) -> None:
    PredictionLog(tmp_path, ASKED, IDS, name="readings").append([{"id": "a"}])
    assert PredictionLog(tmp_path, {}, IDS).missing(IDS) == IDS
    assert PredictionLog(tmp_path, ASKED, IDS, name="readings").missing(IDS) == ["b", "c"]


def test_predictions_of_nobody_are_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "predictions.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(OutputError, match="is there already"):
        PredictionLog(tmp_path, ASKED, IDS)


def test_a_log_that_someone_has_spoilt_is_one_line(tmp_path: Path) -> None:
    PredictionLog(tmp_path, ASKED, IDS)
    (tmp_path / "predictions.jsonl").write_text("spoilt\n")
    with pytest.raises(InputError, match=r"predictions\.jsonl:1"):
        PredictionLog(tmp_path, ASKED, IDS)

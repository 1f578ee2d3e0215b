"""Fetching weights with the hub's real client, from a small server that speaks the hub's protocol on loopback."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rich.console import Console

from annotate.fetch import FetchRequest, fetch, fetch_source
from annotate.preview import PreviewRequest, preview
from annotate.run import RunRequest, run_annotate
from manifests.errors import InputError, RecipeError
from manifests.weights import MissingWeights, WeightSource, digests, local_path, read_lock

COMMIT, LATER = "a" * 40, "b" * 40
WEIGHTS = bytes(range(256)) * 4096
FILES = {"config.json": b'{"model_type": "tiny"}', "model.safetensors": WEIGHTS, "pytorch_model.bin": b"pickle"}

FETCH = """
import sys
from annotate.fetch import fetch_source
from manifests.errors import AnnotateError
from manifests.weights import WeightSource
try:
    fetch_source(WeightSource(**eval(sys.argv[1])), update="--update" in sys.argv)
except AnnotateError as error:
    sys.exit(f"annotate: {error}")
"""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Hub:
    """What the server has, and how it misbehaves."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=lambda: {COMMIT: dict(FILES)})
    branches: dict[str, str] = field(default_factory=lambda: {"main": COMMIT, "v1": COMMIT})
    announced: dict[str, str] = field(default_factory=dict)
    """Digests that the hub names for files, where they are not the true ones."""
    break_off_after: int | None = None
    """The next download of the large file ends after so many bytes."""
    gated: bool = False
    sent: list[str] = field(default_factory=list)
    """File names of the downloads so far, with the byte at which each began."""
    address: str = ""

    def sibling(self, name: str, content: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git_sha1(content)}
        if len(content) > 1000:
            digest = self.announced.get(name, sha256(content))
            entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 100}
        return entry


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def do_GET(self, body: bool = True) -> None:
        path = self.path.partition("?")[0]
        if found := re.fullmatch(r"/api/models/org/tiny(?:/revision/([^/]+))?", path):
            self.model(found[1] or "main")
        elif found := re.fullmatch(r"/org/tiny/resolve/([^/]+)/(.+)", path):
            self.file(self.commit(found[1]), found[2], body)
        elif path == "/plain/weights.pth":
            self.file(COMMIT, "model.safetensors", body)
        else:
            self.refuse(404, "RepoNotFound", "Repository Not Found")

    def commit(self, revision: str) -> str:
        return self.hub.branches.get(revision, revision)

    def model(self, revision: str) -> None:
        commit = self.commit(revision)
        if commit not in self.hub.commits:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        files = self.hub.commits[commit]
        siblings = [self.hub.sibling(name, content) for name, content in files.items()]
        self.reply(200, json.dumps({"id": "org/tiny", "sha": commit, "siblings": siblings}).encode())

    def file(self, commit: str, name: str, body: bool) -> None:
        if self.hub.gated:
            self.refuse(403, "GatedRepo", "Access to model org/tiny is restricted")
            return
        content = self.hub.commits[commit][name]
        start = int(found[1]) if (found := re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))) else 0
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{sha256(content)}"')
        self.send_header("X-Repo-Commit", commit)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if not body:
            return
        self.hub.sent.append(f"{name}@{start}")
        if self.hub.break_off_after is not None and len(content) > 1000:
            self.wfile.write(content[start : start + self.hub.break_off_after])
            self.hub.break_off_after = None
            self.close_connection = True
            return
        self.wfile.write(content[start:])

    def reply(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def refuse(self, status: int, code: str, message: str) -> None:
        self.reply(status, json.dumps({"error": message}).encode(), X_Error_Code=code, X_Error_Message=message)


@pytest.fixture
def hub() -> Iterator[Hub]:
    state = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("HubHandler", (Handler,), {"hub": state}))
    state.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANNOTATE_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def environment(hub: Hub) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    root = str(Path(__file__).parents[2])
    return {**kept, "HF_ENDPOINT": hub.address, "HF_HOME": kept["ANNOTATE_WEIGHTS"] + "-hf", "PYTHONPATH": root}


def fetched(hub: Hub, *flags: str, **source: Any) -> str:
    """Fetch in a process of its own, as users do; standard error."""
    command = [sys.executable, "-c", FETCH, repr(source), *flags]
    done = subprocess.run(command, env=environment(hub), capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr


def test_a_model_is_fetched_once_with_its_commit_and_digests_in_the_lock(hub: Hub, folder: Path):
    source = WeightSource("org/tiny", revision="v1")
    assert "annotate:" not in fetched(hub, model="org/tiny", revision="v1")
    assert local_path(source) == folder / "org--tiny" / COMMIT
    assert digests(source) == {"config.json": sha256(FILES["config.json"]), "model.safetensors": sha256(WEIGHTS)}
    lock = read_lock(source)
    assert lock is not None
    assert (lock.commit, lock.files["model.safetensors"].bytes) == (COMMIT, len(WEIGHTS))
    assert sorted(hub.sent) == ["config.json@0", "model.safetensors@0"]
    fetched(hub, model="org/tiny", revision="v1")
    assert len(hub.sent) == 2


def test_an_unpinned_model_keeps_its_commit_until_an_update_is_asked_for(hub: Hub):
    source = WeightSource("org/tiny")
    fetched(hub, model="org/tiny")
    hub.commits[LATER] = {**FILES, "config.json": b"{}"}
    hub.branches["main"] = LATER
    fetched(hub, model="org/tiny")
    before = read_lock(source)
    fetched(hub, "--update", model="org/tiny")
    after = read_lock(source)
    assert before is not None
    assert after is not None
    assert (before.commit, after.commit) == (COMMIT, LATER)
    assert digests(source)["config.json"] == sha256(b"{}")


def test_named_files_are_fetched_even_if_they_are_pickles_and_join_those_that_are_there(hub: Hub):
    fetched(hub, model="org/tiny")
    fetched(hub, model="org/tiny", files=("pytorch_model.bin",))
    assert list(digests(WeightSource("org/tiny", files=("pytorch_model.bin",)))) == ["pytorch_model.bin"]
    assert list(digests(WeightSource("org/tiny"))) == ["config.json", "model.safetensors"]
    assert hub.sent.count("model.safetensors@0") == 1


def test_a_download_that_breaks_off_is_gone_on_with(hub: Hub):
    large = WEIGHTS * 20
    hub.commits[COMMIT]["model.safetensors"] = large
    hub.break_off_after = 15_000_000
    fetched(hub, model="org/tiny")
    fetched(hub, model="org/tiny")
    assert digests(WeightSource("org/tiny"))["model.safetensors"] == sha256(large)
    begun = [int(entry.partition("@")[2]) for entry in hub.sent if entry.startswith("model")]
    assert 0 < begun[-1] <= 15_000_000


def test_a_file_that_was_spoilt_after_its_download_is_fetched_again(hub: Hub, folder: Path):
    source = WeightSource("org/tiny")
    fetched(hub, model="org/tiny")
    spoilt = folder / "org--tiny" / COMMIT / "model.safetensors"
    spoilt.write_bytes(WEIGHTS[::-1])
    with pytest.raises(MissingWeights, match="run annotate fetch"):
        local_path(source)
    fetched(hub, model="org/tiny")
    spoilt.touch()
    assert local_path(source)


def test_a_file_that_is_not_what_the_hub_says_is_never_accepted(hub: Hub):
    hub.announced["model.safetensors"] = "0" * 64
    assert "model.safetensors arrives with another digest" in fetched(hub, model="org/tiny")
    with pytest.raises(RecipeError):
        local_path(WeightSource("org/tiny"))


@pytest.mark.parametrize(
    ("source", "fact"),
    [
        ({"model": "org/nothing"}, "no such model at the hub"),
        ({"model": "org/tiny", "revision": "v9"}, "org/tiny@v9: the model has no such revision"),
        ({"model": "org/tiny", "files": ("x.pth",)}, "has no file x.pth; it has config.json, model.safetensors"),
    ],
)
def test_what_cannot_be_fetched_is_one_line(hub: Hub, source: dict[str, Any], fact: str):
    (line,) = [line for line in fetched(hub, **source).splitlines() if line.startswith("annotate:")]
    assert fact in line


def test_a_gated_model_says_what_to_accept_and_a_dead_network_that_it_is_dead(hub: Hub):
    hub.gated = True
    assert "accept its licence" in fetched(hub, model="org/tiny")
    hub.address = "http://127.0.0.1:9"
    assert "check the network, the same command goes on" in fetched(hub, model="org/tiny")


def test_a_plain_address_is_fetched_gone_on_with_and_checked(hub: Hub, folder: Path):
    address, digest = f"{hub.address}/plain/weights.pth", sha256(WEIGHTS)
    source = WeightSource(address, sha256=digest)
    hub.break_off_after = 500_000
    with pytest.raises(InputError, match="the same command goes on"):
        fetch_source(source)
    fetch_source(source)
    assert 0 < int(hub.sent[-1].partition("@")[2]) <= 500_000
    assert local_path(source) == folder / "files" / digest / "weights.pth"
    fetch_source(source)
    assert len(hub.sent) == 2


def test_another_file_at_a_plain_address_and_none_at_all_are_one_line(hub: Hub):
    with pytest.raises(InputError, match="sha256 is .* the recipe says 000000000000"):
        fetch_source(WeightSource(f"{hub.address}/plain/weights.pth", sha256="0" * 64))
    with pytest.raises(InputError, match="the server says 404; check the address"):
        fetch_source(WeightSource(f"{hub.address}/plain/nothing.pth", sha256="0" * 64))


def test_a_path_that_is_not_there_is_not_fetched():
    with pytest.raises(RecipeError, match="no such file or folder, and not ORG/NAME"):
        fetch_source(WeightSource("models/tiny/v1"))


def test_a_recipe_with_packaged_weights_needs_no_fetching():
    said = Console(record=True, file=io.StringIO())
    fetch(FetchRequest("embedded"), said)
    assert "nothing to fetch" in said.export_text()


def test_a_run_without_its_weights_ends_before_anything_is_spent(tmp_path: Path, photos: Path):
    request = RunRequest(
        images=str(photos), out=tmp_path / "run", overrides=("score.metric=cnniqa",), recipe="embedded"
    )
    with pytest.raises(MissingWeights, match=r"not on this machine; run annotate fetch --recipe embedded"):
        run_annotate(request, Console(file=io.StringIO()))
    assert not (tmp_path / "run").exists()


def test_a_check_fails_where_something_is_missing_and_downloads_nothing():
    with pytest.raises(MissingWeights, match="run annotate fetch --recipe embedded"):
        fetch(FetchRequest("embedded", ("score.metric=cnniqa",), check=True), Console(file=io.StringIO()))


def test_a_plan_is_made_without_the_weights_and_says_what_to_fetch(photos: Path):
    said = Console(record=True, file=io.StringIO(), width=200)
    preview(
        PreviewRequest(
            images=str(photos), recipe="embedded", descriptions=None, overrides=("score.metric=cnniqa",), take=None,
            shard_size=None, seed=None, workers=1, sample=4,
        ),
        said,
    )  # fmt: skip
    assert "no estimate, and no run, before annotate fetch --recipe embedded" in said.export_text()


def test_the_command_fetches_what_the_recipe_names_and_checks_it_without_a_network(hub: Hub, folder: Path):
    command = [
        sys.executable, "-m", "annotate", "fetch", "--recipe", "embedded", "--weights", str(folder), "--set",
        "score.metric=cnniqa", "--set", "score.weights=org/tiny", "--set", "score.files=[pytorch_model.bin]",
    ]  # fmt: skip
    first = subprocess.run(command, env=environment(hub), capture_output=True, text=True, timeout=120, check=True)
    assert f"org/tiny: commit {COMMIT[:12]}, 1 files, 6 bytes" in first.stdout
    hub.address = "http://127.0.0.1:9"
    checked = [*command, "--check"]
    second = subprocess.run(checked, env=environment(hub), capture_output=True, text=True, timeout=120, check=True)
    assert "all there" in second.stdout
    (folder / "org--tiny" / COMMIT / "pytorch_model.bin").write_bytes(b"PICKLE")
    third = subprocess.run(checked, env=environment(hub), capture_output=True, text=True, timeout=120, check=False)
    assert third.returncode == 2
    assert "run annotate fetch --recipe embedded" in third.stderr


def test_a_model_that_no_recipe_names_is_fetched_by_name(hub: Hub, folder: Path):
    command = [sys.executable, "-m", "annotate", "fetch", "--model", "org/tiny@v1", "--weights", str(folder)]
    done = subprocess.run(command, env=environment(hub), capture_output=True, text=True, timeout=120, check=True)
    assert f"org/tiny@v1: commit {COMMIT[:12]}, 2 files" in done.stdout
    assert local_path(WeightSource("org/tiny", "v1")).is_dir()


def test_a_model_that_was_not_fetched_is_one_line_with_its_remedy():
    with pytest.raises(MissingWeights, match="run annotate fetch --model org/other@v2"):
        fetch(FetchRequest(models=("org/other@v2",), check=True), Console(file=io.StringIO()))
    with pytest.raises(InputError, match="give --recipe NAME or --model ORG/NAME"):
        fetch(FetchRequest(), Console(file=io.StringIO()))

"""What a run opens to others, and what it writes down: nothing, and no secrets."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from annotate.bench.processes import command_line, tree

USAGE_ERROR, FAILED_ROWS = 2, 3
LISTENING = "0A"
LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000")
"""127.0.0.1, the same in IPv6, and ::1, as the kernel writes them."""
SECRET = "sk-very-secret-0123456789"
RAYS_DASHBOARD = ":2055"
"""Port 8265."""


def sockets_of(pid: int) -> set[str]:
    """Numbers of the sockets that a process and its descendants hold."""
    found = set()
    for member in tree(pid):
        try:
            held = [str(path.readlink()) for path in Path(f"/proc/{member}/fd").iterdir()]
        except OSError:
            continue
        found |= {name[len("socket:[") : -1] for name in held if name.startswith("socket:[")}
    return found


def listening(pid: int) -> set[str]:
    """Addresses on which a process and its descendants wait for others: hexadecimal `address:port`."""
    own = sockets_of(pid)
    rows = [line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == LISTENING and row[9] in own}


def test_a_run_cannot_be_reached_from_outside_and_shows_no_dashboard(
    start: Callable[..., subprocess.Popen[str]], photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = start("run", "--images", photos, "--out", out, "--shard-size", 2, "--workers", 1)
    seen: set[str] = set()
    raylet = False
    while process.poll() is None:
        seen |= listening(process.pid)
        raylet = raylet or any("/raylet/raylet" in command_line(pid) for pid in tree(process.pid))
        time.sleep(0.3)
    process.communicate()
    assert process.returncode == 0
    assert raylet
    assert seen
    assert [address for address in seen if not address.startswith(LOOPBACK)] == []
    assert [address for address in seen if address.endswith(RAYS_DASHBOARD)] == []


@pytest.fixture
def keeper_of_keys() -> Iterator[tuple[str, set[str]]]:
    """A language model's endpoint that has nothing to say: its address, and the keys that it was shown."""
    keys: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({"object": "list", "data": [{"id": "teacher", "object": "model"}]})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            message = {"role": "assistant", "content": "no"}
            self._send({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})

        def _send(self, said: dict[str, Any]) -> None:
            keys.add(self.headers.get("Authorization", ""))
            content = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1", keys
        server.shutdown()
        thread.join()


def test_the_key_of_an_endpoint_reaches_the_endpoint_and_no_file_of_the_run(
    annotate: Callable[..., subprocess.CompletedProcess[str]],
    keeper_of_keys: tuple[str, set[str]],
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
) -> None:
    address, keys = keeper_of_keys
    monkeypatch.setitem(environment, "SERVICE_KEY", SECRET)
    options = ["backend=mllm", f"endpoint={address}", "served_model=teacher", "api_key_env=SERVICE_KEY"]
    out = tmp_path / "out"
    chosen = [word for option in options for word in ("--set", f"describe.{option}")]

    said = annotate("run", "--images", photos, "--out", out, "--take", 2, "--workers", 1, *chosen, code=FAILED_ROWS)

    assert keys == {f"Bearer {SECRET}"}
    assert SECRET not in said.stdout + said.stderr
    written = [path for path in out.rglob("*") if path.is_file()]
    assert any(path.name == "run.json" for path in written)
    assert [path.name for path in written if SECRET.encode() in path.read_bytes()] == []


def test_a_key_may_not_stand_in_the_address_of_an_endpoint(
    annotate: Callable[..., subprocess.CompletedProcess[str]], photos: Path
) -> None:
    chosen = ["--set", "describe.backend=mllm", "--set", f"describe.endpoint=http://me:{SECRET}@127.0.0.1:9/v1"]
    assert "api_key_env" in annotate("plan", "--images", photos, *chosen, code=USAGE_ERROR).stderr

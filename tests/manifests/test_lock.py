import json
import os
import socket
import subprocess
import sys
import time

import pytest

from manifests.errors import LockedError
from manifests.lock import STALE_S, RunLock, holder_of


def leave_lock(folder, *, pid, host=None, age_s=0.0):
    """A lock that some other driver wrote."""
    path = folder / "run.lock"
    path.write_text(json.dumps({"host": host or socket.gethostname(), "pid": pid, "token": "ab" * 16}))
    os.utime(path, (time.time() - age_s,) * 2)


def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_held_lock_names_host_process_and_remedy(tmp_path):
    lock = RunLock(tmp_path)
    lock.acquire()
    with pytest.raises(LockedError, match=rf"process {os.getpid()} on {socket.gethostname()} .*choose another --out"):
        RunLock(tmp_path).acquire()
    assert LockedError.exit_code == 4
    lock.release()
    assert list(tmp_path.iterdir()) == []
    RunLock(tmp_path).acquire()


def test_the_lock_of_a_dead_process_on_this_host_is_taken_over(tmp_path):
    leave_lock(tmp_path, pid=dead_pid())
    lock = RunLock(tmp_path)
    lock.acquire()
    assert lock.held()
    assert holder_of(tmp_path).pid == os.getpid()
    assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]
    lock.release()


def test_our_own_number_from_before_a_restart_is_a_dead_process(tmp_path):
    leave_lock(tmp_path, pid=os.getpid())
    lock = RunLock(tmp_path)
    lock.acquire()
    lock.release()


def test_a_clock_that_was_moved_back_is_named_and_a_dead_drivers_lock_still_goes(tmp_path):
    leave_lock(tmp_path, pid=4711, host="elsewhere", age_s=-3600)
    with pytest.raises(LockedError, match=r"a heartbeat of the future\).*clocks differ by 3600 s.*remove run\.lock"):
        RunLock(tmp_path).acquire()
    leave_lock(tmp_path, pid=dead_pid(), age_s=-3600)
    RunLock(tmp_path).acquire()


def test_a_living_process_keeps_its_lock_until_its_heart_stops(tmp_path):
    leave_lock(tmp_path, pid=os.getppid(), age_s=STALE_S - 60)
    with pytest.raises(LockedError, match="last heartbeat 540 s ago"):
        RunLock(tmp_path).acquire()
    leave_lock(tmp_path, pid=os.getppid(), age_s=STALE_S + 1)
    RunLock(tmp_path).acquire()


def test_on_another_host_only_the_heartbeat_counts(tmp_path):
    leave_lock(tmp_path, pid=dead_pid(), host="far-away")
    with pytest.raises(LockedError, match="on far-away"):
        RunLock(tmp_path).acquire()
    leave_lock(tmp_path, pid=dead_pid(), host="far-away", age_s=STALE_S + 1)
    RunLock(tmp_path).acquire()


def test_a_lock_that_cannot_be_read_is_respected_while_it_is_young(tmp_path):
    (tmp_path / "run.lock").write_text("")
    with pytest.raises(LockedError, match="unknown host"):
        RunLock(tmp_path).acquire()


def test_the_heart_beats_while_the_lock_is_held(tmp_path, monkeypatch):
    monkeypatch.setattr("manifests.lock.HEARTBEAT_S", 0.02)
    lock = RunLock(tmp_path)
    lock.acquire()
    os.utime(tmp_path / "run.lock", (0, 0))
    deadline = time.monotonic() + 10
    while holder_of(tmp_path).age_s > STALE_S and time.monotonic() < deadline:
        time.sleep(0.01)
    assert holder_of(tmp_path).age_s < 60
    lock.release()


def test_a_driver_that_lost_its_lock_knows_it_and_leaves_the_other_s_alone(tmp_path):
    lock = RunLock(tmp_path)
    lock.acquire()
    leave_lock(tmp_path, pid=os.getppid())
    assert not lock.held()
    lock.release()
    assert holder_of(tmp_path).pid == os.getppid()


def test_of_many_processes_that_find_a_stale_lock_one_takes_it(tmp_path):
    leave_lock(tmp_path, pid=dead_pid())
    program = """
import sys, time
from pathlib import Path
from manifests.errors import LockedError
from manifests.lock import RunLock
try:
    RunLock(Path(sys.argv[1])).acquire()
except LockedError:
    print("refused")
else:
    print("taken", flush=True)
    sys.stdin.read()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, tmp_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(5)
    ]
    said = [process.stdout.readline().strip() for process in started]
    for process in started:
        process.communicate()
    assert sorted(said) == ["refused"] * 4 + ["taken"]

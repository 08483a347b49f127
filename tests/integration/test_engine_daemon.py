"""The engine's daemon, as `dockerlab engine` and `dockerlab.connect()` use it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from dockerlab.engine import daemon
from tests.engines.engine import Engine, environment_for
from tests.engines.images import busybox
from tests.engines.programs import need


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder for an engine, which is stopped at the end."""
    need("crun", package="crun")
    with tempfile.TemporaryDirectory(prefix="dockerlab-d-", ignore_cleanup_errors=True) as name:
        yield Path(name) / "engine"
        daemon.stop(root=Path(name) / "engine")


def test_start_returns_when_the_engine_answers_and_finds_it_again(root: Path) -> None:
    assert not daemon.status(root=root).running
    address = daemon.start(root=root)
    assert _ping(address)
    first = daemon.status(root=root)
    assert first.running
    assert first.address == address
    assert daemon.start(root=root) == address
    assert daemon.status(root=root) == first
    assert daemon.stop(root=root)
    assert not daemon.stop(root=root)
    assert not _exists(first.pid)
    assert not Path(address.removeprefix("unix://")).exists()


def test_many_who_start_at_once_get_one_engine(root: Path) -> None:
    command = [sys.executable, "-m", "dockerlab.engine", "start", "--root", str(root)]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(5)]
    addresses = {start.communicate(timeout=60)[0] for start in starts}
    assert len(addresses) == 1
    assert addresses.pop().startswith(b"unix://")


def test_only_the_owner_sees_anything(root: Path) -> None:
    address = daemon.start(root=root)
    assert Path(address.removeprefix("unix://")).stat().st_mode & 0o777 == 0o600
    assert root.stat().st_mode & 0o777 == 0o700
    for path in root.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_it_stops_by_itself_when_nobody_uses_it(root: Path) -> None:
    daemon.start(root=root, idle=0.5)
    pid = daemon.status(root=root).pid
    deadline = time.monotonic() + 10
    while (daemon.status(root=root).running or _exists(pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not daemon.status(root=root).running
    assert not _exists(pid)


def test_somebody_who_listens_to_events_keeps_it_alive(root: Path) -> None:
    address = daemon.start(root=root, idle=0.5)
    with _connect(address) as listener:
        listener.sendall(b"GET /events HTTP/1.1\r\nHost: d\r\n\r\n")
        assert listener.recv(100).startswith(b"HTTP/1.1 200")
        time.sleep(1.5)
        assert daemon.status(root=root).running


def test_after_kill_9_the_next_start_works(root: Path) -> None:
    address = daemon.start(root=root)
    os.kill(daemon.status(root=root).pid, signal.SIGKILL)
    assert daemon.start(root=root) == address
    assert _ping(address)


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_restart_policies_are_kept_when_the_engine_starts_again(
    root: Path, docker_cli: None, killed: bool
) -> None:
    engine = _client(daemon.start(root=root), root)
    assert engine.docker("load", "-q", stdin=busybox().archive("busybox:latest")).returncode == 0
    for name, policy in (
        ("r-a", "always"),
        ("r-b", "unless-stopped"),
        ("r-c", "always"),
        ("r-d", "no"),
    ):
        run = ("run", "-d", "--name", name, "--restart", policy, "--network", "none", "busybox")
        assert engine.docker(*run, "sleep", "1000").returncode == 0
    engine.docker("run", "-d", "--name", "r-e", "--restart", "unless-stopped", "busybox", "true")
    engine.docker("stop", "-t", "0", "r-c", "r-e")
    engine.docker("create", "--name", "r-f", "--restart", "always", "busybox", "sleep", "1000")
    if killed:
        os.kill(daemon.status(root=root).pid, signal.SIGKILL)
    else:
        daemon.stop(root=root)
    daemon.start(root=root)
    deadline = time.monotonic() + 30
    while (running := _running(engine)) != ["r-a", "r-b", "r-c"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running == ["r-a", "r-b", "r-c"]


def _client(address: str, root: Path) -> Engine:
    socket_path = Path(address.removeprefix("unix://"))
    config = root.with_name("client")
    config.mkdir()
    return Engine("embedded", socket_path, environment_for(socket_path, config=config))


def _running(engine: Engine) -> list[str]:
    return sorted(engine.docker("ps", "--format", "{{.Names}}").stdout.decode().split())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_ends_on_a_signal(root: Path, number: int) -> None:
    command = [sys.executable, "-m", "dockerlab.engine", "run", "--root", str(root)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 20
        while not daemon.status(root=root).running and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(20) == 0
    assert not daemon.status(root=root).running


def test_a_socket_that_cannot_be_is_refused_with_a_reason(root: Path) -> None:
    with pytest.raises(daemon.EngineError, match="107 bytes"):
        daemon.start(root=root, socket=root / ("x" * 120))


def test_two_default_roots_of_one_user_do_not_meet(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(root.parent))
    addresses = []
    try:
        for name in ("one", "two"):
            monkeypatch.setenv("XDG_DATA_HOME", str(root / name))
            addresses.append(daemon.start(runtime="none"))
        assert len(set(addresses)) == 2
        assert all(map(_ping, addresses))
        command = [sys.executable, "-m", "dockerlab.engine", "run", "--root", str(root / "three")]
        command += ["--socket", addresses[0].removeprefix("unix://")]
        refused = subprocess.run(command, capture_output=True, check=False)
        assert refused.returncode == 1
        assert refused.stderr.startswith(b"another engine of yours listens on"), refused.stderr
        assert b"Traceback" not in refused.stderr
        assert _ping(addresses[0])
    finally:
        for name in ("one", "two"):
            daemon.stop(root=root / name / "dockerlab/engine")


def test_proot_needs_nothing_mounted(root: Path) -> None:
    need("proot", package="proot")
    daemon.start(root=root, runtime="proot")
    pid = daemon.status(root=root).pid
    assert Path(f"/proc/{pid}/ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()


def test_the_command_says_what_it_did(root: Path) -> None:
    def engine(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "dockerlab.engine", *arguments, "--root", str(root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout

    assert engine("status") == (3, f"no engine runs on {root}\n")
    assert engine("start") == (0, f"unix://{root}/engine.sock\n")
    code, text = engine("status")
    assert (code, f"unix://{root}/engine.sock" in text) == (0, True)
    assert engine("stop") == (0, "stopped\n")
    assert engine("stop") == (0, "no engine was running\n")


def test_it_is_small_and_quick(root: Path) -> None:
    daemon.start(root=root)  # the first start looks for a runtime that works
    daemon.stop(root=root)
    begin = time.monotonic()
    daemon.start(root=root)
    assert time.monotonic() - begin < 2  # 0.3 s on a quiet machine; the benchmark says how long
    status = Path(f"/proc/{daemon.status(root=root).pid}/status").read_text()
    (resident,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 50_000  # kB


def _connect(address: str) -> socket.socket:
    plug = socket.socket(socket.AF_UNIX)
    plug.settimeout(10)
    plug.connect(address.removeprefix("unix://"))
    return plug


def _ping(address: str) -> bool:
    connection = HTTPConnection("engine", timeout=10)
    with _connect(address) as plug:
        connection.sock = plug
        connection.request("GET", "/_ping")
        return connection.getresponse().read() == b"OK"


def _exists(pid: int) -> bool:
    """Whether the process lives; one that only waits to be reaped by its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"

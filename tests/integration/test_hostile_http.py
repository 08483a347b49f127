"""Whoever speaks nonsense to the engine is refused, and the engine serves the next."""

import itertools
import os
import pwd
import socket
import stat
import subprocess

import pytest

from tests.engines.engine import Engine, answers
from tests.engines.hostile_http import CORPUS, Request
from tests.engines.programs import need, need_root


def ask(engine: Engine, data: bytes) -> int:
    """The status of the answer; 0 where the engine only closed the connection."""
    with socket.socket(socket.AF_UNIX) as plug:
        plug.settimeout(30)
        plug.connect(str(engine.socket))
        try:
            plug.sendall(data)
            plug.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has heard enough
        try:
            head = plug.recv(12)
        except OSError:
            return 0
    return int(head.split()[1]) if head.startswith(b"HTTP/1") else 0


@pytest.mark.parametrize("request_", CORPUS, ids=lambda request: request.name)
def test_nonsense_is_refused(oci_root_engine: Engine, request_: Request) -> None:
    assert ask(oci_root_engine, request_.data) in request_.statuses
    assert answers(oci_root_engine.socket)


def test_slow_clients_keep_nobody_waiting(oci_root_engine: Engine) -> None:
    plugs = [socket.socket(socket.AF_UNIX) for _ in range(50)]
    begun = itertools.cycle(
        [
            b"POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n1",
            b"GET /images/json HTTP/1.1\r\nHost: x\r\nX-Slow: ",
            b"G",
        ]
    )
    try:
        for plug in plugs:
            plug.connect(str(oci_root_engine.socket))
            plug.sendall(next(begun))
        assert answers(oci_root_engine.socket)
        assert oci_root_engine.docker("images").returncode == 0
    finally:
        for plug in plugs:
            plug.close()
    assert answers(oci_root_engine.socket)


_PYTHON = "/usr/bin/python3"  # ours may lie where only root may look
_CALLS = """
import socket, sys
plug = socket.socket(socket.AF_UNIX)
plug.settimeout(30)
plug.connect(sys.argv[1])
try:
    plug.sendall(b"GET /_ping HTTP/1.0\\r\\n\\r\\n")
    print(plug.recv(12))
except OSError:
    print(b"")
"""


@pytest.mark.parametrize("fixture", ["oci_root_engine", "proot_engine"])
def test_another_user_is_not_answered_even_where_the_door_is_open(
    request: pytest.FixtureRequest, fixture: str
) -> None:
    """The kernel says who calls (unix(7), SO_PEERCRED): modes are not all that protects."""
    need_root()
    need(_PYTHON, package="python3")
    engine: Engine = request.getfixturevalue(fixture)
    stranger = pwd.getpwnam("nobody")
    folder = engine.socket.parent
    modes = [(path, stat.S_IMODE(path.stat().st_mode)) for path in (folder, engine.socket)]
    assert modes[1][1] == 0o600
    try:
        folder.chmod(0o755)
        engine.socket.chmod(0o666)
        for user, heard in ((stranger.pw_uid, "b''"), (os.geteuid(), "b'HTTP/1.0 200")):
            become = ["setpriv", "--reuid", str(user), "--clear-groups"]
            called = subprocess.run(
                [*become, _PYTHON, "-c", _CALLS, str(engine.socket)],
                cwd="/",
                capture_output=True,
                text=True,
                check=True,
            )
            assert called.stdout.startswith(heard), called.stdout
    finally:
        for path, mode in modes:
            path.chmod(mode)

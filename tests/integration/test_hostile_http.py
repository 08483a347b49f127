"""Whoever speaks nonsense to the engine is refused, and the engine serves the next."""

import socket

import pytest

from tests.engines.engine import Engine, answers
from tests.engines.hostile_http import CORPUS, Request


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
    try:
        for plug in plugs:
            plug.connect(str(oci_root_engine.socket))
            plug.sendall(b"POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n1")
        assert answers(oci_root_engine.socket)
        assert oci_root_engine.docker("images").returncode == 0
    finally:
        for plug in plugs:
            plug.close()
    assert answers(oci_root_engine.socket)

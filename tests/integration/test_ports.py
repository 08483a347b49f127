"""Published ports lead to the container, and are told as they are."""

import socket
import time
from contextlib import closing, suppress

from tests.engines.engine import Engine

_SERVE = "while true; do echo hello | nc -l -p {port}; done"


def _free_port() -> int:
    with closing(socket.socket()) as plug:
        plug.bind(("127.0.0.1", 0))
        port: int = plug.getsockname()[1]
        return port


def _heard(port: int) -> bytes:
    """What a container says that may not listen yet."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as plug:
            if said := plug.recv(64):
                return said
        time.sleep(0.05)
    return b""


def test_another_port_of_the_machine_leads_to_the_container(embedded_engine: Engine) -> None:
    engine, inner, outer = embedded_engine, _free_port(), _free_port()
    engine.docker("pull", "-q", "busybox")
    words = ("-p", f"{outer}:{inner}", "busybox", "sh", "-c", _SERVE.format(port=inner))
    started = engine.docker("run", "-d", "--name", "t-ports", *words)
    assert started.returncode == 0, started.stderr
    try:
        assert _heard(outer) == b"hello\n"
        shown = engine.docker("port", "t-ports").stdout.decode()
        assert shown == f"{inner}/tcp -> 127.0.0.1:{outer}\n"
        listed = engine.docker("ps", "--filter", "name=t-ports", "--format", "{{.Ports}}")
        assert listed.stdout.decode() == f"127.0.0.1:{outer}->{inner}/tcp\n"
        again = engine.docker("run", "--name", "t-taken", "-p", f"{outer}:{inner}", "busybox")
        assert b"address already in use" in again.stderr
        engine.docker("rm", "-f", "t-taken")
    finally:
        engine.docker("rm", "-f", "t-ports")
    with closing(socket.socket()) as plug:
        assert plug.connect_ex(("127.0.0.1", outer)) != 0


def test_a_port_of_the_same_number_is_the_machines_own(embedded_engine: Engine) -> None:
    engine, port = embedded_engine, _free_port()
    engine.docker("pull", "-q", "busybox")
    words = ("-p", f"{port}:{port}", "busybox", "sh", "-c", _SERVE.format(port=port))
    started = engine.docker("run", "-d", "--name", "t-own", *words)
    assert started.returncode == 0, started.stderr
    try:
        assert _heard(port) == b"hello\n"
        shown = engine.docker("port", "t-own").stdout.decode()
        assert shown == f"{port}/tcp -> 0.0.0.0:{port}\n"
    finally:
        engine.docker("rm", "-f", "t-own")


def test_what_cannot_be_passed_on_is_refused(embedded_engine: Engine) -> None:
    embedded_engine.docker("pull", "-q", "busybox")
    for wish in ("53:5353/udp", "8000-8010:80"):
        refused = embedded_engine.docker("run", "--rm", "-p", wish, "busybox", "true")
        assert refused.returncode == 125
        assert b"this engine picks no port" in refused.stderr or b"only tcp" in refused.stderr

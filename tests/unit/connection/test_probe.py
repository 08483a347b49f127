"""Each way in which an address disappoints has its own error. The servers here are real."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dockerlab.connection.address import Address
from dockerlab.connection.probe import probe
from dockerlab.errors import (
    AddressUnusable,
    ConnectionProblem,
    NoAnswer,
    NotDocker,
    NothingListens,
    SocketForbidden,
    SocketMissing,
    TLSProblem,
)


@contextmanager
def listening(path: Path, answer: bytes | None) -> Iterator[Address]:
    """Listen on a socket and give everybody the same answer; None: take the call, say nothing."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    open_calls = []

    def serve() -> None:
        while True:
            try:
                call, _ = server.accept()
            except OSError:
                return
            open_calls.append(call)
            if answer is not None:
                call.recv(4096)
                call.sendall(answer)
                call.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Address(f"unix://{path}")
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for call in open_calls:
            call.close()


def test_an_engine_answers(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: 2\r\n\r\nOK"
    with listening(tmp_path / "s", answer) as address:
        ping = probe(address)
    assert ping.api_version == "1.51"
    assert not ping.libpod


def test_no_socket(tmp_path: Path) -> None:
    with pytest.raises(SocketMissing):
        probe(Address(f"unix://{tmp_path / 'none'}"))


def test_a_folder_in_the_way_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SocketMissing):
        probe(Address(f"unix://{tmp_path / 'file' / 'none'}"))


def test_a_socket_whose_engine_has_stopped(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "s"))
    with pytest.raises(NothingListens):
        probe(Address(f"unix://{tmp_path / 's'}"))


def test_a_plain_file_is_not_docker(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotDocker):
        probe(Address(f"unix://{tmp_path / 'file'}"))


def test_silence(tmp_path: Path) -> None:
    with (
        listening(tmp_path / "s", None) as address,
        pytest.raises(NoAnswer, match=r"0\.2"),
    ):
        probe(address, timeout=0.2)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\nApi-Version: 1.51\r\nContent-Length: 0\r\n\r\n",
        b"\x00" * 100_000,
    ],
    ids=["ssh", "nothing", "a web page", "404", "500", "garbage"],
)
def test_not_docker(tmp_path: Path, answer: bytes) -> None:
    with listening(tmp_path / "s", answer) as address, pytest.raises(NotDocker):
        probe(address, timeout=2)


def test_a_port_where_nothing_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(NothingListens):
        probe(Address(f"tcp://127.0.0.1:{port}"))


def test_tls_where_there_is_none() -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    with pytest.raises(TLSProblem):
        probe(Address(f"tcp://127.0.0.1:{server.server_port}", tls=True), timeout=2)
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "url", ["", "docker", "tcp://", "tcp://host:port", "ftp://host", "npipe:////./pipe/docker"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(AddressUnusable):
        probe(Address(url))


def test_ssh_is_refused_with_a_way_out() -> None:
    with pytest.raises(AddressUnusable, match="tunnel"):
        probe(Address("ssh://somebody@somewhere"))


def test_every_problem_has_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    with pytest.raises(ConnectionProblem) as caught:
        probe(Address("unix:///nowhere.sock"))
    assert str(caught.value) == "There is no socket at unix:///nowhere.sock."


@pytest.mark.parametrize(("name", "advice"), [("docker", "usermod"), ("podman", "systemctl")])
def test_who_may_not_open_a_socket_is_told_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, advice: str
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    monkeypatch.setattr(socket.socket, "connect", refuse)  # root is refused nothing by the kernel
    with pytest.raises(SocketForbidden, match=advice):
        probe(Address(f"unix://{tmp_path}/{name}.sock"))

"""An engine that answers is found; a socket that is something else is not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer

from scripts.sockets import answering_engine, answers


class _Pong(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


class _NotFound(_Pong):
    status = 404


@contextmanager
def _listening(path: Path, handler: type[_Pong] = _Pong) -> Iterator[None]:
    with UnixStreamServer(str(path), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_an_answering_socket_is_an_engine(tmp_path: Path) -> None:
    with _listening(tmp_path / "docker.sock"):
        assert answers(tmp_path / "docker.sock")


def test_a_web_server_is_no_engine(tmp_path: Path) -> None:
    with _listening(tmp_path / "web.sock", _NotFound):
        assert not answers(tmp_path / "web.sock")


def test_no_socket_and_no_listener_are_no_engine(tmp_path: Path) -> None:
    assert not answers(tmp_path / "none.sock")
    (tmp_path / "file").write_text("not a socket")
    assert not answers(tmp_path / "file")


def test_the_named_engine_comes_first(tmp_path: Path) -> None:
    socket = tmp_path / "mine.sock"
    with _listening(socket):
        assert answering_engine({"DOCKER_HOST": f"unix://{socket}"}) == f"unix://{socket}"
    assert answering_engine({"DOCKER_HOST": "tcp://example:2376"}) == "tcp://example:2376"
